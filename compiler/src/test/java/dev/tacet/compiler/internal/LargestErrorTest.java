// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What few errors say of the largest of many. */
class LargestErrorTest {
  private static final int GROUP = 1000;

  private static double[] draw(long seed, int count, ToDoubleFunction<SplittableRandom> one) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] errors = new double[count];
    Arrays.setAll(errors, i -> one.applyAsDouble(random));
    return errors;
  }

  private static double exponential(SplittableRandom random) {
    return -Math.log(1 - random.nextDouble());
  }

  private static double normal(SplittableRandom random) {
    return Math.abs(random.nextGaussian());
  }

  /** The median of the largest of 1,000: ln(1000 / ln 2) where they are exponential, 3.4 deviations where they are normal. */
  @ParameterizedTest(name = "{0} errors, seed {1}")
  @CsvSource({"180, 1", "180, 2", "600, 3", "1000, 4", "3000, 5", "100000, 6"})
  void itIsThatOfTheDistributionWithinAThird(int count, long seed) {
    assertEquals(Math.log(GROUP / Math.log(2)), LargestError.of(draw(seed, count, LargestErrorTest::exponential), GROUP), 0.33 * 7.27);
    assertEquals(3.4, LargestError.of(draw(seed, count, LargestErrorTest::normal), GROUP), 0.33 * 3.4);
  }

  /** Over many draws of 180 it is right on average, where the largest of the 180 is 1.7 too small. */
  @Test
  void itHasNoBiasWhereErrorsAreFew() {
    double sum = 0;
    for (int seed = 0; seed < 500; seed++) {
      sum += LargestError.of(draw(seed, 180, LargestErrorTest::exponential), GROUP) / 500;
    }
    assertEquals(Math.log(GROUP / Math.log(2)), sum, 0.4);
  }

  @Test
  void fewerThanAGroupNeverHaveLessThanTheirLargest() {
    double[] errors = new double[100];
    errors[17] = 5;
    assertTrue(LargestError.of(errors, GROUP) >= 5);
  }

  @Test
  void oneErrorAndNoneAreNoTrouble() {
    assertTrue(LargestError.of(new double[] {2}, GROUP) >= 2);
    assertEquals(0, LargestError.of(new double[50], GROUP));
    assertEquals(0, LargestError.of(new double[20_000], GROUP));
  }
}
