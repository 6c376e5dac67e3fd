// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Arrays;
import java.util.List;

/**
 * {@link Diagonals} by the slot that they write, to be multiplied in the clear: the entries of a slot of the period stand together, in the
 * order of their diagonals.
 */
final class SparseRows {
  /** Entries that are multiplied in one pass over the rows. */
  private static final int TOGETHER = 4;

  private final int period;
  private final int[] starts;
  private final int[] offsets;
  private final double[] values;

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

  /** Returns the product with interleaved rows, whose number of slots is a power of two as the period is. */
  double[] product(double[] x, int rows) {
    double[] z = new double[Math.max(x.length, period * rows)];
    double[] sum = new double[rows];
    int mask = x.length - 1;
    for (int slot = 0; slot < z.length / rows; slot++) {
      int row = slot & (period - 1);
      if (rows == 1) {
        z[slot] = single(x, row, slot, mask);
      } else if (starts[row + 1] > starts[row]) {
        Arrays.fill(sum, 0);
        int at = starts[row];
        for (; at + TOGETHER <= starts[row + 1]; at += TOGETHER) {
          addFour(sum, x, at, slot, rows, mask);
        }
        for (; at < starts[row + 1]; at++) {
          int from = ((slot + offsets[at]) * rows) & mask;
          double value = values[at];
          for (int r = 0; r < sum.length; r++) {
            sum[r] += value * x[from + r];
          }
        }
        System.arraycopy(sum, 0, z, slot * rows, rows);
      }
    }
    return z;
  }

  private double single(double[] x, int row, int slot, int mask) {
    double sum = 0;
    for (int at = starts[row]; at < starts[row + 1]; at++) {
      sum += values[at] * x[(slot + offsets[at]) & mask];
    }
    return sum;
  }

  private void addFour(double[] sum, double[] x, int at, int slot, int rows, int mask) {
    int p0 = ((slot + offsets[at]) * rows) & mask;
    int p1 = ((slot + offsets[at + 1]) * rows) & mask;
    int p2 = ((slot + offsets[at + 2]) * rows) & mask;
    int p3 = ((slot + offsets[at + 3]) * rows) & mask;
    double v0 = values[at];
    double v1 = values[at + 1];
    double v2 = values[at + 2];
    double v3 = values[at + 3];
    for (int r = 0; r < sum.length; r++) {
      sum[r] = sum[r] + v0 * x[p0 + r] + v1 * x[p1 + r] + v2 * x[p2 + r] + v3 * x[p3 + r];
    }
  }
}
