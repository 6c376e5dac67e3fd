// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.rows.OutputTable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** How good answers are, measured by what is true. */
final class Accuracy {
  private Accuracy() {}

  /**
   * For a classifier, the share of rows whose class is the true one; an undecided one is wrong. For a regressor, R², the
   * share of the truths' variance that the answers explain, over the rows that have one.
   */
  static double of(OutputTable outputs, double[] truths, Comparison.Kind kind, boolean[] undecided) {
    int rows = outputs.rows();
    if (rows > truths.length) {
      throw new IllegalArgumentException(rows + " rows and " + truths.length + " truths");
    }
    if (kind == Comparison.Kind.CLASSIFIER) {
      int right = 0;
      for (int r = 0; r < rows; r++) {
        if (!undecided[r] && Comparison.classOf(outputs.row(r)) instanceof Long label && label == Math.round(truths[r])) {
          right++;
        }
      }
      return (double) right / rows;
    }
    int[] answered = IntStream.range(0, rows).filter(r -> outputs.row(r).values().iterator().next().get(0) != null).toArray();
    double mean = Arrays.stream(answered).mapToDouble(r -> truths[r]).average().orElse(0);
    double residual = 0;
    double total = 0;
    for (int r : answered) {
      residual += square(truths[r] - firstNumber(outputs.row(r)));
      total += square(truths[r] - mean);
    }
    return 1 - residual / total;
  }

  private static double firstNumber(Map<String, List<Object>> row) {
    return ((Number) row.values().iterator().next().get(0)).doubleValue();
  }

  private static double square(double value) {
    return value * value;
  }
}
