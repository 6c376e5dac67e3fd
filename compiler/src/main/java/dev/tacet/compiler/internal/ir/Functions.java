// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.Locale;

/** What can be said about a {@link Univariate} by looking at its values. */
public final class Functions {
  private static final double[] PROBES = {-7.3, -4.1, -2.9, -1.7, -1, -0.61, -0.2, 0, 0.13, 0.5, 0.92, 1.4, 2.2, 3.3, 5.1, 8};

  private Functions() {}

  /** Returns the function's name for reports: that of a known function with the same values, "polynomial", or "composed". */
  public static String name(Univariate function) {
    if (function instanceof Univariate.Unary unary && unary.argument().equals(Univariate.X)) {
      return unary.function().name().toLowerCase(Locale.ROOT);
    }
    if (function.degree() >= 0) {
      return function.degree() == 2 ? "square" : "polynomial";
    }
    UnaryFunction[] known = {UnaryFunction.RELU, UnaryFunction.SIGMOID, UnaryFunction.TANH, UnaryFunction.SOFTPLUS,
        UnaryFunction.ERF, UnaryFunction.GELU, UnaryFunction.GELU_TANH, UnaryFunction.SILU, UnaryFunction.MISH,
        UnaryFunction.HARD_SWISH, UnaryFunction.ABS};
    for (UnaryFunction candidate : known) {
      boolean equal = true;
      for (double x : PROBES) {
        equal &= Math.abs(function.at(x) - candidate.apply(x, 1, 0)) <= 1e-5 * (1 + Math.abs(x));
      }
      if (equal) {
        return candidate.name().toLowerCase(Locale.ROOT);
      }
    }
    return "composed";
  }

  /** Returns whether f(s*x) = s*f(x) for s > 0, so that each element may have its own scale (ReLU, LeakyReLU, |x|). */
  public static boolean isHomogeneous(Univariate function) {
    if (Math.abs(function.at(0)) > 1e-12) {
      return false;
    }
    double up = function.at(1);
    double down = function.at(-1);
    for (double x : PROBES) {
      for (double s : new double[] {0.01, 1, 30}) {
        double expected = x >= 0 ? s * x * up : -s * x * down;
        if (!(Math.abs(function.at(s * x) - expected) <= 1e-9 * (1 + Math.abs(expected)))) {
          return false;
        }
      }
    }
    return Double.isFinite(up) && Double.isFinite(down);
  }
}
