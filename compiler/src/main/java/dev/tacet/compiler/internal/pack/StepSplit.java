// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.he.Diagonals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How shifts are written as giant plus baby step: baby = (shift + lead) mod width - lead. In blocks, that is done with a shift's
 * distance from the nearest multiple of the block, and the multiple goes to the baby or to the giant step.
 *
 * <p>Horner's rule turns sums by the distance of neighbouring giant steps. Where giant steps are missing, distances differ and each
 * takes a key; filled in with diagonals of zeros, all are turned by one key, and far rotations are composed of near ones.
 *
 * @param block a power of two; 0 without blocks
 * @param blocksInBabies whether multiples of the block are baby steps; of a pair of neighbours, the second one's is a giant step
 * @param width the distance of the giant steps
 * @param lead the largest size of a negative baby step in a block
 * @param centered without blocks, whether shifts are taken between minus and plus half of their period, else from 0 on
 * @param filled whether missing giant steps are filled in, from 0 on where none is negative
 * @param pair how far giant steps lie apart that are evaluated as one ({@link Diagonals#pair}); 0 where none are
 */
record StepSplit(int block, boolean blocksInBabies, int width, int lead, boolean centered, boolean filled, int pair) {
  /** Stands for conjugation among the steps that have keys. */
  static final int CONJUGATION = Integer.MIN_VALUE;

  /** Returns the giant step of a shift of a period; the rest of the shift, modulo the period, is its baby step. */
  int giant(int shift, int period) {
    if (block == 0) {
      return Math.floorDiv(placed(shift, period) + lead, width) * width;
    }
    int number = number(shift, period);
    int inBlock = Math.floorDiv(fromBlock(shift) + lead, width) * width;
    return inBlock + (number - inBabies(number)) * block;
  }

  /** Returns the baby step of a shift of a period. */
  int baby(int shift, int period) {
    if (block == 0) {
      return Math.floorMod(placed(shift, period) + lead, width) - lead;
    }
    return Math.floorMod(fromBlock(shift) + lead, width) - lead + inBabies(number(shift, period)) * block;
  }

  private int placed(int shift, int period) {
    return centered && shift > period / 2 ? shift - period : shift;
  }

  /** The distance from the nearest multiple of the block. */
  private int fromBlock(int shift) {
    return Math.floorMod(shift + block / 2, block) - block / 2;
  }

  private int number(int shift, int period) {
    return (shift + block / 2) / block & period / block - 1;
  }

  private int inBabies(int number) {
    return !blocksInBabies ? 0 : pair == block ? number & ~1 : number;
  }

  /**
   * Returns the map's diagonals as a constant, and adds the steps that it needs to the keys.
   *
   * @param matrix the matrix whose entries they hold; null for an outline, which has the same steps and one entry a diagonal
   */
  Diagonals apply(DiagonalMap map, Matrix matrix, Set<Integer> keys) {
    double[][] diagonals = matrix == null ? null : map.values(matrix);
    List<Diagonals.Term> terms = new ArrayList<>();
    int[] shifts = map.shifts();
    for (int k = 0; k < shifts.length; k++) {
      int giant = giant(shifts[k], map.shiftPeriod());
      int baby = baby(shifts[k], map.shiftPeriod());
      terms.add(diagonals == null ? new Diagonals.Term(giant, baby, new int[1], new double[1]) : term(giant, baby, diagonals[k]));
    }
    Comparator<Diagonals.Term> order = Comparator.comparingInt(Diagonals.Term::giant).thenComparingInt(Diagonals.Term::baby);
    terms.sort(order);
    Diagonals result = new Diagonals(map.period(), pair, terms);
    if (filled) {
      int baby = terms.get(0).baby();
      for (int giant : missing(result.firstGiantSteps())) {
        terms.add(new Diagonals.Term(giant, baby, new int[1], new double[1]));
      }
      terms.sort(order);
      result = new Diagonals(map.period(), pair, terms);
    }
    keys.addAll(result.rotations());
    if (pair != 0) {
      keys.add(CONJUGATION);
    }
    return result;
  }

  /** Returns the giant steps between the first one, or 0 if that is positive, and the last one that are missing for equal distances. */
  static SortedSet<Integer> missing(SortedSet<Integer> giants) {
    int distance = distance(giants);
    SortedSet<Integer> result = new TreeSet<>();
    if (distance > 0) {
      for (int giant = Math.min(giants.first(), 0) + distance; giant < giants.last(); giant += distance) {
        if (!giants.contains(giant)) {
          result.add(giant);
        }
      }
    }
    return result;
  }

  /** Returns how many {@link #missing} has. */
  static int missingCount(SortedSet<Integer> giants) {
    int distance = distance(giants);
    int start = Math.min(giants.first(), 0);
    return distance == 0 ? 0 : (giants.last() - start) / distance - giants.size() + (giants.first() == start ? 1 : 0);
  }

  /** The greatest common divisor of the distances of neighbouring giant steps, the first from 0 where it is positive; 0 without any. */
  static int distance(SortedSet<Integer> giants) {
    int before = Math.min(giants.first(), 0);
    int distance = 0;
    for (int giant : giants) {
      for (int rest = giant - before; rest != 0; ) {
        int next = distance % rest;
        distance = rest;
        rest = next;
      }
      before = giant;
    }
    return distance;
  }

  /** A diagonal without its zeros; at least one entry, since scaling may have brought all to zero. */
  private static Diagonals.Term term(int giant, int baby, double[] all) {
    int[] slots = new int[all.length];
    double[] values = new double[all.length];
    int count = 0;
    for (int j = 0; j < all.length; j++) {
      if (all[j] != 0) {
        slots[count] = j;
        values[count++] = all[j];
      }
    }
    int kept = Math.max(1, count);
    return new Diagonals.Term(giant, baby, Arrays.copyOf(slots, kept), Arrays.copyOf(values, kept));
  }
}
