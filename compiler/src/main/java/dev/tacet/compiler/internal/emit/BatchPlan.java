// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.calibrate.SampleRows;

/**
 * What the throughput packing needs beside the plan: where the values of the sample rows lie, for the rounding of weights.
 *
 * @param plan the plan
 * @param mean by node, the mean of each element over the sample rows, in the node's own units
 */
public record BatchPlan(Plan plan, double[][] mean) {
  /** Computes the means. */
  public static BatchPlan of(Plan plan, SampleRows rows) {
    int nodes = plan.fitted().network().nodes().size();
    double[][] mean = new double[nodes][];
    for (int k = 0; k < nodes; k++) {
      mean[k] = new double[plan.fitted().network().nodes().get(k).size()];
    }
    for (double[] row : rows.data()) {
      double[][] values = plan.fitted().evaluate(row);
      for (int k = 0; k < nodes; k++) {
        for (int i = 0; i < mean[k].length; i++) {
          mean[k][i] += values[k][i] / rows.data().size();
        }
      }
    }
    return new BatchPlan(plan, mean);
  }
}
