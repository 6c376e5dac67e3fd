// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import java.util.Arrays;

/**
 * The median of the largest error of many numbers, from a sample of errors that may be smaller.
 *
 * <p>What a tenth of the sample is above is taken for the tail, and that for exponential: errors beyond the threshold have the mean excess of those
 * that were seen (the mean excess estimate of the peaks over a threshold, of shape 0). A sample many times as large as the group says itself what one
 * in so many exceeds.
 */
final class LargestError {
  /** The part of the sample that is the tail. */
  private static final double TAIL = 0.1;

  /** A sample of so many groups needs no tail. */
  private static final int MANY_GROUPS = 10;

  private LargestError() {}

  /**
   * Returns the median of the largest of so many errors.
   *
   * @param errors absolute errors of the same kind, at least one
   * @param numbers the size of the group whose largest is asked for
   */
  static double of(double[] errors, int numbers) {
    double[] sorted = errors.clone();
    Arrays.sort(sorted);
    double exceeding = Math.log(2) / numbers;  // 1 - 2^(-1 / numbers)
    if (sorted.length >= (long) MANY_GROUPS * numbers) {
      return sorted[sorted.length - Math.max(1, (int) Math.round(sorted.length * exceeding))];
    }
    int tail = Math.max(1, (int) Math.round(TAIL * sorted.length));
    double threshold = sorted.length > tail ? sorted[sorted.length - tail - 1] : 0;
    double excess = Arrays.stream(sorted, sorted.length - tail, sorted.length).map(error -> error - threshold).average().orElse(0);
    double most = threshold + excess * Math.log((double) tail / sorted.length / exceeding);
    return sorted.length >= numbers ? most : Math.max(sorted[sorted.length - 1], most);
  }
}
