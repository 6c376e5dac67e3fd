// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import java.util.Arrays;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;

/**
 * A polynomial of high degree in the Chebyshev basis, for many values: one of degree 7 on each of many short intervals, which takes as long
 * whatever the degree is. Clenshaw's recurrence takes a step for each coefficient.
 *
 * <p>At x = cos t a polynomial of degree d is no steeper than a wave of d periods in t, so an interval of width w sees a wave of
 * w d / sin t radians. With four intervals for each degree that is at most 1 where |x| &lt;= {@link #WITHIN}, and interpolation at eight
 * Chebyshev nodes errs by less than 1 / (2^15 8!) = 8e-10 of the largest value of |p|. Beyond, the recurrence runs as before.
 */
final class LocalPolynomials {
  /** The part of [-1, 1] that the intervals serve: sin t is at least a half. */
  private static final double WITHIN = 0.866;

  private static final int NODES = 8;

  private static final int INTERVALS_OF_DEGREE = 4;

  /** Below this degree the recurrence is as fast. */
  private static final int LEAST_DEGREE = 100;

  /** Values of each degree for which the intervals pay: they are made from 32 values of each by the recurrence. */
  private static final long VALUES_OF_DEGREE = 100;

  /** Values at the nodes of [-1, 1] to coefficients of the powers. */
  private static final double[][] POWERS = powers();

  private final double[] coefficients;
  private final int intervals;
  private final double[] local;

  private LocalPolynomials(double[] coefficients) {
    this.coefficients = coefficients;
    intervals = INTERVALS_OF_DEGREE * (coefficients.length - 1);
    double[] x = new double[intervals * NODES];
    for (int i = 0; i < intervals; i++) {
      for (int k = 0; k < NODES; k++) {
        x[i * NODES + k] = (2 * i + 1 + node(k)) / intervals - 1;
      }
    }
    Chebyshev.evaluateAll(coefficients, x);
    local = new double[x.length];
    for (int i = 0; i < x.length; i += NODES) {
      for (int power = 0; power < NODES; power++) {
        for (int k = 0; k < NODES; k++) {
          local[i + power] += POWERS[power][k] * x[i + k];
        }
      }
    }
  }

  /** Returns the intervals' polynomials, or null where so few values are not worth them. */
  static LocalPolynomials of(double[] coefficients, long values) {
    int degree = coefficients.length - 1;
    return degree >= LEAST_DEGREE && values >= VALUES_OF_DEGREE * degree ? new LocalPolynomials(coefficients) : null;
  }

  private static double node(int k) {
    return Math.cos(Math.PI * (k + 0.5) / NODES);
  }

  private static double[][] powers() {
    double[][] vandermonde = new double[NODES][NODES];
    for (int k = 0; k < NODES; k++) {
      for (int power = 0; power < NODES; power++) {
        vandermonde[k][power] = Math.pow(node(k), power);
      }
    }
    return new LUDecomposition(new Array2DRowRealMatrix(vandermonde, false)).getSolver().getInverse().getData();
  }

  /** Replaces each x by the polynomial's value; |x| may exceed 1. */
  void evaluateAll(double[] x) {
    int[] outside = new int[x.length];
    int count = 0;
    double half = intervals / 2.0;
    for (int i = 0; i < x.length; i++) {
      double value = x[i];
      if (!(Math.abs(value) <= WITHIN)) {
        outside[count++] = i;
        continue;
      }
      double place = (value + 1) * half;
      int interval = (int) place;
      double t = 2 * (place - interval) - 1;
      int at = interval * NODES;
      double even = local[at] + t * t * (local[at + 2] + t * t * (local[at + 4] + t * t * local[at + 6]));
      double odd = local[at + 1] + t * t * (local[at + 3] + t * t * (local[at + 5] + t * t * local[at + 7]));
      x[i] = even + t * odd;
    }
    double[] rest = new double[count];
    Arrays.setAll(rest, k -> x[outside[k]]);
    Chebyshev.evaluateAll(coefficients, rest);
    for (int k = 0; k < count; k++) {
      x[outside[k]] = rest[k];
    }
  }
}
