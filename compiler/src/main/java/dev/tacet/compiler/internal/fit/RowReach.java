// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.ir.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * How far sample rows drive the inputs of some activations, and from that how many fresh rows of their kind will go farther than a limit.
 * What lies beyond all but the farthest rows is taken to fall off as an exponential, its mean somewhat more than that of the rows there.
 */
public final class RowReach {
  /** The part of the rows that shows how the rest falls off. */
  private static final double TAIL = 0.1;

  private static final int LEAST_IN_TAIL = 15;

  /** So many deviations of the mean are added to it: rows lost count for more than rows that might have been. */
  private static final double DEVIATIONS = 1.5;

  private final double[] reaches;

  /** Of one number a row; at least one. */
  RowReach(double[] reaches) {
    this.reaches = reaches.clone();
    Arrays.sort(this.reaches);
  }

  /**
   * Measures.
   *
   * @param rows sample data, at least one row
   * @param activations by id
   */
  public static RowReach of(FittedNetwork fitted, List<double[]> rows, Set<Integer> activations) {
    double[] reaches = new double[rows.size()];
    List<double[][]> values = fitted.evaluateAll(rows);
    for (Node.Activation activation : fitted.network().activations()) {
      if (activations.contains(activation.id())) {
        ActivationFit fit = fitted.fits().get(activation.id());
        List<double[]> arguments = activation.argument().evaluateAll(values);
        for (int r = 0; r < reaches.length; r++) {
          reaches[r] = Math.max(reaches[r], fit.reachOf(arguments.get(r)));
        }
      }
    }
    return new RowReach(reaches);
  }

  /** Returns the part of fresh rows that is to be expected beyond a limit, a part of the intervals. */
  public double beyond(double limit) {
    int tail = Math.min((reaches.length + 1) / 2, Math.max(LEAST_IN_TAIL, (int) (TAIL * reaches.length)));
    double from = reaches[reaches.length - tail];
    if (limit <= from) {
      return 1;
    }
    double mean = 0;
    for (int i = reaches.length - tail; i < reaches.length; i++) {
      mean += (reaches[i] - from) / tail;
    }
    mean *= 1 + DEVIATIONS / Math.sqrt(tail);
    return mean == 0 ? 0 : (double) tail / reaches.length * Math.exp((from - limit) / mean);
  }
}
