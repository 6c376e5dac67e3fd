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
 * How shifts are written as giant plus baby step: baby = (shift + lead) mod width - lead. The cheapest of all widths and of some
 * leads, by predicted time and by the keys that no earlier transform needs.
 *
 * <p>Horner's rule turns sums by the distance of neighbouring giant steps. Where giant steps are missing, distances differ and each
 * takes a key; filled in with diagonals of zeros, all are turned by one key, and far rotations are composed of near ones.
 *
 * @param width the distance of the giant steps
 * @param lead the largest size of a negative baby step
 * @param centered whether shifts are taken between minus and plus half of their period, else from 0 on
 * @param filled whether missing giant steps are filled in, from 0 on where none is negative
 * @param cost predicted nanoseconds, new keys priced in
 */
public record StepSplit(int width, int lead, boolean centered, boolean filled, double cost) {
  /** All widths up to this, and powers of two above it, are tried. */
  private static final int MAX_WIDTH = 64;

  private static final int[] LEADS = {0, 1, 2, 3, 4, 5, 6, 8};

  /**
   * Searches.
   *
   * @param map the diagonals
   * @param costs what steps cost here
   * @param keys steps whose keys are there already
   * @param keyPrice how many times their usual price keys cost
   */
  public static StepSplit cheapest(DiagonalMap map, StepCosts costs, Set<Integer> keys, double keyPrice) {
    StepSplit best = null;
    for (boolean centered : new boolean[] {false, true}) {
      Search search = new Search(placed(map, centered), map.shiftPeriod(), costs, keyPrice, keys);
      for (int width = 1; width <= map.shiftPeriod(); width += width < MAX_WIDTH ? 1 : width) {
        for (int lead : LEADS) {
          if (lead == 0 || lead < width && centered) {
            search.count(width, lead);
            for (boolean filled : new boolean[] {false, true}) {
              double cost = search.cost(filled);
              if (best == null || cost < best.cost) {
                best = new StepSplit(width, lead, centered, filled, cost);
              }
            }
          }
        }
      }
    }
    return best;
  }

  private static int place(int shift, int period, boolean centered) {
    return centered && shift > period / 2 ? shift - period : shift;
  }

  /** All shifts of a map, ascending. */
  private static int[] placed(DiagonalMap map, boolean centered) {
    return Arrays.stream(map.shifts()).map(shift -> place(shift, map.shiftPeriod(), centered)).sorted().toArray();
  }

  /** Counts the steps and new keys of splits of the same shifts. */
  private static final class Search {
    private final int[] shifts;
    private final StepCosts costs;
    private final double priceOfKey;
    private final int offset;
    private final boolean[] keys;
    private final int[] seen;
    private int stamp;
    private int babies;
    private int giants;
    private int newKeys;
    private int filledGiants;
    private int filledKeys;

    Search(int[] shifts, int period, StepCosts costs, double keyPrice, Set<Integer> keys) {
      this.shifts = shifts;
      this.costs = costs;
      this.priceOfKey = keyPrice * costs.newKey();
      this.offset = 2 * period;
      this.keys = new boolean[2 * offset + 1];
      this.seen = new int[2 * offset + 1];
      keys.stream().filter(step -> Math.abs(step) <= offset).forEach(step -> this.keys[step + offset] = true);
      this.keys[offset] = true;  // the step 0 needs none
    }

    /** Whether a step is met for the first time since the stamp was changed. */
    private boolean isFirst(int step) {
      boolean first = seen[step + offset] != stamp;
      seen[step + offset] = stamp;
      return first;
    }

    private int keyOf(int step) {
      return keys[step + offset] ? 0 : 1;
    }

    void count(int width, int lead) {
      stamp++;
      babies = 0;
      newKeys = 0;
      for (int shift : shifts) {
        int baby = Math.floorMod(shift + lead, width) - lead;
        if (isFirst(baby)) {
          babies += baby == 0 ? 0 : 1;
          newKeys += keyOf(baby);
        }
      }
      filledKeys = newKeys;
      giants = 0;
      filledGiants = 0;
      boolean turned = false;
      int before = 0;
      for (int shift : shifts) {
        int giant = Math.floorDiv(shift + lead, width) * width;  // ascends with the shift
        if (giant == before) {
          continue;
        }
        int distance = giant - before;
        giants++;
        newKeys += isFirst(distance) ? keyOf(distance) : 0;
        if (distance < 0) {  // the first giant step, which is turned to 0 at once
          filledGiants++;
          filledKeys += keyOf(distance);
        } else {
          filledGiants += distance / width;
          turned = true;
        }
        before = giant;
      }
      filledKeys += turned ? keyOf(width) : 0;
    }

    double cost(boolean filled) {
      return costs.transform(shifts.length + (filled ? filledGiants - giants : 0), babies, filled ? filledGiants : giants)
          + (filled ? filledKeys : newKeys) * priceOfKey;
    }
  }

  /**
   * Returns the map's diagonals as a constant, and adds the steps that it needs to the keys.
   *
   * @param matrix the matrix whose entries they hold; null for an outline, which has the same steps and one entry a diagonal
   */
  public Diagonals apply(DiagonalMap map, Matrix matrix, Set<Integer> keys) {
    double[][] diagonals = matrix == null ? null : map.values(matrix);
    List<Diagonals.Term> terms = new ArrayList<>();
    int[] shifts = map.shifts();
    for (int k = 0; k < shifts.length; k++) {
      int shift = place(shifts[k], map.shiftPeriod(), centered);
      int baby = Math.floorMod(shift + lead, width) - lead;
      terms.add(diagonals == null ? new Diagonals.Term(shift - baby, baby, new int[1], new double[1])
          : term(shift - baby, baby, diagonals[k]));
    }
    if (filled) {
      fill(terms);
    }
    terms.sort(Comparator.comparingInt(Diagonals.Term::giant).thenComparingInt(Diagonals.Term::baby));
    Diagonals result = new Diagonals(map.period(), terms);
    keys.addAll(result.rotations());
    return result;
  }

  /** Adds a diagonal of zeros for each giant step that is missing: from the first one on, or from 0 on if that is positive. */
  private void fill(List<Diagonals.Term> terms) {
    SortedSet<Integer> giants = new TreeSet<>();
    terms.forEach(term -> giants.add(term.giant()));
    int baby = terms.get(0).baby();
    for (int giant = Math.min(giants.first(), 0) + (giants.first() < 0 ? 0 : width); giant < giants.last(); giant += width) {
      if (!giants.contains(giant)) {
        terms.add(new Diagonals.Term(giant, baby, new int[1], new double[1]));
      }
    }
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
