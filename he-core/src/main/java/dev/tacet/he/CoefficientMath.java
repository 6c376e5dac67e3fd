// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Arrays;

/** Real polynomials modulo X^N + 1, as {@link ReferenceEvaluator} computes with them. */
final class CoefficientMath {
  private CoefficientMath() {}

  /** Returns all coefficients of an input whose last ones may be left out. */
  static double[] padded(int index, double[] coefficients, int degree) {
    Signature.require(
        coefficients.length <= degree, "input %d has %d coefficients, the ring degree is %d", index, coefficients.length, degree);
    return Arrays.copyOf(coefficients, degree);
  }

  /** Returns x w modulo X^N + 1. */
  static double[] product(double[] x, Constant.Vector w) {
    int n = x.length;
    double[] weights = w.values();
    double[] result = new double[n];
    for (int i = 0; i < n; i++) {
      double factor = x[i];
      if (factor == 0) {
        continue;
      }
      int direct = Math.min(weights.length, n - i);
      for (int j = 0; j < direct; j++) {
        result[i + j] += factor * weights[j];
      }
      for (int j = direct; j < weights.length; j++) {
        result[i + j - n] -= factor * weights[j];
      }
    }
    return result;
  }

  /** Returns the coefficients of these indexes, zeros elsewhere. */
  static double[] extracted(double[] x, Indexes indexes) {
    double[] result = new double[x.length];
    for (int index : indexes.values()) {
      result[index] = x[index];
    }
    return result;
  }
}
