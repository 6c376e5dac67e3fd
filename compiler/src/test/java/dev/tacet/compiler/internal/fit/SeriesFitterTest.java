// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeriesFitterTest {
  private static final DoubleUnaryOperator RELU = x -> Math.max(x, 0);

  @Test
  @DisplayName("a polynomial of the degree asked for is found exactly, with and without a sample")
  void polynomialsAreExact() {
    DoubleUnaryOperator cubic = x -> 1 - 2 * x + 0.5 * x * x * x;
    double[] sample = new Random(3).doubles(500, -1, 2).toArray();
    for (double[] values : new double[][] {{}, sample}) {
      ChebyshevSeries fit = SeriesFitter.fit(cubic, -1, 4, 3, values);
      assertTrue(fit.errorAgainst(cubic, 999) < 1e-11, "error " + fit.errorAgainst(cubic, 999));
    }
  }

  @ParameterizedTest(name = "{0} at degree {1} on +-{2} errs by at most {3}")
  @CsvSource({"tanh,31,8,3e-2", "tanh,63,8,1e-3", "sigmoid,31,12,3e-3", "sigmoid,63,12,1e-5", "relu,63,1,6e-3"})
  void errorsAreThoseOfTheTheory(String name, int degree, double reach, double bound) {
    DoubleUnaryOperator f =
        switch (name) {
          case "tanh" -> Math::tanh;
          case "sigmoid" -> x -> 1 / (1 + Math.exp(-x));
          default -> RELU;
        };
    ChebyshevSeries fit = SeriesFitter.fit(f, -reach, reach, degree, new double[0]);
    double error = fit.errorAgainst(f, 5001);
    assertTrue(error <= bound, "error " + error);
  }

  @Test
  @DisplayName("where the sample is dense the error is smaller than without a sample")
  void theSampleDrawsTheErrorAway() {
    double[] sample = new Random(1).doubles(2000, 0.1, 0.5).toArray();
    ChebyshevSeries plain = SeriesFitter.fit(RELU, -1, 1, 15, new double[0]);
    ChebyshevSeries drawn = SeriesFitter.fit(RELU, -1, 1, 15, sample);
    assertTrue(meanSquare(drawn, sample) < 0.5 * meanSquare(plain, sample));
    assertTrue(drawn.errorAgainst(RELU, 2001) < 4 * plain.errorAgainst(RELU, 2001), "and it stays bounded elsewhere");
  }

  @Test
  @DisplayName("depth is ceil(log2(degree + 1)), center and half width are those of the interval")
  void shape() {
    ChebyshevSeries series = new ChebyshevSeries(-1, 3, new double[] {1, 0.5, 0, 0, 0, 0, 0, 0.25});
    assertEquals(3, series.depth());
    assertEquals(1, series.center());
    assertEquals(2, series.halfWidth());
    assertEquals(1.75, series.at(3), 1e-15);
    assertEquals(0.25, series.at(-1), 1e-15);
    assertEquals(1.75, series.bound());
    assertArrayEquals(new double[] {1}, new ChebyshevSeries(0, 1, new double[] {1}).coefficients());
    assertEquals(4, new ChebyshevSeries(0, 1, new double[9]).depth());
  }

  @Test
  @DisplayName("an empty interval and a function that is not finite are refused with their numbers")
  void refusals() {
    assertThrows(IllegalArgumentException.class, () -> new ChebyshevSeries(1, 1, new double[] {0}));
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class, () -> SeriesFitter.fit(x -> Math.log(x), -1, 1, 7, new double[0]));
    assertTrue(wrong.getMessage().contains("inside the interval -1.0 to 1.0"), wrong.getMessage());
  }

  private static double meanSquare(ChebyshevSeries series, double[] sample) {
    double sum = 0;
    for (double x : sample) {
      sum += Math.pow(series.at(x) - RELU.applyAsDouble(x), 2);
    }
    return sum / sample.length;
  }
}
