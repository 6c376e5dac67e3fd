// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** What all kinds of {@link Constant} ask of their numbers and periods. */
final class ConstantChecks {
  private ConstantChecks() {}

  /** Returns a copy. */
  static double[] finite(String what, double[] values) {
    double[] copy = values.clone();
    if (copy.length == 0) {
      throw new IllegalArgumentException(what + " has no values");
    }
    for (int i = 0; i < copy.length; i++) {
      if (!Double.isFinite(copy[i])) {
        throw new IllegalArgumentException(what + " value " + i + " is " + copy[i] + ", must be finite");
      }
    }
    return copy;
  }

  static void requirePeriod(String what, String field, int count, int period) {
    if (period < 1 || period > Constant.MAX_PERIOD || Integer.bitCount(period) != 1) {
      throw new IllegalArgumentException(
          what + " period " + period + " is not a power of two in 1.." + Constant.MAX_PERIOD);
    }
    if (count < 1 || count > period) {
      throw new IllegalArgumentException(what + " has " + count + " " + field + ", must be in 1.." + period + " (the period)");
    }
  }
}
