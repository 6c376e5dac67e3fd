// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * p(x) = sum c_i T_i(t) with t = (x - center) / halfWidth: a polynomial on the interval [low, high].
 *
 * @param low lower end; t = -1
 * @param high upper end, above {@code low}; t = 1
 * @param coefficients c_0 to c_degree
 */
public record ChebyshevSeries(double low, double high, double[] coefficients) {
  /** Checks the interval and the coefficients. */
  public ChebyshevSeries {
    if (!(low < high) || Double.isInfinite(high - low)) {
      throw new IllegalArgumentException("the interval " + low + " to " + high + " is empty or not finite");
    }
    if (coefficients.length == 0 || Arrays.stream(coefficients).anyMatch(c -> !Double.isFinite(c))) {
      throw new IllegalArgumentException("a series of " + coefficients.length + " coefficients is empty or not finite");
    }
    coefficients = coefficients.clone();
  }

  /** Length of the series less one. */
  public int degree() {
    return coefficients.length - 1;
  }

  /** The middle of the interval. */
  public double center() {
    return low + (high - low) / 2;
  }

  /** Half of the interval's length. */
  public double halfWidth() {
    return (high - low) / 2;
  }

  @Override
  public double[] coefficients() {
    return coefficients.clone();
  }

  /** Levels that its evaluation costs: ceil(log2(degree + 1)); 0 for a constant. */
  public int depth() {
    return degree() == 0 ? 0 : 32 - Integer.numberOfLeadingZeros(degree());
  }

  /** p(x), by Clenshaw's recurrence; x may lie outside the interval, where p grows fast. */
  public double at(double x) {
    double t = (x - center()) / halfWidth();
    double b1 = 0;
    double b2 = 0;
    for (int i = coefficients.length - 1; i > 0; i--) {
      double b0 = coefficients[i] + 2 * t * b1 - b2;
      b2 = b1;
      b1 = b0;
    }
    return coefficients[0] + t * b1 - b2;
  }

  /** The largest |p - f| on {@code points} Chebyshev points of the interval and its ends. */
  public double errorAgainst(DoubleUnaryOperator f, int points) {
    double worst = 0;
    for (int i = 0; i < points; i++) {
      double x = center() + halfWidth() * Math.cos(Math.PI * i / (points - 1));
      worst = Math.max(worst, Math.abs(at(x) - f.applyAsDouble(x)));
    }
    return worst;
  }

  /**
   * A bound on |p| over the interval: sum |c_i|. Intermediate T_i stay in [-1, 1], so this also bounds every partial sum.
   */
  public double bound() {
    return Arrays.stream(coefficients).map(Math::abs).sum();
  }
}
