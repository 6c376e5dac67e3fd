// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealVector;

/**
 * Fits a Chebyshev series to a function by weighted least squares on Chebyshev points.
 *
 * <p>The weight is the density of the values that the function met on sample rows, relative to the density of the Chebyshev points,
 * but never below FLOOR and never above CAP. With no sample every weight is 1, which gives the truncated Chebyshev series.
 * Why not minimax: for a function with a kink (relu) the minimax polynomial spreads the kink's error over the whole interval, while
 * least squares keeps it beside the kink; summed over the neurons of a layer the second is two to three times smaller. For smooth
 * functions all of them agree.
 */
public final class SeriesFitter {
  private static final int POINTS_PER_DEGREE = 48;
  private static final int BINS = 60;
  private static final double FLOOR = 0.1;
  private static final double CAP = 20;

  private SeriesFitter() {}

  /**
   * Fits.
   *
   * @param f finite on the interval
   * @param low lower end
   * @param high upper end
   * @param degree at least 1
   * @param sample values that the argument takes; those outside the interval are ignored; may be empty
   * @throws IllegalArgumentException if f is not finite somewhere on the interval
   */
  public static ChebyshevSeries fit(DoubleUnaryOperator f, double low, double high, int degree, double[] sample) {
    int points = Math.max(1000, POINTS_PER_DEGREE * degree);
    double[] weights = weights(low, high, points, sample);
    int size = degree + 1;
    double[][] gram = new double[size][size];
    double[] right = new double[size];
    double[] t = new double[size];
    for (int k = 0; k < points; k++) {
      double node = Math.cos((k + 0.5) * Math.PI / points);
      double x = low + (high - low) / 2 * (1 + node);
      double y = f.applyAsDouble(x);
      if (!Double.isFinite(y)) {
        throw new IllegalArgumentException("the function is " + y + " at " + x + ", inside the interval " + low + " to " + high);
      }
      t[0] = 1;
      t[1] = node;
      for (int i = 2; i < size; i++) {
        t[i] = 2 * node * t[i - 1] - t[i - 2];
      }
      double w = weights[k] / points;
      for (int i = 0; i < size; i++) {
        right[i] += w * t[i] * y;
        for (int j = 0; j <= i; j++) {
          gram[i][j] += w * t[i] * t[j];
        }
      }
    }
    for (int i = 0; i < size; i++) {
      for (int j = i + 1; j < size; j++) {
        gram[i][j] = gram[j][i];
      }
    }
    RealVector solution =
        new CholeskyDecomposition(new Array2DRowRealMatrix(gram, false)).getSolver().solve(new ArrayRealVector(right));
    return new ChebyshevSeries(low, high, solution.toArray());
  }

  /** Density of the sample over density of the Chebyshev points, at each of them. */
  private static double[] weights(double low, double high, int points, double[] sample) {
    double[] weights = new double[points];
    double[] counts = new double[BINS];
    int inside = 0;
    for (double value : sample) {
      int bin = (int) Math.floor((value - low) / (high - low) * BINS);
      if (bin >= 0 && bin < BINS) {
        counts[bin]++;
        inside++;
      }
    }
    for (int k = 0; k < points; k++) {
      double node = Math.cos((k + 0.5) * Math.PI / points);
      if (inside == 0) {
        weights[k] = 1;
        continue;
      }
      int bin = Math.min(BINS - 1, (int) ((node + 1) / 2 * BINS));
      double density = counts[bin] / inside * BINS / 2;
      double arcsine = 1 / (Math.PI * Math.sqrt(1 - node * node));
      weights[k] = Math.min(CAP, Math.max(FLOOR, density / arcsine));
    }
    return weights;
  }
}
