// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * A compiled program run in the clear on every row.
 *
 * @param outputs what the program gives, postprocessed
 * @param clearOutputs what onnxruntime gives
 * @param comparison of both
 * @param clamped rows with a feature moved to its bound
 */
public record Simulation(OutputTable outputs, OutputTable clearOutputs, Comparison comparison, List<Integer> clamped) {
  /** Runs every row. */
  public static Simulation run(ModelArtifact artifact, Rows rows, ClearModel clearModel, LongConsumer step) {
    Signature signature = artifact.signature();
    OutputTable outputs = new OutputTable();
    ClampedRows inside = ClampedRows.of(signature, rows);
    OutputTable clear = clearModel.run(rows.values());
    boolean[] undecided = new boolean[rows.count()];
    for (int r = 0; r < rows.count(); r++) {
      double[] row = inside.values()[r];
      List<double[]> packed = new ArrayList<>();
      int at = 0;
      for (SignatureInput input : signature.inputs()) {
        packed.add(input.pack(Arrays.copyOfRange(row, at, at + input.features()), artifact.parameters().slots()));
        at += input.features();
      }
      Postprocessing.Result result = finish(signature, ReferenceEvaluator.run(artifact.program(), packed));
      outputs.add(Answers.row(result.outputs()));
      undecided[r] = !result.undecided().isEmpty();
      step.accept(r + 1);
    }
    Comparison comparison =
        Comparison.of(outputs, inside.clear(clearModel, clear), undecided, Comparison.kindOf(signature));
    return new Simulation(outputs, clear, comparison, inside.moved());
  }

  private static Postprocessing.Result finish(Signature signature, List<double[]> slots) {
    Map<String, double[]> values = new HashMap<>();
    Map<String, Double> errors = new HashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        double[] raw = slots.get(output.programOutput());
        double[] value = new double[output.count()];
        for (int i = 0; i < value.length; i++) {
          value[i] = output.factor()[i] * raw[i] + output.offset()[i];
        }
        values.put(output.name(), value);
        errors.put(output.name(), output.errorBound());
      }
    }
    return signature.tail().run(values, errors);
  }
}
