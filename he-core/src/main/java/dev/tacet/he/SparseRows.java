// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Diagonals} by the slot that they write, to be multiplied in the clear: the entries of a slot of the period stand together, in the
 * order of their diagonals.
 */
final class SparseRows {
  private final int period;
  private final int[] starts;
  private final int[] offsets;
  private final double[] values;
  private volatile Engine.SparseMap map; // for the engine; made when it is first wanted

  private SparseRows(int period, int[] starts, int[] offsets, double[] values) {
    this.period = period;
    this.starts = starts;
    this.offsets = offsets;
    this.values = values;
  }

  static SparseRows of(Diagonals diagonals) {
    List<Diagonals.Term> terms = diagonals.terms();
    int[] starts = new int[diagonals.period() + 1];
    terms.forEach(term -> term.forEach((slot, value) -> starts[slot + 1]++));
    for (int slot = 0; slot < diagonals.period(); slot++) {
      starts[slot + 1] += starts[slot];
    }
    int[] offsets = new int[starts[diagonals.period()]];
    double[] values = new double[offsets.length];
    int[] next = starts.clone();
    for (Diagonals.Term term : terms) {
      int offset = term.giant() + term.baby();
      term.forEach((slot, value) -> {
        offsets[next[slot]] = offset;
        values[next[slot]++] = value;
      });
    }
    return new SparseRows(diagonals.period(), starts, offsets, values);
  }

  /** Returns how long the product with so many interleaved rows is. */
  int lengthOf(double[] x, int rows) {
    return Math.max(x.length, period * rows);
  }

  /**
   * Writes the product with interleaved rows, whose number of slots is a power of two as the period is. Several rows are multiplied by the
   * engine; where there is none for the platform, here, to the same bits.
   *
   * @param z of the length {@link #lengthOf} says; what it held is overwritten
   */
  void product(double[] x, double[] z, int rows) {
    if (rows == 1) {
      for (int slot = 0; slot < z.length; slot++) {
        z[slot] = single(x, slot & (period - 1), slot, x.length - 1);
      }
    } else if (NativeLibrary.isAvailable()) {
      Engine.sparseProduct(z, x, rows, forEngine());
    } else {
      withoutEngine(z, x, rows);
    }
  }

  private Engine.SparseMap forEngine() {
    Engine.SparseMap made = map;
    if (made == null) {
      made = new Engine.SparseMap(starts, offsets, values);
      map = made;
    }
    return made;
  }

  void withoutEngine(double[] z, double[] x, int rows) {
    for (int slot = 0; slot < z.length / rows; slot++) {
      int row = slot & (period - 1);
      Arrays.fill(z, slot * rows, (slot + 1) * rows, 0);
      for (int at = starts[row]; at < starts[row + 1]; at++) {
        int from = ((slot + offsets[at]) * rows) & (x.length - 1);
        for (int r = 0; r < rows; r++) {
          z[slot * rows + r] += values[at] * x[from + r];
        }
      }
    }
  }

  private double single(double[] x, int row, int slot, int mask) {
    double sum = 0;
    for (int at = starts[row]; at < starts[row + 1]; at++) {
      sum += values[at] * x[(slot + offsets[at]) & mask];
    }
    return sum;
  }
}
