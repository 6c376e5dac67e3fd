// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How many fresh rows go farther than a limit, by those that were seen. */
final class RowReachTest {
  private static double[] exponential(SplittableRandom random, int rows) {
    return random.doubles(rows).map(u -> 0.3 - 0.1 * Math.log(1 - u)).toArray();
  }

  @ParameterizedTest(name = "{0} rows, beyond {1}")
  @CsvSource({"60, 0.6", "60, 0.8", "200, 0.6", "200, 0.9", "400, 0.7"})
  void anExponentialTailIsFoundFromFewRows(int rows, double limit) {
    double right = Math.exp((0.3 - limit) / 0.1);
    double sum = 0;
    int tooFew = 0;
    for (int seed = 0; seed < 200; seed++) {
      double found = new RowReach(exponential(new SplittableRandom(seed), rows)).beyond(limit);
      sum += found / 200;
      tooFew += found < right / 2 ? 1 : 0;
    }
    assertTrue(sum > right && sum < 6 * right, sum + " for " + right);
    assertTrue(tooFew < 20, tooFew + " of 200 are below the half");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 60})
  void equalRowsGoNoFartherAndNearLimitsLoseAll(int rows) {
    double[] equal = new double[rows];
    Arrays.fill(equal, 0.4);
    assertEquals(0, new RowReach(equal).beyond(0.5));
    assertEquals(1, new RowReach(equal).beyond(0.4));
    assertEquals(1, new RowReach(equal).beyond(0.1));
  }
}
