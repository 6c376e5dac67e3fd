// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.he.Diagonals;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How shifts are written as giant plus baby step: baby = (shift + lead) mod width - lead. The cheapest of all widths and of some
 * leads, by predicted time and by the keys that no earlier transform needs.
 *
 * @param width the distance of the giant steps
 * @param lead the largest size of a negative baby step
 * @param centered whether shifts are taken between minus and plus half of their period, else from 0 on
 * @param cost predicted nanoseconds, new keys priced in
 */
public record StepSplit(int width, int lead, boolean centered, double cost) {
  /** All widths up to this, and powers of two above it, are tried. */
  private static final int MAX_WIDTH = 64;

  private static final int[] LEADS = {0, 1, 2, 3, 4, 5, 6, 8};

  /**
   * Searches.
   *
   * @param map the diagonals
   * @param costs what steps cost here
   * @param keys steps whose keys are there already
   */
  public static StepSplit cheapest(DiagonalMap map, StepCosts costs, Set<Integer> keys) {
    StepSplit best = null;
    for (boolean centered : new boolean[] {false, true}) {
      List<Integer> shifts = new ArrayList<>();
      map.diagonals().keySet().forEach(shift -> shifts.add(place(shift, map.shiftPeriod(), centered)));
      for (int width = 1; width <= map.shiftPeriod(); width += width < MAX_WIDTH ? 1 : width) {
        for (int lead : LEADS) {
          if (lead == 0 || lead < width && centered) {
            double cost = cost(shifts, width, lead, costs, keys);
            if (best == null || cost < best.cost) {
              best = new StepSplit(width, lead, centered, cost);
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

  private static double cost(List<Integer> shifts, int width, int lead, StepCosts costs, Set<Integer> keys) {
    Set<Integer> babies = new HashSet<>();
    SortedSet<Integer> giants = new TreeSet<>();
    for (int shift : shifts) {
      int baby = Math.floorMod(shift + lead, width) - lead;
      babies.add(baby);
      giants.add(shift - baby);
    }
    Set<Integer> needed = new HashSet<>(babies);
    int rotations = 0;
    int before = 0;
    for (int giant : giants) {
      needed.add(giant - before);
      rotations += giant == before ? 0 : 1;
      before = giant;
    }
    needed.remove(0);
    needed.removeAll(keys);
    babies.remove(0);
    return costs.transform(shifts.size(), babies.size(), rotations) + needed.size() * costs.newKey();
  }

  /** Returns the map's diagonals as a constant, and adds the steps that it needs to the keys. */
  public Diagonals apply(DiagonalMap map, Set<Integer> keys) {
    List<Diagonals.Term> terms = new ArrayList<>();
    for (Map.Entry<Integer, double[]> diagonal : map.diagonals().entrySet()) {
      int shift = place(diagonal.getKey(), map.shiftPeriod(), centered);
      int baby = Math.floorMod(shift + lead, width) - lead;
      double[] all = diagonal.getValue();
      int count = 0;
      for (double value : all) {
        count += value != 0 ? 1 : 0;
      }
      int[] slots = new int[count];
      double[] values = new double[count];
      int at = 0;
      for (int j = 0; j < all.length; j++) {
        if (all[j] != 0) {
          slots[at] = j;
          values[at++] = all[j];
        }
      }
      terms.add(new Diagonals.Term(shift - baby, baby, slots, values));
    }
    terms.sort(Comparator.comparingInt(Diagonals.Term::giant).thenComparingInt(Diagonals.Term::baby));
    Diagonals result = new Diagonals(map.period(), terms);
    keys.addAll(result.rotations());
    return result;
  }
}
