// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

/**
 * What encryption and the engine's arithmetic are predicted to do to decrypted numbers, beside what the fitted activations do.
 *
 * @param deviation root mean square of the error of a decrypted value, in the value's units; of the value with the largest one
 * @param even whether errors are averages over many copies, and normally distributed; else some slots have larger ones than others
 *     for all the life of a key, and errors are distributed as Laplace's
 */
public record NoisePrediction(double deviation, boolean even) {
  /**
   * Returns the median of the largest error among so many numbers: half of all measurements of so many are above it, half below.
   */
  public double largest(long numbers) {
    return deviation * quantile(Math.max(1, numbers), even);
  }

  /** The median of the largest absolute value among so many independent ones of variance 1. */
  static double quantile(long numbers, boolean even) {
    double beyond = -Math.expm1(Math.log(0.5) / numbers);  // the share of values that lie beyond it
    if (!even) {
      return -Math.log(beyond) / Math.sqrt(2);
    }
    double low = 0;
    double high = 40;
    for (int i = 0; i < 100; i++) {
      double middle = (low + high) / 2;
      if (beyondNormal(middle) > beyond) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** The probability that a normal variable is further than x from 0: the continued fraction of Mills' ratio, the series below 2. */
  private static double beyondNormal(double x) {
    double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    if (x < 2) {
      double term = x;
      double sum = x;
      for (int k = 1; k < 60; k++) {
        term *= x * x / (2 * k + 1);
        sum += term;
      }
      return 1 - 2 * density * sum;
    }
    double fraction = x;
    for (int k = 60; k >= 1; k--) {
      fraction = x + k / fraction;
    }
    return 2 * density / fraction;
  }
}
