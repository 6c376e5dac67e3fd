// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.internal.ir.LinearForm;
import java.util.ArrayList;
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
 * @param groups parts of the elements, each of which has its extremes
 */
public record Ranges(
    double[] low, double[] high, double[] mean, double[] deviation, double[] lowTail, double[] highTail, List<Group> groups) {
  /**
   * Elements that are alike, the pixels of a channel: the lowest and the highest of them over the rows. A row has one of each, so
   * that tails say what further rows may bring however many elements there are.
   *
   * @param low the lowest value in each row
   * @param high the highest value in each row
   */
  public record Group(double[] low, double[] high) {
    /** Returns the lowest value of any row. */
    public double lowest() {
      return java.util.Arrays.stream(low).min().orElse(0);
    }

    /** Returns the highest value of any row. */
    public double highest() {
      return java.util.Arrays.stream(high).max().orElse(0);
    }

    /** Returns how far the lowest tenth of the rows lies below the rest, on average. */
    public double lowTail() {
      return tail(java.util.Arrays.stream(low).map(value -> -value).sorted().toArray());
    }

    /** Returns the same of the highest tenth. */
    public double highTail() {
      return tail(java.util.Arrays.stream(high).sorted().toArray());
    }

    /** Returns the group of the elements of two. */
    public Group union(Group other) {
      double[] lower = low.clone();
      double[] higher = high.clone();
      for (int r = 0; r < low.length; r++) {
        lower[r] = Math.min(lower[r], other.low[r]);
        higher[r] = Math.max(higher[r], other.high[r]);
      }
      return new Group(lower, higher);
    }
  }

  /** Less than this part of a value's size is no range: it is the rounding of a constant. */
  private static final double NO_RANGE = 1e-9;

  /**
   * Returns what errors of values are measured by: each one's range; of one that is constant, which tells nothing, the widest range
   * of the others; where all are constant, their sizes.
   *
   * @return positive numbers
   */
  public static double[] scales(double[] low, double[] high) {
    double[] scales = new double[low.length];
    double widest = 0;
    for (int i = 0; i < low.length; i++) {
      double range = high[i] - low[i];
      scales[i] = range > NO_RANGE * Math.max(Math.abs(low[i]), Math.abs(high[i])) ? range : 0;
      widest = Math.max(widest, scales[i]);
    }
    for (int i = 0; i < low.length; i++) {
      double size = Math.max(Math.abs(high[i]), NO_RANGE);
      scales[i] = scales[i] > 0 ? scales[i] : widest > 0 ? widest : size;
    }
    return scales;
  }

  /** The part of the values that makes a tail. */
  private static final double TAIL = 0.1;

  /**
   * Measures a form.
   *
   * @param values for each row, the values of all nodes by id
   * @param groups by element, the group that it falls into, from 0
   */
  public static Ranges of(LinearForm form, List<double[][]> values, int[] groups) {
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
    for (int i = 0; i < size; i++) {
      double[] sorted = columns[i];
      java.util.Arrays.sort(sorted);
      highTail[i] = tail(sorted);
      for (int k = 0, last = sorted.length - 1; k < sorted.length - k; k++) {  // the same of the negated values
        double kept = sorted[k];
        sorted[k] = -sorted[last - k];
        sorted[last - k] = -kept;
      }
      lowTail[i] = tail(sorted);
    }
    return new Ranges(low, high, mean, square, lowTail, highTail, groups(results, groups));
  }

  /** How far the highest tenth of ascending values lies above the rest's highest, on average. */
  private static double tail(double[] sorted) {
    int count = Math.max(1, (int) (TAIL * sorted.length));
    double sum = 0;
    for (int k = 0; k < count; k++) {
      sum += (sorted[sorted.length - 1 - k] - sorted[Math.max(0, sorted.length - 1 - count)]) / count;
    }
    return sum;
  }

  private static List<Group> groups(List<double[]> results, int[] groupOf) {
    int count = 1 + java.util.Arrays.stream(groupOf).max().orElse(0);
    double[][] low = new double[count][results.size()];
    double[][] high = new double[count][results.size()];
    List<Group> groups = new ArrayList<>();
    for (int g = 0; g < count; g++) {
      java.util.Arrays.fill(low[g], Double.POSITIVE_INFINITY);
      java.util.Arrays.fill(high[g], Double.NEGATIVE_INFINITY);
      groups.add(new Group(low[g], high[g]));
    }
    for (int r = 0; r < results.size(); r++) {
      double[] row = results.get(r);
      for (int i = 0; i < row.length; i++) {
        low[groupOf[i]][r] = Math.min(low[groupOf[i]][r], row[i]);
        high[groupOf[i]][r] = Math.max(high[groupOf[i]][r], row[i]);
      }
    }
    return groups;
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
