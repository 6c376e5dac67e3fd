// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import org.apache.commons.math3.special.Erf;

/** Element-wise functions of one real, with up to two parameters a and b. */
public enum UnaryFunction {
  /** max(x, 0). */
  RELU,
  /** x above 0, a*x below. */
  LEAKY_RELU,
  /** 1 / (1 + exp(-x)). */
  SIGMOID,
  /** Hyperbolic tangent. */
  TANH,
  /** log(1 + exp(x)). */
  SOFTPLUS,
  /** x / (1 + |x|). */
  SOFTSIGN,
  /** The error function. */
  ERF,
  /** x * (1 + erf(x / sqrt 2)) / 2. */
  GELU,
  /** The tanh form of GELU. */
  GELU_TANH,
  /** x * sigmoid(x * a). */
  SILU,
  /** x * tanh(softplus(x)). */
  MISH,
  /** x above 0, a * (exp(x) - 1) below. */
  ELU,
  /** x above 0, a * (exp(x / a) - 1) below. */
  CELU,
  /** b * x above 0, b * a * (exp(x) - 1) below. */
  SELU,
  /** max(0, min(1, a*x + b)). */
  HARD_SIGMOID,
  /** x * max(0, min(1, x/6 + 1/2)). */
  HARD_SWISH,
  /** x above a, 0 below. */
  THRESHOLDED_RELU,
  /** x cut to a..b; b where a is greater. */
  CLIP,
  /** |x|. */
  ABS,
  /** exp(x). */
  EXP,
  /** Natural logarithm. */
  LOG,
  /** Square root. */
  SQRT,
  /** 1 / x. */
  RECIPROCAL,
  /** -1, 0 or 1. */
  SIGN,
  /** Sine. */
  SIN,
  /** Cosine. */
  COS,
  /** 1 where x is 0, else 0. */
  NOT,
  /** The nearest integer, halves to even. */
  ROUND,
  /** The integer below. */
  FLOOR,
  /** The integer above. */
  CEIL,
  /** x cut toward zero. */
  TRUNCATE;

  /** Returns the function's value. */
  public double apply(double x, double a, double b) {
    return switch (this) {
      case RELU -> Math.max(x, 0);
      case LEAKY_RELU -> x >= 0 ? x : a * x;
      case SIGMOID -> sigmoid(x);
      case TANH -> Math.tanh(x);
      case SOFTPLUS -> softplus(x);
      case SOFTSIGN -> x / (1 + Math.abs(x));
      case ERF -> Erf.erf(x);
      case GELU -> 0.5 * x * (1 + Erf.erf(x * Math.sqrt(0.5)));
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case SILU -> x * sigmoid(a * x);
      case MISH -> x * Math.tanh(softplus(x));
      case ELU -> x >= 0 ? x : a * Math.expm1(x);
      case CELU -> x >= 0 ? x : a * Math.expm1(x / a);
      case SELU -> x >= 0 ? b * x : b * a * Math.expm1(x);
      case HARD_SIGMOID -> Math.max(0, Math.min(1, a * x + b));
      case HARD_SWISH -> x * Math.max(0, Math.min(1, x / 6 + 0.5));
      case THRESHOLDED_RELU -> x > a ? x : 0;
      case CLIP -> Math.min(b, Math.max(a, x));
      case ABS -> Math.abs(x);
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SQRT -> Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case SIGN -> Math.signum(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case NOT -> x == 0 ? 1 : 0;
      case ROUND -> Math.rint(x);
      case FLOOR -> Math.floor(x);
      case CEIL -> Math.ceil(x);
      case TRUNCATE -> x < 0 ? Math.ceil(x) : Math.floor(x);
    };
  }

  private static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
