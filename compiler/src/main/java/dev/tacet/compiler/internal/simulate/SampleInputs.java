// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.simulate;

import dev.tacet.he.Program;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A sample row as the inputs of a program of the latency packing. */
public final class SampleInputs {
  private SampleInputs() {}

  /**
   * Packs a row.
   *
   * @param inputs one per input of the program that holds features
   * @return one array per input of the program, of a single period where its copies are alike; the encryption of zero, where the
   *     program takes one, is a zero
   */
  public static List<double[]> of(Program program, List<SignatureInput> inputs, double[] row) {
    List<double[]> packed = new ArrayList<>();
    int at = 0;
    for (SignatureInput input : inputs) {
      double[] all = input.pack(Arrays.copyOfRange(row, at, at + input.features()), program.parameters().slots());
      packed.add(input.copyShift() == 0 ? Arrays.copyOf(all, input.period()) : all);
      at += input.features();
    }
    if (packed.size() < program.inputTypes().size()) {
      packed.add(new double[1]);
    }
    return packed;
  }
}
