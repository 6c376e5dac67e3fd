// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * Sample rows without those made ones that functions which end somewhere, a logarithm, a root or a quotient, do not have: rows on lines
 * beyond two rows of positive numbers have negative ones, and say nothing of rows to come.
 */
public final class DefinedRows {
  private DefinedRows() {}

  /**
   * Returns the rows.
   *
   * @param rows whose sample data every function of the network has; others are returned as they are
   */
  public static SampleRows of(Network network, SampleRows rows) {
    List<double[][]> data = network.evaluateAll(rows.data());
    List<double[][]> made = network.evaluateAll(rows.synthetic());
    boolean[] undefined = new boolean[made.size()];
    for (Node.Activation activation : network.activations()) {
      mark(activation, activation.argument().evaluateAll(data), activation.argument().evaluateAll(made), undefined);
    }
    List<double[]> kept = new ArrayList<>();
    for (int r = 0; r < undefined.length; r++) {
      if (!undefined[r]) {
        kept.add(rows.synthetic().get(r));
      }
    }
    return new SampleRows(rows.data(), List.copyOf(kept), rows.near());
  }

  /** Marks the made rows that drive an activation beyond the sample data on a side where its function ends on the way. */
  private static void mark(Node.Activation activation, List<double[]> data, List<double[]> made, boolean[] undefined) {
    double[] seen = range(data, new boolean[data.size()]);
    double[] all = range(made, undefined);
    if (!(seen[0] <= seen[1]) || !Domain.holds(activation.function(), seen[0], seen[1])) {
      return;
    }
    boolean endsBelow = all[0] < seen[0] && !Domain.holds(activation.function(), all[0], seen[1]);
    boolean endsAbove = all[1] > seen[1] && !Domain.holds(activation.function(), seen[0], all[1]);
    for (int r = 0; r < undefined.length; r++) {
      for (double x : made.get(r)) {
        undefined[r] |= Double.isNaN(x) || endsBelow && x < seen[0] || endsAbove && x > seen[1];
      }
    }
  }

  private static double[] range(List<double[]> values, boolean[] left) {
    double[] range = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    for (int r = 0; r < values.size(); r++) {
      for (double x : left[r] ? new double[0] : values.get(r)) {
        range[0] = Math.min(range[0], x);
        range[1] = Math.max(range[1], x);
      }
    }
    return range;
  }
}
