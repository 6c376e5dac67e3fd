// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.he.BatchLayout;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RowPacking;
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
  private static final int MAX_CHUNK = 512;

  /** Runs every row. */
  public static Simulation run(ModelArtifact artifact, Rows rows, ClearModel clearModel, LongConsumer step) {
    Signature signature = artifact.signature();
    OutputTable outputs = new OutputTable();
    ClampedRows inside = ClampedRows.of(signature, rows);
    OutputTable clear = clearModel.run(rows.values());
    boolean[] undecided = new boolean[rows.count()];
    boolean batches = signature.packing() == RowPacking.THROUGHPUT;
    int together = batches ? Math.min(MAX_CHUNK, signature.rowsPerRequest(artifact.parameters())) : 1;
    for (int start = 0; start < rows.count(); start += together) {
      double[][] chunk = Arrays.copyOfRange(inside.values(), start, Math.min(rows.count(), start + together));
      List<double[]> slots = ReferenceEvaluator.run(artifact.program(), batches ? columns(artifact, chunk) : packed(artifact, chunk[0]));
      for (int r = 0; r < chunk.length; r++) {
        Postprocessing.Result result = finish(artifact, slots, r);
        outputs.add(Answers.row(result.outputs()));
        undecided[start + r] = !result.undecided().isEmpty();
      }
      step.accept(start + chunk.length);
    }
    Comparison comparison =
        Comparison.of(outputs, inside.clear(clearModel, clear), undecided, Comparison.kindOf(signature));
    return new Simulation(outputs, clear, comparison, inside.moved());
  }

  private static List<double[]> packed(ModelArtifact artifact, double[] row) {
    List<double[]> packed = new ArrayList<>();
    int at = 0;
    for (SignatureInput input : artifact.signature().inputs()) {
      double[] part = Arrays.copyOfRange(row, at, at + input.features());
      if (inCoefficients(artifact)) {
        packed.addAll(CoefficientLayout.of(artifact.signature(), artifact.parameters()).pack(input, part));
      } else {
        packed.add(input.pack(part, artifact.parameters().slots()));
      }
      at += input.features();
    }
    return packed;
  }

  private static boolean inCoefficients(ModelArtifact artifact) {
    return artifact.signature().packing() == RowPacking.COEFFICIENT;
  }

  /** One period of each element's slots, a row a slot. */
  private static List<double[]> columns(ModelArtifact artifact, double[][] rows) {
    BatchLayout layout = new BatchLayout(artifact.signature(), artifact.parameters());
    List<double[]> columns = new ArrayList<>();
    for (int i = 0; i < artifact.signature().inputs().size(); i++) {
      for (int f = 0; f < artifact.signature().inputs().get(i).features(); f++) {
        columns.add(Arrays.copyOf(layout.element(i, f, rows), Integer.highestOneBit(Math.max(1, 2 * rows.length - 1))));
      }
    }
    return columns;
  }

  /** The outputs of the row in this slot, or of the only row. */
  private static Postprocessing.Result finish(ModelArtifact artifact, List<double[]> slots, int slot) {
    Signature signature = artifact.signature();
    boolean batches = signature.packing() == RowPacking.THROUGHPUT;
    int[] start = new int[signature.cipherOutputs().size() + 1];
    for (CipherOutput output : signature.cipherOutputs()) {
      start[output.programOutput() + 1] = signature.ciphertexts(output);
    }
    Arrays.parallelPrefix(start, Integer::sum);
    Map<String, double[]> values = new HashMap<>();
    Map<String, Double> errors = new HashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        int at = start[output.programOutput()];
        double[] factor = output.factor();
        double[] offset = output.offset();
        double[] value = inCoefficients(artifact)
            ? CoefficientLayout.of(signature, artifact.parameters()).unpack(output, slots, new double[slots.size()])
            : new double[output.count()];
        for (int i = 0; !inCoefficients(artifact) && i < value.length; i++) {
          value[i] = factor[i] * (batches ? slots.get(at + i)[slot] : slots.get(at)[i]) + offset[i];
        }
        values.put(output.name(), value);
        errors.put(output.name(), output.errorBound());
      }
    }
    return signature.tail().run(values, errors);
  }
}
