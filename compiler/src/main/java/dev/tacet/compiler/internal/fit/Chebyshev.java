// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;

/** Polynomials in the Chebyshev basis on [-1, 1]: evaluation, interpolation, weighted least squares, minimax. */
public final class Chebyshev {
  private static final int GRID = 1201;

  /** Values that are computed together. */
  private static final int BLOCK = 128;

  /** Steps of Clenshaw's recurrence that are taken at once: those of {@link #steps}. */
  private static final int STEPS = 8;

  private static final int LAWSON_STEPS = 40;

  private static final double SMALL_STEP = 1e-5;

  private Chebyshev() {}

  /** Returns the polynomial's value by Clenshaw's recurrence; |x| may exceed 1. */
  public static double evaluate(double[] coefficients, double x) {
    double b1 = 0;
    double b2 = 0;
    for (int k = coefficients.length - 1; k >= 1; k--) {
      double b = coefficients[k] + 2 * x * b1 - b2;
      b2 = b1;
      b1 = b;
    }
    return coefficients[0] + x * b1 - b2;
  }

  /**
   * Replaces each x by the polynomial's value; the same numbers as {@link #evaluate} gives, several at a time, and several steps of each
   * before the next, which stay in registers.
   */
  static void evaluateAll(double[] coefficients, double[] x) {
    double[] b1 = new double[BLOCK];
    double[] b2 = new double[BLOCK];
    double[] u = new double[BLOCK];
    for (int from = 0; from < x.length; from += BLOCK) {
      int count = Math.min(BLOCK, x.length - from);
      System.arraycopy(x, from, u, 0, count);
      java.util.Arrays.fill(b1, 0);
      java.util.Arrays.fill(b2, 0);
      int k = coefficients.length - 1;
      for (; k % STEPS != 0; k--) {
        step(coefficients[k], u, b1, b2);
        double[] last = b1;
        b1 = b2;
        b2 = last;
      }
      for (; k >= 1; k -= STEPS) {
        steps(coefficients, k, u, b1, b2);
      }
      for (int i = 0; i < count; i++) {
        x[from + i] = coefficients[0] + u[i] * b1[i] - b2[i];
      }
    }
  }

  /** One step of Clenshaw's recurrence, which leaves the new value in the place of the older one. */
  private static void step(double c, double[] u, double[] b1, double[] b2) {
    for (int i = 0; i < BLOCK; i++) {
      b2[i] = c + 2 * u[i] * b1[i] - b2[i];
    }
  }

  /** As many steps as there are, from coefficient k down. */
  private static void steps(double[] coefficients, int k, double[] u, double[] b1, double[] b2) {
    double c0 = coefficients[k];
    double c1 = coefficients[k - 1];
    double c2 = coefficients[k - 2];
    double c3 = coefficients[k - 3];
    double c4 = coefficients[k - 4];
    double c5 = coefficients[k - 5];
    double c6 = coefficients[k - 6];
    double c7 = coefficients[k - 7];
    for (int i = 0; i < BLOCK; i++) {
      double twice = 2 * u[i];
      double a = b1[i];
      double b = b2[i];
      b = c0 + twice * a - b;
      a = c1 + twice * b - a;
      b = c2 + twice * a - b;
      a = c3 + twice * b - a;
      b = c4 + twice * a - b;
      a = c5 + twice * b - a;
      b = c6 + twice * a - b;
      a = c7 + twice * b - a;
      b1[i] = a;
      b2[i] = b;
    }
  }

  /** Returns the polynomial's slope at each x, from its values on both sides. */
  public static double[] slopes(double[] coefficients, double[] x) {
    double[] slopes = new double[x.length];
    double[] below = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      slopes[i] = x[i] + SMALL_STEP;
      below[i] = x[i] - SMALL_STEP;
    }
    evaluateAll(coefficients, slopes);
    evaluateAll(coefficients, below);
    for (int i = 0; i < x.length; i++) {
      slopes[i] = (slopes[i] - below[i]) / (2 * SMALL_STEP);
    }
    return slopes;
  }

  /** Returns the coefficients of the polynomial that equals f at the degree+1 Chebyshev nodes. */
  public static double[] interpolate(DoubleUnaryOperator f, int degree) {
    int n = degree + 1;
    double[] coefficients = new double[n];
    for (int i = 0; i < n; i++) {
      double angle = Math.PI * (i + 0.5) / n;
      double value = f.applyAsDouble(Math.cos(angle));
      for (int k = 0; k < n; k++) {
        coefficients[k] += (k == 0 ? 1.0 : 2.0) / n * value * Math.cos(k * angle);
      }
    }
    return coefficients;
  }

  /** Returns the points on which fits are made: Chebyshev extrema, dense near the ends. */
  static double[] grid() {
    double[] grid = new double[GRID];
    for (int i = 0; i < GRID; i++) {
      grid[i] = -Math.cos(Math.PI * i / (GRID - 1));
    }
    return grid;
  }

  /**
   * Returns the coefficients of the weighted least-squares fit on the points of {@link #grid()}.
   *
   * @param values f at the points
   * @param weights a positive weight for each point
   * @param stride 1 for all coefficients, 2 for those of even index only, the others being 0
   */
  static double[] leastSquares(double[] values, double[] weights, int degree, int stride) {
    double[] grid = grid();
    int n = degree / stride + 1;
    double[] right = new double[n];
    double[] moments = new double[2 * degree + 1];
    double[] basis = new double[2 * degree + 1];
    for (int i = 0; i < GRID; i++) {
      fill(basis, grid[i]);
      for (int k = 0; k < moments.length; k += stride) {
        moments[k] += weights[i] * basis[k];
      }
      for (int a = 0; a < n; a++) {
        right[a] += weights[i] * values[i] * basis[a * stride];
      }
    }
    double[][] normal = new double[n][n];
    double trace = 0;
    for (int a = 0; a < n; a++) {
      for (int b = 0; b <= a; b++) {  // T_a T_b = (T_(a+b) + T_(a-b)) / 2
        normal[a][b] = (moments[(a + b) * stride] + moments[(a - b) * stride]) / 2;
        normal[b][a] = normal[a][b];
      }
      trace += normal[a][a];
    }
    for (int a = 0; a < n; a++) {
      normal[a][a] += 1e-13 * trace;
    }
    double[] solved = new CholeskyDecomposition(new Array2DRowRealMatrix(normal, false), 1e-10, 0)
        .getSolver().solve(new ArrayRealVector(right, false)).toArray();
    double[] coefficients = new double[(n - 1) * stride + 1];
    for (int a = 0; a < n; a++) {
      coefficients[a * stride] = solved[a];
    }
    return coefficients;
  }

  private static void fill(double[] basis, double x) {
    basis[0] = 1;
    if (basis.length > 1) {
      basis[1] = x;
    }
    for (int k = 2; k < basis.length; k++) {
      basis[k] = 2 * x * basis[k - 1] - basis[k - 2];
    }
  }

  /**
   * Returns coefficients close to the minimax fit, by Lawson's iteration: least squares whose weights are multiplied by the
   * error of the last step (C. L. Lawson, 1961); stride as for {@link #leastSquares}.
   */
  static double[] minimax(double[] values, int degree, int stride) {
    double[] grid = grid();
    double[] weights = new double[GRID];
    java.util.Arrays.fill(weights, 1.0 / GRID);
    double[] best = null;
    double bestError = Double.POSITIVE_INFINITY;
    for (int step = 0; step < LAWSON_STEPS; step++) {
      double[] coefficients = leastSquares(values, weights, degree, stride);
      double largest = 0;
      double sum = 0;
      double[] errors = new double[GRID];
      for (int i = 0; i < GRID; i++) {
        errors[i] = Math.abs(evaluate(coefficients, grid[i]) - values[i]);
        largest = Math.max(largest, errors[i]);
        sum += weights[i] * errors[i];
      }
      if (largest < bestError) {
        bestError = largest;
        best = coefficients;
      }
      if (sum < 1e-14 * (1 + largest)) {
        break;
      }
      double total = 0;
      for (int i = 0; i < GRID; i++) {
        weights[i] *= errors[i] / sum;
        weights[i] = Math.max(weights[i], 1e-9 / GRID);
        total += weights[i];
      }
      for (int i = 0; i < GRID; i++) {
        weights[i] /= total;
      }
    }
    return best;
  }
}
