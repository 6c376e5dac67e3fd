// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Arrays;

/**
 * Numbers of one row with a bound of the absolute error of each.
 *
 * @param values the numbers
 * @param errors one bound per number, not negative
 */
record Measured(double[] values, double[] errors) {
  static Measured uniform(double[] values, double error) {
    double[] errors = new double[values.length];
    Arrays.fill(errors, error);
    return new Measured(values, errors);
  }

  int size() {
    return values.length;
  }

  double largestError() {
    return Arrays.stream(errors).max().orElse(0);
  }
}
