// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.internal.ir.LinearForm;
import java.util.List;

/**
 * The range of each element of a form over rows, with mean, spread and tails.
 *
 * @param low smallest value of each element
 * @param high largest value of each element
 * @param mean mean of each element
 * @param deviation standard deviation of each element
 * @param lowTail how far the lowest tenth of an element's values lies below the rest's lowest, on average
 * @param highTail the same of the highest tenth
 */
public record Ranges(
    double[] low, double[] high, double[] mean, double[] deviation, double[] lowTail, double[] highTail) {
  /** The part of the values that makes a tail. */
  private static final double TAIL = 0.1;

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
    double[][] columns = new double[size][values.size()];
    List<double[]> results = form.evaluateAll(values);
    for (int r = 0; r < values.size(); r++) {
      double[] value = results.get(r);
      for (int i = 0; i < size; i++) {
        columns[i][r] = value[i];
        low[i] = Math.min(low[i], value[i]);
        high[i] = Math.max(high[i], value[i]);
        mean[i] += value[i] / values.size();
        square[i] += value[i] * value[i] / values.size();
      }
    }
    for (int i = 0; i < size; i++) {
      square[i] = Math.sqrt(Math.max(0, square[i] - mean[i] * mean[i]));
    }
    double[] lowTail = new double[size];
    double[] highTail = new double[size];
    int count = Math.max(1, (int) (TAIL * values.size()));
    for (int i = 0; i < size; i++) {
      double[] sorted = columns[i];
      java.util.Arrays.sort(sorted);
      for (int k = 0; k < count; k++) {
        lowTail[i] += (sorted[Math.min(count, sorted.length - 1)] - sorted[k]) / count;
        highTail[i] += (sorted[sorted.length - 1 - k] - sorted[Math.max(0, sorted.length - 1 - count)]) / count;
      }
    }
    return new Ranges(low, high, mean, square, lowTail, highTail);
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
