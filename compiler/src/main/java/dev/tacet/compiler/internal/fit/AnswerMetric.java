// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.calibrate.Ranges;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares answers with those of the exact model, end to end: numbers, choices, and choices that become undecided. */
public final class AnswerMetric {
  /** The part of rows that may be undecided: the sample rows are often those trained on, whose margins are wider than others'. */
  private static final double MAX_OPEN = 0.002;

  /** Where a class is chosen, an error of this many times the accuracy in the numbers beside it does not count as a miss. */
  private static final double SLACK_OF_NUMBERS = 4;

  /** Numbers beside a class that are worse by this factor are nearly as good. */
  private static final double NEARLY = 1.5;

  /** The error of a number that the client's steps leave undefined, a root of what came out negative say; fewer of them are better. */
  private static final double UNDEFINED = 1e3;

  private final Network network;
  private final List<double[]> rows;
  private final int dataRows;
  private final List<double[]> exact = new ArrayList<>();
  private final List<Map<String, OutputValue>> answers = new ArrayList<>();
  private final MarginBounds margins;
  private final boolean labelsOnly;
  private final double[] scales;

  /**
   * What a comparison found.
   *
   * @param numberError the largest error of a number among the answers, relative to that number's range over the rows ({@link Ranges#scales});
   *     of a decrypted value where the answers are labels only
   * @param agreement the part of the data rows whose choices are equal and decided; 1 where the model chooses nothing
   * @param open the part of rows of this kind that are expected to be undecided
   * @param openDoubt the standard error of that part
   * @param valueErrors the largest error of each decrypted value over all rows, in output units
   * @param marginBounds for each choice of the tail, the bound of its margins' errors
   */
  public record Score(
      double numberError, double agreement, double open, double openDoubt, double[] valueErrors, double[] marginBounds) {
    /** Returns the largest error of a decrypted value over all rows, in output units. */
    public double valueError() {
      return java.util.Arrays.stream(valueErrors).max().orElse(0);
    }

    /** Returns the widest bound of a choice's margins; 0 where nothing is chosen. */
    public double widestMargin() {
      return java.util.Arrays.stream(marginBounds).max().orElse(0);
    }

    /** Returns whether the answers are good enough. */
    public boolean meets(double accuracy) {
      return meets(accuracy, 1);
    }

    /** Returns whether the answers spend no more than a share of what is good enough. */
    boolean meets(double accuracy, double share) {
      return numberError <= share * accuracy && open <= share * MAX_OPEN;
    }

    /**
     * Returns whether the answers serve, though the search may aim at better ones: where a class is chosen, what counts is
     * that rows are decided.
     *
     * @param mostOpen the part of rows that may be undecided
     */
    public boolean serves(double accuracy, double mostOpen) {
      return serves(accuracy, mostOpen, 0);
    }

    /**
     * Returns whether the rows do not show that the answers miss: as {@link #serves}, but more open rows than that count only as
     * far as their number is no chance of few rows.
     */
    public boolean isNotShownToMiss(double accuracy, double mostOpen) {
      return serves(accuracy, mostOpen, openDoubt);
    }

    /**
     * Returns whether classes are chosen, and these answers serve nearly as well as others.
     *
     * @param more the part of rows that may be undecided beyond the others'
     */
    boolean servesNearly(Score other, double accuracy, double more) {
      return marginBounds.length > 0 && open <= other.open + more
          && numberError <= Math.max(SLACK_OF_NUMBERS * accuracy, NEARLY * other.numberError);
    }

    private boolean serves(double accuracy, double mostOpen, double doubt) {
      return marginBounds.length == 0 ? numberError <= accuracy
          : numberError <= SLACK_OF_NUMBERS * accuracy && open - doubt <= mostOpen && agreement >= 1 - 2 * mostOpen;
    }

    /** Returns how far the answers are from good enough: at most 2 where they are. */
    public double cost(double accuracy) {
      return numberError / accuracy + open / MAX_OPEN;
    }
  }

  /**
   * Prepares the exact answers.
   *
   * @param rows the rows compared, the first dataRows of which are sample data
   */
  public AnswerMetric(Network network, List<double[]> rows, int dataRows) {
    this(network, rows, dataRows, false);
  }

  /**
   * As the constructor before.
   *
   * @param allMargins whether errors count too where a choice is clear: where activations are multiplied with each other, few rows near a
   *     decision say little of others
   */
  AnswerMetric(Network network, List<double[]> rows, int dataRows, boolean allMargins) {
    this.network = network;
    this.rows = List.copyOf(rows);
    this.dataRows = dataRows;
    for (double[] output : network.output().evaluateAll(network.evaluateAll(rows))) {
      exact.add(output);
      answers.add(network.tail().run(Map.of(network.outputName(), output)));
    }
    margins = new MarginBounds(network.tail(), exact, allMargins);
    labelsOnly = numbers(answers.get(0)).length == 0;
    int numbers = labelsOnly ? network.output().size() : numbers(answers.get(0)).length;
    double[] low = new double[numbers];
    double[] high = new double[numbers];
    java.util.Arrays.fill(low, Double.POSITIVE_INFINITY);
    java.util.Arrays.fill(high, Double.NEGATIVE_INFINITY);
    for (int r = 0; r < dataRows; r++) {
      double[] values = labelsOnly ? exact.get(r) : numbers(answers.get(r));
      for (int i = 0; i < numbers; i++) {
        low[i] = Math.min(low[i], values[i]);
        high[i] = Math.max(high[i], values[i]);
      }
    }
    scales = Ranges.scales(low, high);
  }

  /** Returns the exact decrypted values of row r. */
  public double[] exact(int r) {
    return exact.get(r).clone();
  }

  /** Returns an error of a decrypted value that leaves few rows undecided; infinity where nothing is chosen. */
  public double tolerableError() {
    return margins.tolerableError();
  }

  /** Returns for each choice the margin that a part of the sample data lies below. */
  public double[] marginsOf(double share) {
    return margins.marginsOf(share, dataRows);
  }

  /**
   * Returns the part of rows like the sample data that bounds of margins are expected to leave undecided: a quarter of those that lead by less than
   * four bounds.
   *
   * @param marginBounds one per choice
   */
  public double openWithin(double[] marginBounds) {
    return margins.open(marginBounds, dataRows);
  }

  /** Returns the rows compared. */
  public List<double[]> rows() {
    return rows;
  }

  /** Returns the number of rows compared. */
  public int size() {
    return rows.size();
  }

  /**
   * Compares.
   *
   * @param fitted what computes the decrypted values, without noise
   */
  public Score score(FittedNetwork fitted) {
    return score(fitted.outputs(rows), new double[network.output().size()]);
  }

  /**
   * As {@link #score(FittedNetwork)}, for decrypted values that were computed otherwise.
   *
   * @param outputs one array for each row
   * @param noise what noise adds to the error of each decrypted value
   */
  public Score score(List<double[]> outputs, double[] noise) {
    double[] errors = new double[network.output().size()];
    boolean finite = true;
    for (int r = 0; r < rows.size(); r++) {
      double[] output = outputs.get(r);
      for (int i = 0; i < output.length; i++) {
        errors[i] = Math.max(errors[i], Math.abs(output[i] - exact.get(r)[i]));
        finite &= errors[i] <= Double.MAX_VALUE;
      }
    }
    if (!finite) {
      return new Score(Double.MAX_VALUE, 0, 1, 0, errors, new double[margins.choices().size()]);
    }
    MarginBounds.Found found = margins.of(outputs, dataRows, noise);
    Postprocessing tail = withMarginBounds(network.tail(), found.bounds());
    double numberError = 0;
    int agreed = 0;
    int undefined = 0;
    for (int r = 0; r < rows.size(); r++) {
      Map<String, double[]> row = Map.of(network.outputName(), outputs.get(r));
      Postprocessing.Result result = margins.any() ? tail.runByMargins(row) : tail.run(row, Map.of());
      double[] expected = labelsOnly ? exact.get(r) : numbers(answers.get(r));
      double[] actual = labelsOnly ? outputs.get(r) : numbers(result.outputs());
      for (int i = 0; i < expected.length; i++) {
        double error = Math.abs(actual[i] - expected[i]) / scales[i];
        if (error <= Double.MAX_VALUE) {
          numberError = Math.max(numberError, error);
        } else if (Math.abs(expected[i]) <= Double.MAX_VALUE) {
          undefined++;
        }
      }
      agreed += r < dataRows && result.undecided().isEmpty() && labels(answers.get(r)).equals(labels(result.outputs())) ? 1 : 0;
    }
    numberError = undefined == 0 ? numberError : Math.max(numberError, UNDEFINED + undefined);
    return new Score(numberError, dataRows == 0 ? 1 : (double) agreed / dataRows, found.open(), found.doubt(), errors, found.bounds());
  }

  /**
   * The errors of rows unlike the sample rows.
   *
   * @param values the largest of each decrypted value, in output units
   * @param margins for each choice of the tail, the largest error of its margins
   */
  public record Far(double[] values, double[] margins) {}

  /**
   * Compares decrypted values of other rows than the sample rows.
   *
   * @param others the rows; those whose values are no numbers in the exact model do not count
   * @param outputs one array for each row
   * @param noise what noise adds to the error of each decrypted value
   */
  public Far far(List<double[]> others, List<double[]> outputs, double[] noise) {
    List<double[]> right = new ArrayList<>();
    List<double[]> computed = new ArrayList<>();
    double[] errors = new double[network.output().size()];
    List<double[]> all = network.output().evaluateAll(network.evaluateAll(others));
    for (int r = 0; r < all.size(); r++) {
      if (java.util.Arrays.stream(all.get(r)).allMatch(Double::isFinite)) {
        right.add(all.get(r));
        computed.add(outputs.get(r));
        for (int i = 0; i < errors.length; i++) {
          errors[i] = Math.max(errors[i], Math.abs(all.get(r)[i] - outputs.get(r)[i]));
        }
      }
    }
    MarginBounds found = new MarginBounds(network.tail(), right);
    return new Far(errors, right.isEmpty() ? new double[found.choices().size()] : found.largest(computed, noise));
  }

  /** Returns the tail with the bounds of its choices' margins. */
  public static Postprocessing withMarginBounds(Postprocessing tail, double[] bounds) {
    List<TailNode> nodes = new ArrayList<>();
    int next = 0;
    for (TailNode node : tail.nodes()) {
      nodes.add(node.op().chooses() ? node.withMarginBound(bounds[next++]) : node);
    }
    return new Postprocessing(tail.inputs(), nodes, tail.outputs());
  }

  private static double[] numbers(Map<String, OutputValue> answer) {
    return answer.values().stream().filter(value -> !isLabel(value))
        .flatMapToDouble(value -> java.util.Arrays.stream(value.toNumbers())).toArray();
  }

  private static Map<String, OutputValue> labels(Map<String, OutputValue> answer) {
    Map<String, OutputValue> labels = new HashMap<>(answer);
    labels.values().removeIf(value -> !isLabel(value));
    return labels;
  }

  private static boolean isLabel(OutputValue value) {
    return value instanceof OutputValue.Integers || value instanceof OutputValue.Strings;
  }
}
