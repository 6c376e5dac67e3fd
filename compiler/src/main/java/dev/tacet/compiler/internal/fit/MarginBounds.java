// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What the error of the decrypted values does to the choices of the client's tail: to the difference of two scores, or to the
 * distance of a score from its threshold.
 *
 * <p>Errors of scores that rise and fall together do not change a choice, and errors where the choice is clear do not matter: a
 * choice's bound comes from the differences' own errors on rows whose margin is no more than a few times the bound.
 */
final class MarginBounds {
  /** Rows whose margin is below this many times the bound are the evidence for it. */
  private static final double WINDOW = 4;

  /** At least this many of the smallest margins are evidence. */
  private static final int LEAST_EVIDENCE = 100;

  /**
   * The part of the margins near a decision whose error may be larger than the bound: one in 200. A class is wrong only where such an
   * error meets a margin that it turns around, while every row below the bound is undecided.
   */
  private static final double OUTLIERS = 0.005;

  private final boolean allMargins;
  private final List<TailNode> choices;
  private final Postprocessing toScores;
  private final List<double[][]> exact = new ArrayList<>();

  /**
   * Prepares the exact scores.
   *
   * @param tail the client's end of the model
   * @param decrypted the exact decrypted values of each row
   */
  MarginBounds(Postprocessing tail, List<double[]> decrypted) {
    this(tail, decrypted, false);
  }

  /**
   * As the constructor before.
   *
   * @param allMargins whether errors count of margins far from a decision too
   */
  MarginBounds(Postprocessing tail, List<double[]> decrypted, boolean allMargins) {
    this.allMargins = allMargins;
    choices = tail.nodes().stream().filter(node -> node.op().chooses()).toList();
    List<TailNode> numeric = tail.nodes().stream().filter(node -> !node.op().terminal()).toList();
    List<String> scores = choices.stream().map(node -> node.inputs().get(0)).distinct().toList();
    toScores = scores.isEmpty() ? null : new Postprocessing(tail.inputs(), numeric, scores);
    decrypted.forEach(values -> exact.add(scores(values)));
  }

  /**
   * Returns an error of a score that leaves few rows undecided: an eighth of the margin that one row in a hundred is below, taken as a
   * quarter of that of four in a hundred, since one in a hundred of some hundreds is chance; infinity where nothing is chosen.
   */
  double tolerableError() {
    double[] nearest = new double[exact.size()];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    for (int r = 0; r < nearest.length; r++) {
      for (int c = 0; c < choices.size(); c++) {
        nearest[r] = Math.min(nearest[r], margin(c, r).orElse(Double.POSITIVE_INFINITY));
      }
    }
    Arrays.sort(nearest);
    return nearest[nearest.length * 4 / 100] / 4 / 8;
  }

  /**
   * Returns for each choice the margin that a part of the rows lie below, of the first ones.
   *
   * @param share 0 to 1
   */
  double[] marginsOf(double share, int rows) {
    double[] result = new double[choices.size()];
    for (int c = 0; c < result.length; c++) {
      double[] nearest = new double[rows];
      for (int r = 0; r < rows; r++) {
        nearest[r] = margin(c, r).orElse(0);
      }
      Arrays.sort(nearest);
      result[c] = rows == 0 ? 0 : nearest[(int) Math.min(rows - 1, share * rows)];
    }
    return result;
  }

  /**
   * Returns the part of the first rows that these bounds are expected to leave open, smoothed as in {@link Found}.
   *
   * @param bounds one per choice
   */
  double open(double[] bounds, int rows) {
    double[] nearest = new double[rows];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < bounds.length; c++) {
        nearest[r] = Math.min(nearest[r], margin(c, r).orElse(Double.POSITIVE_INFINITY) / Math.max(bounds[c], 1e-300));
      }
    }
    return within(nearest, 0, rows);
  }

  /** The margin by which an exact row makes a choice; nothing where there is no other to choose. */
  private OptionalDouble margin(int choice, int row) {
    double[] scores = exact.get(row)[choice];
    return evidence(choices.get(choice), scores, scores).stream().mapToDouble(Evidence::margin).min();
  }

  /** Returns whether the tail chooses anything. */
  boolean any() {
    return !choices.isEmpty();
  }

  /** Returns the choices, in the tail's order. */
  List<TailNode> choices() {
    return choices;
  }

  /** One margin: of the chosen class over another, or of a score over its threshold; with the error that it has. */
  private record Evidence(double margin, double error) {}

  /**
   * What the rows show.
   *
   * @param bounds one per choice
   * @param open the part of the rows that a choice leaves open, smoothed: a quarter of those within four times the bound
   * @param doubt the standard error of that part, which is large where rows are few
   */
  record Found(double[] bounds, double open, double doubt) {}

  /**
   * Compares.
   *
   * @param decrypted the fitted network's decrypted values of each row
   * @param dataRows how many of the rows, the first ones, are sample data
   * @param noise what noise adds to the error of each decrypted value; what the steps before a choice make of it counts
   */
  Found of(List<double[]> decrypted, int dataRows, double[] noise) {
    double[] bounds = new double[choices.size()];
    double[] nearest = new double[decrypted.size()];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    List<double[][]> scores = decrypted.stream().map(this::scores).toList();
    double[] noises = noiseOfScores(decrypted, noise);
    for (int c = 0; c < choices.size(); c++) {
      List<List<Evidence>> rows = new ArrayList<>();
      List<Evidence> all = new ArrayList<>();
      for (int r = 0; r < decrypted.size(); r++) {
        List<Evidence> row = evidence(choices.get(c), scores.get(r)[c], exact.get(r)[c]);
        rows.add(row);
        all.addAll(row);
      }
      bounds[c] = bound(all) + ofNoise(c, noises[c]);
      for (int r = 0; r < rows.size(); r++) {
        for (Evidence e : rows.get(r)) {
          nearest[r] = Math.min(nearest[r], e.margin / Math.max(bounds[c], 1e-300));
        }
      }
    }
    double data = within(nearest, 0, dataRows);
    double doubt = doubt(data, dataRows);
    if (dataRows == nearest.length) {
      return new Found(bounds, data, doubt);
    }
    double synthetic = within(nearest, dataRows, nearest.length);
    return new Found(bounds, (data + synthetic) / 2, Math.hypot(doubt, doubt(synthetic, nearest.length - dataRows)) / 2);
  }

  /**
   * Returns the largest error of each choice's margins, noise included, wherever they are: of rows unlike the sample rows few lie near a decision.
   *
   * @param decrypted as in {@link #of}
   * @param noise likewise
   */
  double[] largest(List<double[]> decrypted, double[] noise) {
    double[] bounds = new double[choices.size()];
    double[] noises = noiseOfScores(decrypted, noise);
    for (int r = 0; r < decrypted.size(); r++) {
      double[][] scores = scores(decrypted.get(r));
      for (int c = 0; c < bounds.length; c++) {
        for (Evidence e : evidence(choices.get(c), scores[c], exact.get(r)[c])) {
          bounds[c] = Math.max(bounds[c], e.error + ofNoise(c, noises[c]));
        }
      }
    }
    return bounds;
  }

  /** What noise of a score does to a choice's margin: the difference of two scores, or of one to a threshold. */
  private double ofNoise(int choice, double noise) {
    return (choices.get(choice).op() == TailOp.THRESHOLD_LABEL ? 1 : 2) * noise;
  }

  private static double within(double[] nearest, int from, int to) {
    long near = Arrays.stream(nearest, from, to).filter(ratio -> ratio < WINDOW).count();
    return to == from ? 0 : near / WINDOW / (to - from);
  }

  /** The standard error of a part that was counted over WINDOW times as many rows. */
  private static double doubt(double part, int rows) {
    return rows == 0 ? 0 : Math.sqrt(part / (WINDOW * rows));
  }

  private double[][] scores(double[] decrypted) {
    double[][] result = new double[choices.size()][];
    if (toScores == null) {
      return result;
    }
    Map<String, OutputValue> values = toScores.run(Map.of(toScores.inputs().get(0), decrypted));
    for (int c = 0; c < result.length; c++) {
      result[c] = values.get(choices.get(c).inputs().get(0)).toNumbers();
    }
    return result;
  }

  /**
   * What an error of the decrypted values does at most to the scores of each choice, on any row whose errors are bounded: a sigmoid passes
   * on a quarter.
   */
  private double[] noiseOfScores(List<double[]> decrypted, double[] noise) {
    double[] result = new double[choices.size()];
    double most = Arrays.stream(noise).max().orElse(0);
    if (toScores == null || most == 0) {
      return result;
    }
    String input = toScores.inputs().get(0);
    for (double[] values : decrypted) {
      Map<String, Double> errors = toScores.runMeasured(Map.of(input, values), Map.of(input, noise)).errorBounds();
      for (int c = 0; c < result.length; c++) {
        double error = errors.get(choices.get(c).inputs().get(0));
        result[c] = error <= Double.MAX_VALUE ? Math.max(result[c], error) : result[c];
      }
    }
    return Arrays.stream(result).map(error -> error == 0 ? most : error).toArray();
  }

  private static List<Evidence> evidence(TailNode choice, double[] actual, double[] expected) {
    List<Evidence> result = new ArrayList<>();
    if (choice.op() == TailOp.THRESHOLD_LABEL) {
      result.add(new Evidence(Math.abs(actual[0] - choice.numbers()[0]), Math.abs(actual[0] - expected[0])));
      return result;
    }
    boolean smallest = choice.op() == TailOp.TOP_INDICES && choice.integers()[2] == 0;
    int sign = choice.op() == TailOp.ARGMIN || smallest ? -1 : 1;
    int size = choice.op() == TailOp.LABEL || choice.integers().length == 0 ? actual.length : (int) choice.integers()[0];
    for (int start = 0; start < actual.length; start += size) {
      int best = start;
      for (int i = start + 1; i < start + size; i++) {
        best = sign * actual[i] > sign * actual[best] ? i : best;
      }
      for (int i = start; i < start + size; i++) {
        if (i != best) {
          double margin = sign * (actual[best] - actual[i]);
          result.add(new Evidence(margin, Math.abs(margin - sign * (expected[best] - expected[i]))));
        }
      }
    }
    return result;
  }

  /** The error that all margins but {@link #OUTLIERS} have among those below WINDOW times itself, or among all. */
  private double bound(List<Evidence> evidence) {
    Evidence[] sorted = evidence.toArray(Evidence[]::new);
    Arrays.sort(sorted, (a, b) -> Double.compare(a.margin, b.margin));
    double[] largest = new double[1 + (int) (OUTLIERS * sorted.length)];  // the largest errors so far, descending
    double bound = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (!allMargins && i >= LEAST_EVIDENCE && sorted[i].margin > WINDOW * bound) {
        break;
      }
      double error = sorted[i].error;
      for (int k = 0; k < largest.length && error > 0; k++) {
        double smaller = Math.min(error, largest[k]);
        largest[k] = Math.max(error, largest[k]);
        error = smaller;
      }
      bound = largest[(int) (OUTLIERS * (i + 1))];
    }
    return bound;
  }
}
