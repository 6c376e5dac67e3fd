// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QueueSimulationTest {
  private static final int CALLS = 400_000;

  private static long[] exponential(double mean, Random random) {
    return random.doubles(100_000).mapToLong(u -> (long) (-Math.log(1 - u) * mean)).toArray();
  }

  /** M/M/1: the sojourn time is exponential with rate mu - lambda. */
  @Test
  void oneServerWithExponentialTimesIsAsTheFormulaSays() {
    Random random = new Random(7);
    double[] sojourns = QueueSimulation.sojourns(exponential(1e6, random), 1, 700, CALLS, random);
    double mean = Arrays.stream(sojourns).average().orElseThrow();
    assertEquals(1e9 / (1000 - 700), mean, 0.05e9 / 300);
    assertEquals(-Math.log(0.01) * 1e9 / 300, sojourns[(int) (0.99 * CALLS)], 0.1 * -Math.log(0.01) * 1e9 / 300);
  }

  /** M/D/1 (Pollaczek and Khinchine): mean wait rho / (2 mu (1 - rho)). */
  @Test
  void constantTimesWaitHalfAsLong() {
    double[] sojourns = QueueSimulation.sojourns(new long[] {1_000_000}, 1, 700, CALLS, new Random(8));
    double wait = Arrays.stream(sojourns).average().orElseThrow() - 1e6;
    assertEquals(0.7 / (2 * 1000 * 0.3) * 1e9, wait, 0.05 * 0.7 / 600 * 1e9);
  }

  /** M/M/2 (Erlang C): at rho = 0.7 a call waits with probability 0.5765, for 1 / (2 mu - lambda) then. */
  @Test
  void twoServersShareOneLine() {
    Random random = new Random(9);
    double[] sojourns = QueueSimulation.sojourns(exponential(1e6, random), 2, 1400, CALLS, random);
    double wait = Arrays.stream(sojourns).average().orElseThrow() - 1e6;
    assertEquals(0.5765 / 600 * 1e9, wait, 0.06 * 0.5765 / 600 * 1e9);
  }
}
