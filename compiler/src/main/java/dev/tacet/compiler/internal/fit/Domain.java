// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.ir.Univariate;
import java.util.Arrays;

/** Where a function is defined, found by looking at its values: square roots, logarithms, powers and reciprocals end somewhere. */
final class Domain {
  /** Values beyond this magnitude count as undefined. */
  static final double LARGEST = 1e12;

  private static final int SAMPLES = 512;
  private static final int BISECTIONS = 60;

  /** Neighbours of different sign, both so many times the median magnitude, may have a pole between them. */
  private static final double POLE = 20;

  /** Between two samples the sign change is followed by so many bisections. */
  private static final int FOLLOWED = 30;

  /** A peak between neighbours that is so many times higher than both is a pole. */
  private static final double PEAK = 1e3;

  /** An interval is widened by at most this part of the way to where the function ends. */
  private static final double OF_THE_WAY = 0.5;

  private Domain() {}

  /** Returns whether the function is finite, of modest magnitude and without a pole on an interval. */
  static boolean holds(Univariate f, double low, double high) {
    return firstBad(f, low, high) < 0;
  }

  /**
   * Returns how far an interval may be widened.
   *
   * @param from an end of the interval on which the function was seen
   * @param to the end that is wanted, beyond it
   * @param other the other end of the interval on which it was seen
   * @return to, or half the way to where the function ends
   */
  static double widened(Univariate f, double from, double to, double other) {
    if (to == from || holds(f, Math.min(other, to), Math.max(other, to)) || !holds(f, Math.min(from, other), Math.max(from, other))) {
      return to;
    }
    double good = from;
    double bad = to;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (good + bad) / 2;
      if (holds(f, Math.min(other, middle), Math.max(other, middle))) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    return from + OF_THE_WAY * (good - from);
  }

  /** The index of the first sample at which, or before which, the function is not defined; -1 if there is none. */
  private static int firstBad(Univariate f, double low, double high) {
    double[] values = new double[SAMPLES + 1];
    double[] magnitudes = new double[SAMPLES + 1];
    for (int i = 0; i <= SAMPLES; i++) {
      values[i] = f.at(low + (high - low) * i / SAMPLES);
      magnitudes[i] = Math.abs(values[i]);
      if (!(magnitudes[i] <= LARGEST)) {
        return i;
      }
    }
    Arrays.sort(magnitudes);
    double large = POLE * magnitudes[SAMPLES / 2];
    for (int i = 1; i <= SAMPLES; i++) {
      if (values[i] * values[i - 1] < 0 && Math.min(Math.abs(values[i]), Math.abs(values[i - 1])) > large
          && isPole(f, low + (high - low) * (i - 1) / SAMPLES, low + (high - low) * i / SAMPLES)) {
        return i;
      }
      boolean peak = i < SAMPLES && Math.abs(values[i]) > large && Math.abs(values[i]) >= Math.abs(values[i - 1])
          && Math.abs(values[i]) >= Math.abs(values[i + 1]);
      if (peak && isEvenPole(f, low + (high - low) * (i - 1) / SAMPLES, low + (high - low) * (i + 1) / SAMPLES)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether a peak between two points grows beyond every bound, without a change of sign: that of an even power of a reciprocal. */
  private static boolean isEvenPole(Univariate f, double from, double to) {
    double a = from;
    double b = to;
    double highest = 0;
    for (int i = 0; i < BISECTIONS; i++) {
      double left = a + (b - a) / 3;
      double right = b - (b - a) / 3;
      double atLeft = Math.abs(f.at(left));
      double atRight = Math.abs(f.at(right));
      highest = Math.max(highest, Math.max(atLeft, atRight));
      if (!(highest <= LARGEST)) {
        return true;
      }
      if (atLeft > atRight) {
        b = right;
      } else {
        a = left;
      }
    }
    return highest > PEAK * Math.max(Math.abs(f.at(from)), Math.abs(f.at(to)));
  }

  /**
   * Whether the function grows where its sign changes between two points. One that is nearly 0 over most of an interval, as GELU is of
   * negative numbers, has a small median too, and passes through 0.
   */
  private static boolean isPole(Univariate f, double from, double to) {
    double a = from;
    double b = to;
    for (int i = 0; i < FOLLOWED; i++) {
      double middle = (a + b) / 2;
      if (f.at(middle) == 0) {
        return false;
      }
      if (f.at(a) * f.at(middle) < 0) {
        b = middle;
      } else {
        a = middle;
      }
    }
    return !(Math.max(Math.abs(f.at(a)), Math.abs(f.at(b))) < Math.min(Math.abs(f.at(from)), Math.abs(f.at(to))));
  }
}
