// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.Random;

/** One line before several servers (M/G/k, first come, first served): each call takes one of the measured service times, drawn by chance. */
final class QueueSimulation {
  private QueueSimulation() {}

  /** Returns the arrivals of a Poisson process in nanoseconds after its start, ascending, the first at 0. */
  static long[] poisson(double perSecond, double seconds, Random random) {
    long[] arrivals = new long[(int) (perSecond * seconds * 1.5) + 100];
    int count = 0;
    for (double at = 0; at < seconds * 1e9; at += -Math.log(1 - random.nextDouble()) / perSecond * 1e9) {
      arrivals = count < arrivals.length ? arrivals : Arrays.copyOf(arrivals, 2 * count);
      arrivals[count++] = (long) at;
    }
    return Arrays.copyOf(arrivals, count);
  }

  /**
   * Simulates calls and returns how long each was in the system, in nanoseconds, ascending.
   *
   * @param services measured service times in nanoseconds
   * @param servers calls served at the same time
   * @param arrivals when calls come, in nanoseconds, ascending
   */
  static double[] sojourns(long[] services, int servers, long[] arrivals, Random random) {
    PriorityQueue<Double> free = new PriorityQueue<>();
    for (int i = 0; i < servers; i++) {
      free.add(0.0);
    }
    double[] sojourns = new double[arrivals.length];
    for (int i = 0; i < arrivals.length; i++) {
      double start = Math.max(arrivals[i], free.remove());
      double end = start + services[random.nextInt(services.length)];
      free.add(end);
      sojourns[i] = end - arrivals[i];
    }
    Arrays.sort(sojourns);
    return sojourns;
  }
}
