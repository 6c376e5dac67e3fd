// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.Matrix;
import java.util.Arrays;

/**
 * Where a matrix between two slot maps has its entries as generalized diagonals: z[j] = sum over the shifts d of
 * diagonal_d[j mod period] * x[j + d]; where {@code fold} is above 1 the product is the sum of z rotated by the first {@code fold}
 * multiples of the result's period.
 *
 * <p>The places follow from which entries are not zero: one map serves a matrix in all its scalings, and costs, keys and noise are
 * counted from it alone. {@link #values} makes the diagonals of one scaling.
 */
public final class DiagonalMap {
  private final SlotMap in;
  private final SlotMap out;
  private final int copyShift;
  private final int period;
  private final int fold;
  private final int shiftPeriod;
  private final int[] shifts;
  private StepSearch splits;

  private DiagonalMap(Matrix matrix, SlotMap in, SlotMap out, int copyShift, int period, int shiftPeriod) {
    this.in = in;
    this.out = out;
    this.copyShift = copyShift;
    this.period = period;
    this.fold = Math.max(1, period / out.period());
    this.shiftPeriod = shiftPeriod;
    boolean[] found = new boolean[copyShift > 0 ? copyShift : Math.min(in.period(), out.period())];
    matrix.forEach((row, column, value) -> found[shift(row, column)] = true);
    int count = 0;
    int[] all = new int[found.length];
    for (int shift = 0; shift < found.length; shift++) {
      if (found[shift]) {
        all[count++] = shift;
      }
    }
    this.shifts = Arrays.copyOf(all, count);
  }

  /**
   * Lays a matrix out between vectors that repeat with their periods.
   *
   * <p>Where the result's period q is the shorter one, slots that are equal modulo q compute different columns of one row, so that q
   * diagonals are enough.
   */
  public static DiagonalMap between(Matrix matrix, SlotMap in, SlotMap out) {
    return new DiagonalMap(matrix, in, out, 0, Math.max(in.period(), out.period()), in.period());
  }

  /**
   * Lays a matrix out where copy k of the operand is rotated by k times a distance s: slot k p + i holds what slot i + k s mod p of a
   * period p holds else. Then s diagonals are enough: a copy computes the columns that the others cannot reach.
   *
   * @param shift s = q / c, for c copies and the result's period q
   * @param slots all slots, at least c p
   */
  public static DiagonalMap fromShiftedCopies(Matrix matrix, SlotMap in, int shift, SlotMap out, int slots) {
    return new DiagonalMap(matrix, in, out, shift, slots, slots);
  }

  /** Returns the period of the diagonals. */
  public int period() {
    return period;
  }

  /** Returns over how many rotations the result is summed, a power of two. */
  public int fold() {
    return fold;
  }

  /** Returns the number modulo which shifts that are equal read the same slots. */
  public int shiftPeriod() {
    return shiftPeriod;
  }

  /** Returns the number of diagonals. */
  public int size() {
    return shifts.length;
  }

  /** Returns the ways to evaluate the map by rotations, which are found once. */
  public synchronized StepSearch splits() {
    if (splits == null) {
      splits = StepSearch.of(this);
    }
    return splits;
  }

  /** Returns the shifts of the diagonals, ascending. */
  public int[] shifts() {
    return shifts.clone();
  }

  /**
   * Returns the diagonals, in the order of their shifts, each of one period.
   *
   * @param matrix the matrix that the map was made for, its entries scaled
   */
  double[][] values(Matrix matrix) {
    double[][] result = new double[shifts.length][period];
    int[] index = new int[shifts.length == 0 ? 0 : shifts[shifts.length - 1] + 1];
    for (int k = 0; k < shifts.length; k++) {
      index[shifts[k]] = k;
    }
    matrix.forEach((row, column, value) -> {
      int shift = shift(row, column);
      result[index[shift]][slot(row, column, shift)] = value;
    });
    return result;
  }

  /** Periods and copy shifts are powers of two: a mask takes a number modulo them. */
  private int shift(int row, int column) {
    return in.slot(column) - out.slot(row) & (copyShift > 0 ? copyShift : Math.min(in.period(), out.period())) - 1;
  }

  private int slot(int row, int column, int shift) {
    if (copyShift == 0) {
      return out.period() < in.period() ? in.slot(column) - shift & in.period() - 1 : out.slot(row);
    }
    int copy = (in.slot(column) - out.slot(row) & out.period() - 1) / copyShift;
    int slot = copy * in.period() + (in.slot(column) - copy * copyShift & in.period() - 1);
    return slot - shift & period - 1;
  }
}
