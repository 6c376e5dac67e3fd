// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Locale;

/**
 * Element-wise functions of {@link TailOp#FUNCTION}, with parameters a and b. Codes are stable: the ordinal is the node's
 * integer.
 */
public enum TailFunction {
  /** 1 / x. */
  RECIPROCAL,
  /** |x|. */
  ABS,
  /** Natural logarithm. */
  LOG,
  /** Square root. */
  SQRT,
  /** x^a. */
  POWER,
  /** x above 0, a*x below. */
  LEAKY_RELU,
  /** x above 0, a*(exp(x)-1) below. */
  ELU,
  /** x above 0, a*(exp(x/a)-1) below. */
  CELU,
  /** b*x above 0, b*a*(exp(x)-1) below. */
  SELU,
  /** max(0, min(1, a*x+b)). */
  HARD_SIGMOID,
  /** x * max(0, min(1, x/6+1/2)). */
  HARD_SWISH,
  /** x above a, 0 below. */
  THRESHOLDED_RELU,
  /** x / (1+|x|). */
  SOFTSIGN,
  /** The error function. */
  ERF,
  /** x * (1+erf(x/sqrt 2)) / 2. */
  GELU,
  /** The tanh form of GELU. */
  GELU_TANH,
  /** x / (1+exp(-a*x)). */
  SILU,
  /** x * tanh(log(1+exp(x))). */
  MISH,
  /** Sine. */
  SIN,
  /** Cosine. */
  COS,
  /** -1, 0 or 1. */
  SIGN,
  /** The nearest integer, halves to even. */
  ROUND,
  /** The integer below. */
  FLOOR,
  /** The integer above. */
  CEIL,
  /** x cut toward zero. */
  TRUNCATE,
  /** 1 where x is 0, else 0. */
  NOT,
  /** 1 where x is not 0, else 0. */
  NONZERO,
  /** 1 where x > a, else 0. */
  GREATER,
  /** 1 where x < a, else 0. */
  LESS,
  /** 1 where x >= a, else 0. */
  GREATER_EQUAL,
  /** 1 where x <= a, else 0. */
  LESS_EQUAL,
  /**
   * The probability of the second of two classes whose pairwise probability is x, as support vector machines have it (Wu, Lin and Weng,
   * Probability estimates for multi-class classification by pairwise coupling, JMLR 2004, algorithm 2): an iteration that ends within
   * {@value #COUPLED_END}, and so up to twice that from x.
   */
  COUPLED;

  /** How far from the solution the iteration may end: 0.005 over the number of classes. */
  private static final double COUPLED_END = 0.0025;

  /** How far from 0 and 1 pairwise probabilities are kept. */
  private static final double COUPLED_LEAST = 1e-7;

  private static final int COUPLED_STEPS = 100;

  /** Returns the function's value. */
  public double apply(double x, double a, double b) {
    return switch (this) {
      case RECIPROCAL -> 1 / x;
      case ABS -> Math.abs(x);
      case LOG -> Math.log(x);
      case SQRT -> Math.sqrt(x);
      case POWER -> Math.pow(x, a);
      case LEAKY_RELU -> x >= 0 ? x : a * x;
      case ELU -> x >= 0 ? x : a * Math.expm1(x);
      case CELU -> x >= 0 ? x : a * Math.expm1(x / a);
      case SELU -> x >= 0 ? b * x : b * a * Math.expm1(x);
      case HARD_SIGMOID -> Math.max(0, Math.min(1, a * x + b));
      case HARD_SWISH -> x * Math.max(0, Math.min(1, x / 6 + 0.5));
      case THRESHOLDED_RELU -> x > a ? x : 0;
      case SOFTSIGN -> x / (1 + Math.abs(x));
      case ERF -> erf(x);
      case GELU -> 0.5 * x * (1 + erf(x * Math.sqrt(0.5)));
      case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case SILU -> x / (1 + Math.exp(-a * x));
      case MISH -> x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case SIGN -> Math.signum(x);
      case ROUND -> Math.rint(x);
      case FLOOR -> Math.floor(x);
      case CEIL -> Math.ceil(x);
      case TRUNCATE -> x < 0 ? Math.ceil(x) : Math.floor(x);
      case NOT -> x == 0 ? 1 : 0;
      case NONZERO -> x != 0 ? 1 : 0;
      case GREATER -> x > a ? 1 : 0;
      case LESS -> x < a ? 1 : 0;
      case GREATER_EQUAL -> x >= a ? 1 : 0;
      case LESS_EQUAL -> x <= a ? 1 : 0;
      case COUPLED -> coupled(x);
    };
  }

  /**
   * Returns a bound of |f(x+d)-f(x)| for |d| <= error. Where the function turns at points that are not 0 or a, the largest slope
   * bounds it; elsewhere the ends of the interval do, with the points 0 and a, where functions turn or jump.
   */
  double errorOf(double x, double a, double b, double error) {
    if (error == 0) {
      return 0;
    }
    if (this == COUPLED) {
      return coupledError(x, error);
    }
    double slope = largestSlope(a);
    if (slope > 0) {
      return slope * error;
    }
    if (this == RECIPROCAL && Math.abs(x) <= error) {
      return Double.POSITIVE_INFINITY;
    }
    double value = apply(x, a, b);
    double largest = 0;
    double low = x - error;
    double high = x + error;
    for (double point : new double[] {low, high, 0, Double.MIN_VALUE, -Double.MIN_VALUE, a, Math.nextDown(a), Math.nextUp(a)}) {
      if (point >= low && point <= high) {
        double change = Math.abs(apply(point, a, b) - value);
        largest = Double.isNaN(change) ? Double.POSITIVE_INFINITY : Math.max(largest, change);
      }
    }
    return largest;
  }

  /** Returns whether the function gives a choice where it jumps: a truth value, a sign or a whole number. */
  public boolean isStep() {
    return switch (this) {
      case SIGN, ROUND, FLOOR, CEIL, TRUNCATE, NOT, NONZERO, GREATER, LESS, GREATER_EQUAL, LESS_EQUAL -> true;
      default -> false;
    };
  }

  /** Returns whether the function jumps within an error of x: what it gives is a choice then, and no number near the right one. */
  boolean jumps(double x, double a, double b, double error) {
    if (this == THRESHOLDED_RELU) {
      return a != 0 && !(Math.abs(x - a) > error);
    }
    return isStep() && (Double.isNaN(x) || Double.isNaN(error) || errorOf(x, a, b, error) > 0);
  }

  /** The largest |f'| of the functions that turn inside an interval; 0 for the others. */
  private double largestSlope(double a) {
    return switch (this) {
      case SIN, COS -> 1;
      case GELU, GELU_TANH -> 1.13;
      case SILU -> 1.1;
      case MISH -> 1.09;
      case HARD_SWISH -> 1.5;
      default -> 0;
    };
  }

  /**
   * The iteration for two classes of probabilities 1 - p and p, one after the other in each step. It minimizes (x (1-p) - (1-x) p)^2, half
   * of whose gradient has these two parts.
   */
  private static double coupled(double x) {
    double second = Math.max(COUPLED_LEAST, Math.min(1 - COUPLED_LEAST, x));
    double first = 1 - second;
    double p = 0.5;
    for (int step = 0; step < COUPLED_STEPS; step++) {
      double difference = second * (1 - p) - first * p;
      double ofFirst = second * difference;
      double ofSecond = -first * difference;
      double mean = difference * difference;
      if (Math.max(Math.abs(ofFirst - mean), Math.abs(ofSecond - mean)) < COUPLED_END) {
        break;
      }
      p /= 1 + (mean - ofFirst) / (second * second);
      difference = second * (1 - p) - first * p;
      double change = (difference * difference + first * difference) / (first * first);
      p = (p + change) / (1 + change);
    }
    return p;
  }

  /** Between jumps, the nearest two of which are 0.01 apart, the slope is below 1.2; everywhere the value is within 0.005 of x. */
  private static double coupledError(double x, double error) {
    if (!(error < COUPLED_END)) {
      return error + 4 * COUPLED_END;
    }
    double value = coupled(x);
    double ends = Math.max(Math.abs(coupled(x - error) - value), Math.abs(coupled(x + error) - value));
    return ends + 1.2 * error;
  }

  /**
   * Returns the function of a lower-case name, or null if there is none.
   *
   * @param name such as "leaky_relu"
   */
  public static TailFunction ofName(String name) {
    for (TailFunction function : values()) {
      if (function.name().toLowerCase(Locale.ROOT).equals(name)) {
        return function;
      }
    }
    return null;
  }

  /** The error function: its Taylor series below 2.5, its continued fraction above; relative error below 1e-13. */
  static double erf(double x) {
    double t = Math.abs(x);
    if (t > 6) {
      return Math.signum(x);
    }
    if (t < 2.5) {
      double term = t;
      double sum = t;
      for (int n = 1; n < 60; n++) {
        term *= -t * t / n;
        sum += term / (2 * n + 1);
      }
      return Math.signum(x) * 2 / Math.sqrt(Math.PI) * sum;
    }
    double fraction = 0;
    for (int k = 60; k >= 1; k--) {
      fraction = k / 2.0 / (t + fraction);
    }
    return Math.signum(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
  }
}
