// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import java.util.Arrays;

/**
 * Products of real matrices with many vectors in the clear, by the engine where there is one for the platform, else in Java, to the same
 * bits: a row's products are summed in the order of its entries, from 0, each rounded by itself, and added to what was there.
 *
 * <p>Vectors are interleaved: element {@code i} of vector {@code l} is number {@code i * lanes + l}.
 */
public final class ClearMatrix {
  private ClearMatrix() {}

  /**
   * Adds a matrix times vectors to {@code sums}.
   *
   * @param sums rows * lanes numbers
   * @param x columns * lanes numbers
   * @param lanes the vectors, a power of two
   * @param starts entries {@code starts[i] .. starts[i + 1] - 1} are those of row i; null for a dense matrix
   * @param positions the columns of the entries; null for a dense matrix
   * @param entries their values; of a dense matrix all, row by row
   * @throws IllegalArgumentException if the sizes do not fit
   */
  public static void multiplyAdd(double[] sums, double[] x, int lanes, int[] starts, int[] positions, double[] entries) {
    if (NativeLibrary.isAvailable()) {
      Engine.matrixProduct(sums, x, lanes, starts, positions, entries);
    } else {
      withoutEngine(sums, x, lanes, starts, positions, entries);
    }
  }

  static void withoutEngine(double[] sums, double[] x, int lanes, int[] starts, int[] positions, double[] entries) {
    double[] total = new double[lanes];
    int columns = x.length / lanes;
    for (int i = 0; i < sums.length / lanes; i++) {
      int from = starts == null ? i * columns : starts[i];
      int to = starts == null ? from + columns : starts[i + 1];
      Arrays.fill(total, 0);
      for (int at = from; at < to; at++) {
        add(total, x, (starts == null ? at - from : positions[at]) * lanes, entries[at]);
      }
      for (int l = 0; l < lanes; l++) {
        sums[i * lanes + l] += total[l];
      }
    }
  }

  private static void add(double[] total, double[] x, int from, double factor) {
    for (int l = 0; l < total.length; l++) {
      total[l] += factor * x[from + l];
    }
  }
}
