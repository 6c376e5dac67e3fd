// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

/**
 * How one activation runs encrypted: element i of its argument x becomes u = (x - center[i]) / halfWidth[i] in [-1, 1], and the
 * activation's value is outputScale[i] * p(u) + outputOffset.
 *
 * <p>A function of degree 2 is brought to p(u) = u^2 by completing the square: one multiplication and one level.
 *
 * @param node the activation's id in the network
 * @param function what it computes, for the report: "relu", "gelu"
 * @param center middle of each element's fitted interval
 * @param halfWidth half the width of each element's fitted interval; positive
 * @param outputScale the factor that brings p(u) to the activation's value
 * @param outputOffset what is added to it
 * @param coefficients of p in the Chebyshev basis on [-1, 1]
 * @param exact whether the activation is a polynomial itself, so that p has no error
 * @param pointwiseError the largest error of p over [-1, 1], in units of the activation's value
 * @param sampleReach the largest |u| that sample rows, and those made from them, drive any element to
 */
public record ActivationFit(
    int node,
    String function,
    double[] center,
    double[] halfWidth,
    double[] outputScale,
    double outputOffset,
    double[] coefficients,
    boolean exact,
    double pointwiseError,
    double sampleReach) {
  /** Returns the degree of p. */
  public int degree() {
    return coefficients.length - 1;
  }

  /** Returns whether p(u) = u^2. */
  public boolean isSquare() {
    return exact && coefficients.length == 3 && coefficients[0] == 0.5 && coefficients[1] == 0 && coefficients[2] == 0.5;
  }

  /** Returns the levels that p takes, ceil(log2(degree + 1)); 1 for a square. */
  public int depth() {
    return isSquare() ? 1 : 32 - Integer.numberOfLeadingZeros(degree());
  }

  /**
   * Replaces the argument's value at each element by the activation's value as it runs encrypted.
   *
   * @param local p for many values; null where there are few
   */
  void apply(double[] values, LocalPolynomials local) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (values[i] - center[i]) / halfWidth[i];
    }
    if (local == null) {
      Chebyshev.evaluateAll(coefficients, values);
    } else {
      local.evaluateAll(values);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = outputScale[i] * values[i] + outputOffset;
    }
  }

  /** Returns whether an argument's elements all lie in their intervals, or the part of these that {@code limit} leaves. */
  boolean holds(double[] values, double limit) {
    for (int i = 0; i < values.length; i++) {
      if (!(Math.abs(values[i] - center[i]) <= limit * halfWidth[i])) {
        return false;
      }
    }
    return true;
  }

  /** Returns how far the element that goes farthest is from the middle of its interval, as a part of that on one side. */
  double reachOf(double[] values) {
    double reach = 0;
    for (int i = 0; i < values.length; i++) {
      reach = Math.max(reach, Math.abs(values[i] - center[i]) / halfWidth[i]);
    }
    return reach;
  }

  /** Returns the activation's value as it runs encrypted, at element i. */
  public double at(int i, double x) {
    return outputScale[i] * Chebyshev.evaluate(coefficients, (x - center[i]) / halfWidth[i]) + outputOffset;
  }
}
