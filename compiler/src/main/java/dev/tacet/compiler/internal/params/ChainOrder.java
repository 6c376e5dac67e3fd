// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts the scale primes on levels so that scales inside polynomials stay close to 2^logScale.
 *
 * <p>T_2k = 2 * T_k^2 - 1 has the scale of T_k squared over the prime of its level, so a prime's distance from 2^logScale doubles
 * with every step that follows. A linear form starts anew from the exact scale: the primes that are farthest away go there, and
 * inside a polynomial each level takes the prime that brings the scale back best.
 */
final class ChainOrder {
  /** The bits by which a scale inside a polynomial may leave 2^logScale: so many bits of precision it can cost. */
  private static final double MAX_DRIFT = 0.75;

  private final double[] distance;
  private final boolean[] taken;
  private final List<int[]> polynomials = new ArrayList<>();

  private ChainOrder(Plan plan, long[] primes, int logScale) {
    distance = new double[primes.length];
    taken = new boolean[primes.length];
    for (int i = 0; i < primes.length; i++) {
      distance[i] = Math.log(primes[i]) / Math.log(2) - logScale;
    }
    for (Node.Activation activation : plan.fitted().network().activations()) {
      ActivationFit fit = plan.fitted().fits().get(activation.id());
      int end = plan.levels().total() - plan.levels().depth()[activation.id()];
      if (!fit.isSquare()) {
        polynomials.add(new int[] {end + fit.depth(), end + 2});
      }
    }
  }

  /**
   * Orders the primes.
   *
   * @param primes prime i is for level i + 1
   * @return the same primes in another order; null if a scale would drift too far in any order tried
   */
  static long[] of(Plan plan, long[] primes, int logScale) {
    return new ChainOrder(plan, primes, logScale).run(primes);
  }

  private long[] run(long[] primes) {
    int[] place = new int[primes.length];
    java.util.Arrays.fill(place, -1);
    double[] drift = new double[polynomials.size()];
    double largest = 0;
    for (int level = primes.length; level >= 1; level--) {
      List<Integer> active = active(level);
      if (active.isEmpty()) {
        continue;
      }
      int best = -1;
      double bestDrift = Double.POSITIVE_INFINITY;
      for (int i = 0; i < primes.length; i++) {
        double worst = 0;
        for (int p : active) {
          worst = Math.max(worst, Math.abs(2 * drift[p] - distance[i]));
        }
        if (!taken[i] && worst < bestDrift) {
          best = i;
          bestDrift = worst;
        }
      }
      taken[best] = true;
      place[level - 1] = best;
      for (int p : active) {
        drift[p] = 2 * drift[p] - distance[best];
      }
      largest = Math.max(largest, bestDrift);
    }
    if (largest > MAX_DRIFT) {
      return null;
    }
    long[] result = new long[primes.length];
    int free = 0;
    for (int level = 1; level <= primes.length; level++) {
      if (place[level - 1] < 0) {
        while (taken[free]) {
          free++;
        }
        place[level - 1] = free;
        taken[free] = true;
      }
      result[level - 1] = primes[place[level - 1]];
    }
    return result;
  }

  /** The polynomials that square a Chebyshev polynomial at a level. */
  private List<Integer> active(int level) {
    List<Integer> result = new ArrayList<>();
    for (int p = 0; p < polynomials.size(); p++) {
      if (level <= polynomials.get(p)[0] && level >= polynomials.get(p)[1]) {
        result.add(p);
      }
    }
    return result;
  }
}
