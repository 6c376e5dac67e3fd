// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.he.Diagonals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The ways to write one map's shifts in steps ({@link StepSplit}) that may be the cheapest: what they count does not depend on
 * parameters, so they are found once for each map, and predicted times choose among them.
 */
public final class StepSearch {
  /** All widths up to this, and powers of two above it, are tried. */
  private static final int MAX_WIDTH = 64;

  private static final int[] LEADS = {0, 1, 2, 3, 4, 5, 6, 8};

  /** Blocks are tried whose distinct distances from multiples are at most this part of the block. */
  private static final double MOST_OF_BLOCK = 0.75;

  private static final int SMALLEST_BLOCK = 16;

  /** In blocks, more steps than this and half of the diagonals are not looked at. */
  private static final int USUAL_STEPS = 16;

  /** Splits with equal counts that are kept: they need other keys. */
  private static final int ALIKE = 4;

  private final DiagonalMap map;
  private final List<Candidate> candidates;

  /** How many diagonals, baby steps and giant steps a split has, and which steps need keys. */
  private record Counts(int products, int babies, int giants) {
    boolean beats(Counts other) {
      return products <= other.products && babies <= other.babies && giants <= other.giants && !equals(other);
    }
  }

  private record Candidate(StepSplit split, Counts counts, int[] keys) {
    double cost(StepCosts costs, Set<Integer> there, double priceOfKey) {
      int missing = split.pair() != 0 && !there.contains(StepSplit.CONJUGATION) ? 1 : 0;
      for (int key : keys) {
        missing += there.contains(key) ? 0 : 1;
      }
      return costs.transform(counts.products, counts.babies, counts.giants, split.pair() != 0) + missing * priceOfKey;
    }
  }

  private StepSearch(DiagonalMap map, List<Candidate> candidates) {
    this.map = map;
    this.candidates = candidates;
  }

  /** Finds the candidates of a map. */
  public static StepSearch of(DiagonalMap map) {
    return new StepSearch(map, new Enumeration(map).run());
  }

  /**
   * Returns the map's diagonals as a constant with the steps that are predicted to be cheapest, and adds these to the keys.
   *
   * @param matrix the matrix whose entries they hold; null for an outline, which has the same steps and one entry a diagonal
   * @param costs what steps cost here
   * @param pairs whether giant steps may be paired, where the ring allows it
   * @param keys steps whose keys are there already
   * @param keyPrice how many times their usual price keys cost
   */
  public Diagonals cheapest(Matrix matrix, StepCosts costs, boolean pairs, Set<Integer> keys, double keyPrice) {
    Candidate best = null;
    double least = Double.POSITIVE_INFINITY;
    for (Candidate candidate : candidates) {
      if (candidate.split.pair() != 0 && !(pairs && costs.pairs())) {
        continue;
      }
      double cost = candidate.cost(costs, keys, keyPrice * costs.newKey());
      if (cost < least) {
        best = candidate;
        least = cost;
      }
    }
    return best.split.apply(map, matrix, keys);
  }

  /** Tries all splits and keeps, of those with and without pairs, the ones that no other beats in all counts. */
  private static final class Enumeration {
    private final int[] shifts;
    private final int period;
    private final boolean[] present;
    private final int[] giantOf;
    private final int[] babyOf;
    private final int offset;
    private final int[] seen;
    private int stamp;
    private final Map<Counts, List<Candidate>> single = new HashMap<>();
    private final Map<Counts, List<Candidate>> paired = new HashMap<>();

    Enumeration(DiagonalMap map) {
      shifts = map.shifts();
      period = map.shiftPeriod();
      present = new boolean[period];
      for (int shift : shifts) {
        present[shift] = true;
      }
      giantOf = new int[period];
      babyOf = new int[period];
      offset = 2 * period + MAX_WIDTH;
      seen = new int[2 * offset + 1];
    }

    List<Candidate> run() {
      List<Integer> pairs = usualPairs();
      for (boolean centered : new boolean[] {false, true}) {
        for (int width = 1; width <= period; width += width < MAX_WIDTH ? 1 : width) {
          for (int lead : LEADS) {
            if (lead == 0 || lead < width && centered) {
              tryPairs(0, false, width, lead, centered, pairs);
            }
          }
        }
      }
      for (int block = SMALLEST_BLOCK; block < period; block *= 2) {
        if (distances(block) <= MOST_OF_BLOCK * block) {
          for (int width = 1; width <= Math.min(MAX_WIDTH, block); width++) {
            for (int lead : LEADS) {
              if (lead < width) {
                tryPairs(block, true, width, lead, false, List.of(block));
                tryPairs(block, false, width, lead, false, List.of(block));
              }
            }
          }
        }
      }
      List<Candidate> result = new ArrayList<>(unbeaten(single));
      result.addAll(unbeaten(paired));
      return result;
    }

    /** The distances, powers of two, that pair the most shifts: two of them. */
    private List<Integer> usualPairs() {
      TreeSet<Integer> best = new TreeSet<>((a, b) -> {
        int order = Integer.compare(pairs(b), pairs(a));
        return order != 0 ? order : Integer.compare(b, a);
      });
      for (int distance = 1; distance < period; distance *= 2) {
        best.add(distance);
      }
      return best.stream().limit(2).toList();
    }

    private int pairs(int distance) {
      boolean[] second = new boolean[period];
      int count = 0;
      for (int shift : shifts) {
        int other = shift + distance & period - 1;
        if (!second[shift] && present[other] && !second[other]) {
          second[other] = true;
          count++;
        }
      }
      return count;
    }

    /** How many distinct distances from the nearest multiple of a block there are. */
    private int distances(int block) {
      stamp++;
      int count = 0;
      for (int shift : shifts) {
        count += isFirst(shift & block - 1) ? 1 : 0;
      }
      return count;
    }

    /** Whether a step is met for the first time since the stamp was changed. */
    private boolean isFirst(int step) {
      boolean first = seen[step + offset] != stamp;
      seen[step + offset] = stamp;
      return first;
    }

    private void tryPairs(int block, boolean blocksInBabies, int width, int lead, boolean centered, List<Integer> pairs) {
      Steps steps = steps(new StepSplit(block, blocksInBabies, width, lead, centered, false, 0));
      if (block != 0 && steps.babies.length + steps.giants.size() > shifts.length / 2 + USUAL_STEPS) {
        return;
      }
      consider(steps, 0);
      Set<Integer> distances = new TreeSet<>(pairs);
      distances.add(width);
      for (int pair : distances) {
        if (pair < period) {
          consider(pair == block && blocksInBabies
              ? steps(new StepSplit(block, true, width, lead, centered, false, pair)) : steps, pair);
        }
      }
    }

    /** The steps of a split without pairs, or with blocks in pairs. */
    private record Steps(StepSplit split, int[] babies, SortedSet<Integer> giants) {}

    private Steps steps(StepSplit split) {
      stamp++;
      int[] babies = new int[shifts.length];
      int count = 0;
      for (int shift : shifts) {
        giantOf[shift] = split.giant(shift, period);
        babyOf[shift] = split.baby(shift, period);
        if (babyOf[shift] != 0 && isFirst(babyOf[shift])) {
          babies[count++] = babyOf[shift];
        }
      }
      stamp++;
      SortedSet<Integer> giants = new TreeSet<>();
      for (int shift : shifts) {
        if (isFirst(giantOf[shift])) {
          giants.add(giantOf[shift]);
        }
      }
      return new Steps(split, Arrays.copyOf(babies, count), giants);
    }

    /** Adds the split, as it is and with missing giant steps filled in, as far as nothing seen beats it. */
    private void consider(Steps steps, int pair) {
      SortedSet<Integer> first = new TreeSet<>();
      for (int giant : steps.giants) {
        if (pair == 0 || !first.contains(giant - pair)) {
          first.add(giant);
        }
      }
      int products = shifts.length;
      if (pair != 0) {
        for (int shift : shifts) {
          int other = shift - pair & period - 1;
          boolean one = present[other] && giantOf[other] == giantOf[shift] - pair && babyOf[other] == babyOf[shift];
          products -= one && !first.contains(giantOf[shift]) ? 1 : 0;
        }
        if (products == shifts.length) {
          return;
        }
      }
      SortedSet<Integer> distances = new TreeSet<>();
      int giants = 0;
      int before = 0;
      for (int giant : first) {
        distances.add(giant - before);
        giants += giant != before ? 1 : 0;
        before = giant;
      }
      add(steps, pair, false, new Counts(products, steps.babies.length, giants), distances);
      int missing = StepSplit.missingCount(first);
      if (missing > 0 && (steps.split.block() == 0 || missing <= first.size())) {
        SortedSet<Integer> equal = new TreeSet<>(Set.of(StepSplit.distance(first)));
        if (first.first() < 0) {
          equal.add(first.first());
        }
        add(steps, pair, true, new Counts(products + missing, steps.babies.length, giants + missing), equal);
      }
    }

    private void add(Steps steps, int pair, boolean filled, Counts counts, SortedSet<Integer> distances) {
      List<Candidate> alike = (pair == 0 ? single : paired).computeIfAbsent(counts, key -> new ArrayList<>());
      Set<Integer> keys = new TreeSet<>(distances);
      Arrays.stream(steps.babies).forEach(keys::add);
      keys.add(pair);
      keys.remove(0);
      StepSplit split = steps.split;
      Candidate candidate = new Candidate(
          new StepSplit(split.block(), split.blocksInBabies(), split.width(), split.lead(), split.centered(), filled, pair), counts,
          keys.stream().mapToInt(Integer::intValue).toArray());
      alike.add(candidate);
      alike.sort((a, b) -> Integer.compare(a.keys.length, b.keys.length));  // stable: the first one found stays first
      if (alike.size() > ALIKE) {
        alike.remove(ALIKE);
      }
    }

    /** Those that no other beats in counts and in the number of keys. */
    private static List<Candidate> unbeaten(Map<Counts, List<Candidate>> all) {
      List<Candidate> result = new ArrayList<>();
      all.values().stream().flatMap(List::stream).sorted((a, b) -> Integer.compare(a.keys.length, b.keys.length)).forEach(candidate -> {
        if (result.stream().noneMatch(fewer -> fewer.counts.beats(candidate.counts))) {
          result.add(candidate);
        }
      });
      return result;
    }
  }
}
