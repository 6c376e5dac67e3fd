// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.Matrix;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A matrix between two slot maps as generalized diagonals: z[j] = sum over the shifts d of diagonal_d[j mod period] * x[j + d]; where
 * {@code fold} is above 1 the product is the sum of z rotated by the first {@code fold} multiples of the result's period.
 *
 * @param period the period of the diagonals
 * @param fold a power of two
 * @param shiftPeriod shifts that are equal modulo this number read the same slots
 * @param diagonals by shift, each of one period; none is zero
 */
public record DiagonalMap(int period, int fold, int shiftPeriod, SortedMap<Integer, double[]> diagonals) {
  /**
   * Lays a matrix out between vectors that repeat with their periods.
   *
   * <p>Where the result's period q is the shorter one, slots that are equal modulo q compute different columns of one row, so that q
   * diagonals are enough.
   */
  public static DiagonalMap between(Matrix matrix, SlotMap in, SlotMap out) {
    int p = in.period();
    int q = out.period();
    int period = Math.max(p, q);
    int least = Math.min(p, q);
    SortedMap<Integer, double[]> diagonals = new TreeMap<>();
    matrix.forEach((row, column, value) -> {
      int shift = Math.floorMod(in.slot(column) - out.slot(row), least);
      double[] diagonal = diagonals.computeIfAbsent(shift, key -> new double[period]);
      if (q < p) {
        diagonal[Math.floorMod(in.slot(column) - shift, p)] = value;
      } else {
        diagonal[out.slot(row)] = value;
      }
    });
    return new DiagonalMap(period, Math.max(1, p / q), p, diagonals);
  }

  /**
   * Lays a matrix out where copy k of the operand is rotated by k times a distance s: slot k p + i holds what slot i + k s mod p of a
   * period p holds else. Then s diagonals are enough: a copy computes the columns that the others cannot reach.
   *
   * @param shift s = q / c, for c copies and the result's period q
   * @param slots all slots, at least c p
   */
  public static DiagonalMap fromShiftedCopies(Matrix matrix, SlotMap in, int shift, SlotMap out, int slots) {
    int p = in.period();
    int q = out.period();
    SortedMap<Integer, double[]> diagonals = new TreeMap<>();
    matrix.forEach((row, column, value) -> {
      int distance = Math.floorMod(in.slot(column) - out.slot(row), q);
      int copy = distance / shift;
      int d = distance - copy * shift;
      int slot = copy * p + Math.floorMod(in.slot(column) - copy * shift, p);
      diagonals.computeIfAbsent(d, key -> new double[slots])[Math.floorMod(slot - d, slots)] = value;
    });
    return new DiagonalMap(slots, slots / q, slots, diagonals);
  }
}
