// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.emit.CoefficientEmission;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Program;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs a program of the coefficient packing in the clear on sample rows and compares with the model. */
final class CoefficientTrial {
  private static final int MAX_ROWS = 8;

  private CoefficientTrial() {}

  /**
   * Runs the program.
   *
   * @return the largest difference between the program's decrypted values and the exact model's, over some sample rows
   * @throws dev.tacet.he.AnswerCheckException if an answer fails a check of the client's
   */
  static double run(CoefficientEmission packed, SampleRows rows, AnswerMetric metric) {
    Program program = packed.emission().program();
    CoefficientLayout layout = new CoefficientLayout(packed.blocks(), program.parameters().ringDegree());
    CipherOutput output = packed.emission().outputs().get(0);
    int count = Math.min(MAX_ROWS, rows.data().size());
    double largest = 0;
    for (int k = 0; k < count; k++) {
      int r = (int) ((long) k * rows.data().size() / count);
      List<double[]> inputs = new ArrayList<>();
      int offset = 0;
      for (SignatureInput input : packed.emission().inputs()) {
        inputs.addAll(layout.pack(input, Arrays.copyOfRange(rows.data().get(r), offset, offset + input.features())));
        offset += input.features();
      }
      if (packed.privacy() != null) {
        inputs.add(new double[1]);
      }
      List<double[]> outputs = ReferenceEvaluator.run(program, inputs);
      double[] values = layout.unpack(output, outputs, new double[outputs.size()]);
      for (int i = 0; i < values.length; i++) {
        largest = Math.max(largest, Math.abs(values[i] - metric.exact(r)[i]));
      }
    }
    return largest;
  }
}
