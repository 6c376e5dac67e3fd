// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QueueSimulationTest {
  private static final int CALLS = 400_000;

  private static long[] exponential(double mean, Random random) {
    return random.doubles(100_000).mapToLong(u -> (long) (-Math.log(1 - u) * mean)).toArray();
  }

  private static double[] sojourns(long[] services, int servers, double perSecond, Random random) {
    return QueueSimulation.sojourns(services, servers, QueueSimulation.poisson(perSecond, CALLS / perSecond, random), random);
  }

  @Test
  void arrivalsComeAsOftenAsAskedAndAscend() {
    long[] arrivals = QueueSimulation.poisson(700, 1000, new Random(6));
    assertEquals(700_000, arrivals.length, 5 * Math.sqrt(700_000));
    long[] sorted = arrivals.clone();
    Arrays.sort(sorted);
    assertArrayEquals(sorted, arrivals);
    assertTrue(arrivals[0] == 0 && arrivals[arrivals.length - 1] < 1000_000_000_000L);
  }

  /** M/M/1: the sojourn time is exponential with rate mu - lambda. */
  @Test
  void oneServerWithExponentialTimesIsAsTheFormulaSays() {
    Random random = new Random(7);
    double[] sojourns = sojourns(exponential(1e6, random), 1, 700, random);
    double mean = Arrays.stream(sojourns).average().orElseThrow();
    assertEquals(1e9 / (1000 - 700), mean, 0.05e9 / 300);
    assertEquals(-Math.log(0.01) * 1e9 / 300, sojourns[(int) (0.99 * sojourns.length)], 0.1 * -Math.log(0.01) * 1e9 / 300);
  }

  /** M/D/1 (Pollaczek and Khinchine): mean wait rho / (2 mu (1 - rho)). */
  @Test
  void constantTimesWaitHalfAsLong() {
    double[] sojourns = sojourns(new long[] {1_000_000}, 1, 700, new Random(8));
    double wait = Arrays.stream(sojourns).average().orElseThrow() - 1e6;
    assertEquals(0.7 / (2 * 1000 * 0.3) * 1e9, wait, 0.05 * 0.7 / 600 * 1e9);
  }

  /** M/M/2 (Erlang C): at rho = 0.7 a call waits with probability 0.5765, for 1 / (2 mu - lambda) then. */
  @Test
  void twoServersShareOneLine() {
    Random random = new Random(9);
    double[] sojourns = sojourns(exponential(1e6, random), 2, 1400, random);
    double wait = Arrays.stream(sojourns).average().orElseThrow() - 1e6;
    assertEquals(0.5765 / 600 * 1e9, wait, 0.06 * 0.5765 / 600 * 1e9);
  }
}
