// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Compares answers with those of the exact model, end to end: numbers, labels, and labels that become undecided. */
public final class AnswerMetric {
  private final Network network;
  private final List<double[]> rows;
  private final int dataRows;
  private final List<double[]> exact = new ArrayList<>();
  private final List<Map<String, OutputValue>> answers = new ArrayList<>();
  private final boolean labelsOnly;
  private final boolean probability;
  private final double[] low;
  private final double[] high;

  /**
   * What a comparison found.
   *
   * @param numberError the largest error of a number among the answers, relative to that number's range over the rows; of a
   *     decrypted value where the answers are labels only
   * @param agreement the part of the data rows whose class is equal and decided: the label, else the largest of several
   *     numbers; 1 where the model gives one number that is no probability
   * @param valueError the largest error of a decrypted value over all rows, in output units
   * @param valueErrors the same for each decrypted value
   */
  public record Score(double numberError, double agreement, double valueError, double[] valueErrors) {
    /** Returns whether the answers are good enough. */
    public boolean meets(double accuracy) {
      return numberError <= accuracy && agreement >= 0.99;
    }

    /** Returns whether this score is better than another. */
    public boolean betterThan(Score other, double accuracy) {
      return cost(accuracy) < other.cost(accuracy);
    }

    private double cost(double accuracy) {
      return numberError / accuracy + (1 - agreement) / 0.01;
    }
  }

  /** What computes decrypted values for a row of features. */
  public interface Evaluator {
    /** Returns the decrypted values. */
    double[] output(double[] row);
  }

  /**
   * Prepares the exact answers.
   *
   * @param rows the rows compared, the first dataRows of which are sample data
   */
  public AnswerMetric(Network network, List<double[]> rows, int dataRows) {
    this.network = network;
    this.rows = List.copyOf(rows);
    this.dataRows = dataRows;
    for (double[] row : rows) {
      double[] output = network.output().evaluate(network.evaluate(row));
      exact.add(output);
      answers.add(network.tail().run(Map.of(network.outputName(), output)));
    }
    probability = network.tail().nodes().stream().anyMatch(node -> node.op() == TailOp.SIGMOID);
    labelsOnly = numbers(answers.get(0)).length == 0;
    int numbers = labelsOnly ? network.output().size() : numbers(answers.get(0)).length;
    low = new double[numbers];
    high = new double[numbers];
    java.util.Arrays.fill(low, Double.POSITIVE_INFINITY);
    java.util.Arrays.fill(high, Double.NEGATIVE_INFINITY);
    for (int r = 0; r < dataRows; r++) {
      double[] values = labelsOnly ? exact.get(r) : numbers(answers.get(r));
      for (int i = 0; i < numbers; i++) {
        low[i] = Math.min(low[i], values[i]);
        high[i] = Math.max(high[i], values[i]);
      }
    }
  }

  /** Returns the exact decrypted values of row r. */
  public double[] exact(int r) {
    return exact.get(r).clone();
  }

  /** Returns the number of rows compared. */
  public int size() {
    return rows.size();
  }

  /**
   * Compares.
   *
   * @param factor by what the largest error found is multiplied to make the bound that decides labels
   * @param noise added to the bound
   */
  public Score score(Evaluator evaluator, double factor, double noise) {
    List<double[]> outputs = new ArrayList<>();
    double[] errors = new double[network.output().size()];
    for (int r = 0; r < rows.size(); r++) {
      double[] output = evaluator.output(rows.get(r));
      outputs.add(output);
      for (int i = 0; i < output.length; i++) {
        errors[i] = Math.max(errors[i], Math.abs(output[i] - exact.get(r)[i]));
      }
    }
    double valueError = java.util.Arrays.stream(errors).max().orElse(0);
    if (!(valueError <= Double.MAX_VALUE)) {
      return new Score(Double.MAX_VALUE, 0, Double.MAX_VALUE, errors);
    }
    double numberError = 0;
    int agreed = 0;
    for (int r = 0; r < rows.size(); r++) {
      Postprocessing.Result result = network.tail().run(Map.of(network.outputName(), outputs.get(r)),
          Map.of(network.outputName(), factor * valueError + noise));
      double[] expected = labelsOnly ? exact.get(r) : numbers(answers.get(r));
      double[] actual = labelsOnly ? outputs.get(r) : numbers(result.outputs());
      for (int i = 0; i < expected.length; i++) {
        double range = high[i] - low[i];
        double scale = range > 0 ? range : Math.max(Math.abs(high[i]), 1e-9);
        numberError = Math.max(numberError, Math.abs(actual[i] - expected[i]) / scale);
      }
      if (r < dataRows && decided(result, answers.get(r))) {
        agreed++;
      }
    }
    return new Score(numberError, dataRows == 0 ? 1 : (double) agreed / dataRows, valueError, errors);
  }

  /** Whether the row's class is the exact model's and lies beyond the error: the label, else the largest of several numbers. */
  private boolean decided(Postprocessing.Result result, Map<String, OutputValue> expected) {
    List<OutputValue> labels = labels(expected);
    if (!labels.isEmpty()) {
      return result.undecided().isEmpty() && labels.equals(labels(result.outputs()));
    }
    for (Map.Entry<String, OutputValue> output : result.outputs().entrySet()) {
      double[] values = output.getValue().toNumbers();
      double bound = result.errorBounds().get(output.getKey());
      if (values.length == 1) {
        if (probability && Math.abs(values[0] - 0.5) < bound) {
          return false;
        }
        continue;
      }
      double[] sorted = values.clone();
      java.util.Arrays.sort(sorted);
      if (sorted[sorted.length - 1] - sorted[sorted.length - 2] < 2 * bound) {
        return false;
      }
    }
    return true;
  }

  private static double[] numbers(Map<String, OutputValue> answer) {
    return answer.values().stream().filter(value -> !isLabel(value))
        .flatMapToDouble(value -> java.util.Arrays.stream(value.toNumbers())).toArray();
  }

  private static List<OutputValue> labels(Map<String, OutputValue> answer) {
    return answer.values().stream().filter(AnswerMetric::isLabel).toList();
  }

  private static boolean isLabel(OutputValue value) {
    return value instanceof OutputValue.Integers || value instanceof OutputValue.Strings;
  }
}
