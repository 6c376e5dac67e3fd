// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.internal.ir.Network;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Values of the sample rows that lie so far from all others that they are probably mistakes. They are used like the others, since what a
 * model is served with may be as rare; but ranges follow them, and every other row pays with precision.
 */
public final class Outliers {
  /** Fewer rows do not show where rows of their kind usually lie. */
  private static final int LEAST_ROWS = 10;

  /** Nine rows in ten lie between these. */
  private static final double TAIL = 0.05;

  /** How many times as far from the median as nine rows in ten spread: heavy tails of incomes or counts reach half of it. */
  private static final double FAR = 20;

  /** The same where ranges are declared: within them a rare value is meant. */
  private static final double FAR_WITHIN_RANGES = 50;

  private Outliers() {}

  /**
   * Describes the value that lies farthest out, and says how many rows have one; nothing where there is none. What a pixel seldom takes and
   * others often do is none.
   *
   * @param declared whether the features' ranges are declared
   */
  public static Optional<String> note(Network network, List<double[]> rows, boolean declared) {
    double limit = declared ? FAR_WITHIN_RANGES : FAR;
    if (rows.size() < LEAST_ROWS) {
      return Optional.empty();
    }
    int features = rows.get(0).length;
    double[] medians = new double[features];
    double[] spreads = new double[features];
    for (int j = 0; j < features; j++) {
      int feature = j;
      double[] values = rows.stream().mapToDouble(row -> row[feature]).sorted().toArray();
      int tail = Math.max(1, (int) (TAIL * values.length));
      medians[j] = values[values.length / 2];
      spreads[j] = values[values.length - 1 - tail] - values[tail];
    }
    for (List<Integer> channel : AlikeFeatures.channels(network)) {
      double usual = AlikeFeatures.usual(channel.stream().mapToDouble(j -> spreads[j]).toArray());
      channel.forEach(j -> spreads[j] = Math.max(spreads[j], usual));
    }
    boolean[] far = new boolean[rows.size()];
    int worstRow = -1;
    int worstFeature = -1;
    double worst = limit;
    for (int j = 0; j < features; j++) {
      if (!(spreads[j] > 0)) {
        continue;
      }
      for (int r = 0; r < far.length; r++) {
        double distance = Math.abs(rows.get(r)[j] / spreads[j] - medians[j] / spreads[j]);
        far[r] |= distance > limit;
        if (distance > worst) {
          worst = distance;
          worstRow = r;
          worstFeature = j;
        }
      }
    }
    if (worstRow < 0) {
      return Optional.empty();
    }
    long others = 0;
    for (boolean each : far) {
      others += each ? 1 : 0;
    }
    others--;
    return Optional.of(String.format(Locale.ROOT,
        "row %d of the %d sample rows has %.4g as feature %d (both from 0), %.2g times as far from the median as nine rows in ten spread%s: the accepted"
            + " range follows it, which costs all other rows precision; correct or remove it if it is a mistake",
        worstRow, rows.size(), rows.get(worstRow)[worstFeature], worstFeature, worst,
        others == 0 ? "" : ", and " + others + " other " + (others == 1 ? "row is" : "rows are") + " like it"));
  }
}
