// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.InterleavedEvaluator;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs the emitted program in the clear on sample rows and compares with the model: the proof that the passes are right. */
final class ProgramTrial {
  private static final int MAX_ROWS = 24;

  private ProgramTrial() {}

  /**
   * Runs the program.
   *
   * @return the largest difference between the program's decrypted values and the exact model's, over some sample rows
   * @throws dev.tacet.compiler.UncompilableModelException if a sample row is beyond a guard's bound
   * @throws AnswerCheckException if a structural zero is not zero
   */
  static double run(Emission emission, Network network, SampleRows rows, AnswerMetric metric) {
    int slots = emission.program().parameters().slots();
    int count = Math.min(MAX_ROWS, rows.data().size());
    int together = Math.min(count, emission.inputs().get(0).rows());
    InterleavedEvaluator evaluator = new InterleavedEvaluator(emission.program());
    double largest = 0;
    for (int k = 0; k < count; k += together) {
      int[] numbers = new int[Math.min(together, count - k)];
      for (int r = 0; r < numbers.length; r++) {
        numbers[r] = (int) ((long) (k + r) * rows.data().size() / count);
      }
      List<double[]> outputs = evaluator.run(packed(emission, numbers, rows.data()), null, null);
      for (CipherOutput output : emission.outputs()) {
        for (int r = 0; r < numbers.length; r++) {
          double[] values = unpack(output, r, output.slotsOf(outputs.get(output.programOutput()), slots), numbers[r]);
          for (int i = 0; i < values.length; i++) {
            largest = Math.max(largest, Math.abs(values[i] - metric.exact(numbers[r])[i]));
          }
        }
      }
    }
    return largest;
  }

  private static double[] unpack(CipherOutput output, int place, double[] slots, int row) {
    try {
      return output.unpack(place, slots, null, 0);
    } catch (AnswerCheckException e) {
      throw output.kind().guards() ? Feasibility.sampleRow(output, row) : e;
    }
  }

  /** The inputs of a run with these rows side by side. */
  private static List<double[]> packed(Emission emission, int[] numbers, List<double[]> data) {
    List<double[]> inputs = new ArrayList<>();
    int offset = 0;
    for (SignatureInput input : emission.inputs()) {
      double[][] parts = new double[numbers.length][];
      for (int r = 0; r < parts.length; r++) {
        parts[r] = Arrays.copyOfRange(data.get(numbers[r]), offset, offset + input.features());
      }
      inputs.add(input.pack(parts, emission.program().parameters().slots()));
      offset += input.features();
    }
    if (emission.privacy() != null) {
      inputs.add(new double[1]);
    }
    return inputs;
  }
}
