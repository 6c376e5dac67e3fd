// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.internal.ir.LinearForm;
import java.util.List;

/**
 * The range of each element of a form over rows, with mean and spread.
 *
 * @param low smallest value of each element
 * @param high largest value of each element
 * @param mean mean of each element
 * @param deviation standard deviation of each element
 */
public record Ranges(double[] low, double[] high, double[] mean, double[] deviation) {
  /**
   * Measures a form.
   *
   * @param values for each row, the values of all nodes by id
   */
  public static Ranges of(LinearForm form, List<double[][]> values) {
    int size = form.size();
    double[] low = new double[size];
    double[] high = new double[size];
    double[] mean = new double[size];
    double[] square = new double[size];
    java.util.Arrays.fill(low, Double.POSITIVE_INFINITY);
    java.util.Arrays.fill(high, Double.NEGATIVE_INFINITY);
    for (double[][] row : values) {
      double[] value = form.evaluate(row);
      for (int i = 0; i < size; i++) {
        low[i] = Math.min(low[i], value[i]);
        high[i] = Math.max(high[i], value[i]);
        mean[i] += value[i] / values.size();
        square[i] += value[i] * value[i] / values.size();
      }
    }
    for (int i = 0; i < size; i++) {
      square[i] = Math.sqrt(Math.max(0, square[i] - mean[i] * mean[i]));
    }
    return new Ranges(low, high, mean, square);
  }

  /** Returns the largest |value| of any element. */
  public double magnitude() {
    double result = 0;
    for (int i = 0; i < low.length; i++) {
      result = Math.max(result, Math.max(Math.abs(low[i]), Math.abs(high[i])));
    }
    return result;
  }

  /** Returns the smallest value of any element. */
  public double lowest() {
    return java.util.Arrays.stream(low).min().orElse(0);
  }

  /** Returns the largest value of any element. */
  public double highest() {
    return java.util.Arrays.stream(high).max().orElse(0);
  }
}
