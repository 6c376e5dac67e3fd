// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.terminal;

import java.util.Locale;

/** Numbers with their units, short enough for a table, always with a decimal point. */
public final class Units {
  private Units() {}

  /** Bytes as B, KiB, MiB or GiB: "131 KiB". */
  public static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    String[] names = {"KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < names.length - 1) {
      value /= 1024;
      unit++;
    }
    return significant(value) + " " + names[unit];
  }

  /** Milliseconds as µs, ms, s or min: "12.3 ms". */
  public static String milliseconds(double milliseconds) {
    if (Double.isNaN(milliseconds)) {
      return "-";
    }
    if (milliseconds < 1) {
      return significant(milliseconds * 1000) + " µs";
    }
    if (milliseconds < 1000) {
      return significant(milliseconds) + " ms";
    }
    if (milliseconds < 120_000) {
      return significant(milliseconds / 1000) + " s";
    }
    return significant(milliseconds / 60_000) + " min";
  }

  /** A share as a percentage with two decimals: "99.30 %". */
  public static String percent(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  /** An error, a distance: two digits and an exponent, "3.1e-07"; null is one that is not finite. */
  public static String error(Double value) {
    return value == null ? "not finite" : value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
  }

  /** A number for reading: six significant digits without trailing zeros. */
  public static String number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Double.toString(value);
    }
    if (value == Math.rint(value) && Math.abs(value) < 1e9) {
      return Long.toString((long) value);
    }
    double magnitude = Math.abs(value);
    if (magnitude >= 1e7 || magnitude < 1e-4) {
      return String.format(Locale.ROOT, "%.3e", value);
    }
    int decimals = Math.max(0, 5 - (int) Math.floor(Math.log10(magnitude)));
    return String.format(Locale.ROOT, "%." + Math.min(decimals, 6) + "f", value);
  }

  /** Three significant digits, no exponent. */
  private static String significant(double value) {
    if (value >= 100) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    return String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
  }
}
