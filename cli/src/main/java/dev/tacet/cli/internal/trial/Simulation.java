// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.TailOp;
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
  public static Simulation run(ModelArtifact artifact, Rows rows, OutputTable clear, LongConsumer step) {
    Signature signature = artifact.signature();
    OutputTable outputs = new OutputTable();
    List<Integer> clamped = new ArrayList<>();
    boolean[] undecided = new boolean[rows.count()];
    for (int r = 0; r < rows.count(); r++) {
      double[] row = rows.values()[r];
      List<double[]> packed = new ArrayList<>();
      boolean moved = false;
      int at = 0;
      for (SignatureInput input : signature.inputs()) {
        double[] part = Arrays.copyOfRange(row, at, at + input.features());
        double[] inside = input.clamp(part);
        moved |= !Arrays.equals(part, inside);
        packed.add(input.pack(inside, artifact.parameters().slots()));
        at += input.features();
      }
      if (moved) {
        clamped.add(r);
      }
      Postprocessing.Result result = finish(signature, ReferenceEvaluator.run(artifact.program(), packed));
      outputs.add(Answers.row(result.outputs()));
      undecided[r] = !result.undecided().isEmpty();
      step.accept(r + 1);
    }
    boolean probability = signature.tail().nodes().stream().anyMatch(node -> node.op() == TailOp.SIGMOID);
    return new Simulation(
        outputs, clear, Comparison.of(outputs, clear, undecided, Comparison.kindOf(clear, probability)), clamped);
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
