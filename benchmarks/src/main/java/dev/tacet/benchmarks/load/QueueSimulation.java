// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * One line before several servers (M/G/k, first come, first served): calls arrive as a Poisson process, and each takes one of the
 * measured service times, drawn by chance.
 */
final class QueueSimulation {
  private QueueSimulation() {}

  /**
   * Simulates calls and returns how long each was in the system, in nanoseconds, ascending.
   *
   * @param services measured service times in nanoseconds
   * @param servers calls served at the same time
   * @param perSecond rate of arrivals
   */
  static double[] sojourns(long[] services, int servers, double perSecond, int calls, Random random) {
    PriorityQueue<Double> free = new PriorityQueue<>();
    for (int i = 0; i < servers; i++) {
      free.add(0.0);
    }
    double now = 0;
    double[] sojourns = new double[calls];
    for (int i = 0; i < calls; i++) {
      now += -Math.log(1 - random.nextDouble()) / perSecond * 1e9;
      double start = Math.max(now, free.remove());
      double end = start + services[random.nextInt(services.length)];
      free.add(end);
      sojourns[i] = end - now;
    }
    Arrays.sort(sojourns);
    return sojourns;
  }
}
