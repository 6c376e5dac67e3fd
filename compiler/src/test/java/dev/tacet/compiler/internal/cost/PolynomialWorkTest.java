// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts worked out by hand from the recursion: basis elements, then one for every sum of products. */
class PolynomialWorkTest {
  @ParameterizedTest
  @CsvSource({"1, false, 0", "2, true, 1", "3, false, 2", "7, false, 4", "63, false, 15", "62, true, 11", "127, false, 20", "510, true, 30"})
  void relinearizationsOfAChebyshevPolynomial(int degree, boolean even, int expected) {
    double[] coefficients = new double[degree + 1];
    for (int i = 0; i <= degree; i++) {
      coefficients[i] = i % 2 == 0 || !even || i == 1 ? 1 : 0;
    }
    assertEquals(expected, PolynomialWork.of(coefficients, true).relinearizations());
  }
}
