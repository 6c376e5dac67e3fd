// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many values of a polynomial, beside those of the recurrence. */
class LocalPolynomialsTest {
  @ParameterizedTest
  @ValueSource(ints = {100, 127, 255, 511, 1023})
  void theyAreThoseOfTheRecurrence(int degree) {
    SplittableRandom random = new SplittableRandom(degree);
    double[] coefficients = random.doubles(degree + 1, -1, 1).toArray();
    double[] x = random.doubles(100L * degree, -1.001, 1.001).toArray();
    double[] ends = {0, -0.0, 0.866, -0.866, 0.8661, -0.8661, 1, -1, 1.001, Double.NaN, Double.POSITIVE_INFINITY};
    System.arraycopy(ends, 0, x, 0, ends.length);
    double[] expected = Arrays.stream(x).map(value -> Chebyshev.evaluate(coefficients, value)).toArray();
    LocalPolynomials local = LocalPolynomials.of(coefficients, x.length);
    assertNotNull(local);
    double[] actual = x.clone();
    local.evaluateAll(actual);
    double largest = Arrays.stream(coefficients).map(Math::abs).sum();
    for (int i = 0; i < x.length; i++) {
      assertEquals(expected[i], actual[i], 1e-9 * largest, "degree " + degree + ", x " + x[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 63, 99})
  void lowDegreesHaveNone(int degree) {
    assertNull(LocalPolynomials.of(new double[degree + 1], 1_000_000_000));
  }

  @ParameterizedTest
  @ValueSource(ints = {127, 1023})
  void fewValuesHaveNone(int degree) {
    assertNull(LocalPolynomials.of(new double[degree + 1], 99L * degree));
  }
}
