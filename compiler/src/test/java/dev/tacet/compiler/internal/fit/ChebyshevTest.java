// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Fits against known approximation errors. */
class ChebyshevTest {
  private static double largestError(double[] coefficients, java.util.function.DoubleUnaryOperator f) {
    double largest = 0;
    for (int i = 0; i <= 2000; i++) {
      double x = i / 1000.0 - 1;
      largest = Math.max(largest, Math.abs(Chebyshev.evaluate(coefficients, x) - f.applyAsDouble(x)));
    }
    return largest;
  }

  @Test
  void manyValuesAtOnceAreThoseOfOneAfterTheOther() {
    SplittableRandom random = new SplittableRandom(31);
    for (int degree : new int[] {0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 127, 255}) {
      double[] coefficients = random.doubles(degree + 1, -1, 1).toArray();
      double[] x = random.doubles(300, -1.1, 1.1).toArray();
      double[] expected = Arrays.stream(x).map(value -> Chebyshev.evaluate(coefficients, value)).toArray();
      Chebyshev.evaluateAll(coefficients, x);
      assertArrayEquals(expected, x);
    }
  }

  @Test
  void interpolationOfAPolynomialOfTheSameDegreeIsExact() {
    double[] coefficients = Chebyshev.interpolate(x -> 3 * x * x * x - x + 2, 3);
    assertEquals(0, largestError(coefficients, x -> 3 * x * x * x - x + 2), 1e-14);
  }

  @Test
  void minimaxOfTheAbsoluteValueApproachesBernsteinsConstant() {
    double[] values = Arrays.stream(Chebyshev.grid()).map(Math::abs).toArray();
    for (int degree : new int[] {8, 16, 30}) {
      double error = largestError(Chebyshev.minimax(values, degree, 1), Math::abs);
      assertEquals(0.2801694990 / degree, error, 0.12 * 0.28 / degree, "degree " + degree);
    }
  }

  @Test
  void tanhOnFiveNeedsDegree31ForAThousandth() {
    double[] values = Arrays.stream(Chebyshev.grid()).map(u -> Math.tanh(5 * u)).toArray();
    assertTrue(largestError(Chebyshev.minimax(values, 31, 1), u -> Math.tanh(5 * u)) < 1e-3);
    assertTrue(largestError(Chebyshev.minimax(values, 15, 1), u -> Math.tanh(5 * u)) > 1e-3);
  }

  @Test
  void weightsMoveTheErrorAwayFromWhereTheyAreLarge() {
    double[] grid = Chebyshev.grid();
    double[] values = Arrays.stream(grid).map(u -> Math.max(u, 0)).toArray();
    double[] weights = Arrays.stream(grid).map(u -> u > 0.5 ? 1 : 1e-3).toArray();
    double[] coefficients = Chebyshev.leastSquares(values, weights, 7, 1);
    assertTrue(Math.abs(Chebyshev.evaluate(coefficients, 0.75) - 0.75) < 1e-3);
  }

  /** What the best fit leaves has no part, by the weights, in any polynomial of its degree. */
  @Test
  void whatLeastSquaresLeavesIsOrthogonalToThePolynomialsOfItsDegree() {
    SplittableRandom random = new SplittableRandom(7);
    double[] grid = Chebyshev.grid();
    double[] values = Arrays.stream(grid).map(u -> Math.max(0, Math.min(0.6, u + 0.1))).toArray();
    double[] weights = Arrays.stream(grid).map(u -> random.nextDouble(0.02, 1)).toArray();
    for (int degree : new int[] {3, 31, 127, 511}) {
      double[] coefficients = Chebyshev.leastSquares(values, weights, degree, 1);
      double[] part = new double[degree + 1];
      for (int i = 0; i < grid.length; i++) {
        double left = weights[i] * (values[i] - Chebyshev.evaluate(coefficients, grid[i]));
        for (int k = 0; k <= degree; k++) {
          part[k] += left * Math.cos(k * Math.acos(grid[i]));
        }
      }
      assertEquals(0, Arrays.stream(part).map(Math::abs).max().orElse(0), 1e-7, "degree " + degree);
    }
  }

  @Test
  void slopesAreThoseOfTheDerivative() {
    double[] x = {-0.9, -0.2, 0, 0.35, 1};
    double[] slopes = Chebyshev.slopes(Chebyshev.interpolate(u -> u * u * u - u, 3), x);
    assertArrayEquals(Arrays.stream(x).map(u -> 3 * u * u - 1).toArray(), slopes, 1e-8);
  }

  @Test
  void anEvenFitHasNoOddCoefficientsAndIsAsGoodForAnEvenFunction() {
    double[] grid = Chebyshev.grid();
    double[] values = java.util.Arrays.stream(grid).map(Math::abs).toArray();
    double[] weights = new double[grid.length];
    java.util.Arrays.fill(weights, 1);
    double[] even = Chebyshev.leastSquares(values, weights, 31, 2);
    double[] all = Chebyshev.leastSquares(values, weights, 31, 1);
    assertEquals(31, even.length);
    for (int i = 0; i < even.length; i++) {
      assertEquals(i % 2 == 0 ? all[i] : 0, even[i], 1e-9);
    }
  }
}
