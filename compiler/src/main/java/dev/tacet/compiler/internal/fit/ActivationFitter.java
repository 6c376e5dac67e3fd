// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.calibrate.Ranges;
import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.ir.Functions;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The pass that fits activations: intervals from the sample rows, degrees from the error that the answers show.
 *
 * <p>Degrees are 2^k - 1, the most that k levels allow. All activations start at the least k for which the answers meet the
 * accuracy; then each in turn gives levels back as long as they still do. Two fits compete at every degree: least squares
 * weighted by where the sample rows put the activation's input, and minimax.
 */
public final class ActivationFitter {
  /** The bound that answers carry is the largest error found times this. */
  public static final double ERROR_FACTOR = 1.1;

  private static final int MAX_SEARCH_ROWS = 700;

  private final Network network;
  private final SampleRows rows;
  private final AnswerMetric metric;
  private final int maxDegree;
  private final double accuracy;
  private final double margin;
  private final List<double[][]> values = new ArrayList<>();
  private final Map<Integer, Ranges> ranges = new HashMap<>();
  private final Map<String, ActivationFit> cache = new HashMap<>();

  private ActivationFitter(
      Network network, SampleRows rows, AnswerMetric metric, int maxDegree, double accuracy, double margin) {
    this.network = network;
    this.rows = rows;
    this.metric = metric;
    this.maxDegree = maxDegree;
    this.accuracy = accuracy;
    this.margin = margin;
  }

  /**
   * Fits every activation.
   *
   * @param metric compares with the exact answers, over rows that it chose
   * @param maxDegree the highest degree
   * @param accuracy the largest error of an answer, relative to its range
   * @param margin how far an activation's input may leave its range, as a part of it
   * @return the best fit found; it may miss the accuracy
   */
  public static FittedNetwork fit(
      Network network, SampleRows rows, AnswerMetric metric, int maxDegree, double accuracy, double margin) {
    if (network.activations().isEmpty()) {
      return new FittedNetwork(network, Map.of());
    }
    return new ActivationFitter(network, rows, metric, maxDegree, accuracy, margin).run();
  }

  /** Returns the rows on which fits are compared: at most a fixed number, sample data first. */
  public static List<double[]> searchRows(SampleRows rows) {
    int data = Math.min(rows.data().size(), MAX_SEARCH_ROWS * 2 / 3);
    List<double[]> result = new ArrayList<>(rows.data().subList(0, data));
    result.addAll(rows.synthetic().subList(0, Math.min(rows.synthetic().size(), MAX_SEARCH_ROWS / 3)));
    return result;
  }

  private FittedNetwork run() {
    for (double[] row : rows.all()) {
      values.add(network.evaluate(row));
    }
    int deepest = 31 - Integer.numberOfLeadingZeros(maxDegree + 1);
    Map<Integer, Integer> best = null;
    AnswerMetric.Score bestScore = null;
    boolean minimax = false;
    for (int depth = 2; depth <= deepest; depth++) {
      for (boolean method : new boolean[] {false, true}) {
        Map<Integer, Integer> depths = uniform(depth);
        AnswerMetric.Score score = score(depths, method);
        if (bestScore == null || score.betterThan(bestScore, accuracy)) {
          best = depths;
          bestScore = score;
          minimax = method;
        }
      }
      if (bestScore.meets(accuracy)) {
        break;
      }
    }
    if (bestScore.meets(accuracy)) {
      best = giveBack(best, minimax);
    }
    return fitted(best, minimax);
  }

  private Map<Integer, Integer> uniform(int depth) {
    Map<Integer, Integer> depths = new TreeMap<>();
    network.activations().forEach(activation -> depths.put(activation.id(), depth));
    return depths;
  }

  private Map<Integer, Integer> giveBack(Map<Integer, Integer> depths, boolean minimax) {
    for (Node.Activation activation : network.activations()) {
      while (depths.get(activation.id()) > 2 && activation.function().degree() < 0) {
        Map<Integer, Integer> fewer = new TreeMap<>(depths);
        fewer.merge(activation.id(), -1, Integer::sum);
        if (!score(fewer, minimax).meets(accuracy)) {
          break;
        }
        depths = fewer;
      }
    }
    return depths;
  }

  private AnswerMetric.Score score(Map<Integer, Integer> depths, boolean minimax) {
    return metric.score(fitted(depths, minimax)::output, ERROR_FACTOR, 0);
  }

  private FittedNetwork fitted(Map<Integer, Integer> depths, boolean minimax) {
    Map<Integer, ActivationFit> fits = new HashMap<>();
    for (Node.Activation activation : network.activations()) {
      int depth = depths.get(activation.id());
      fits.put(activation.id(), cache.computeIfAbsent(activation.id() + "/" + depth + "/" + minimax,
          key -> fit(activation, (1 << depth) - 1, minimax)));
    }
    return new FittedNetwork(network, fits);
  }

  private ActivationFit fit(Node.Activation activation, int degree, boolean minimax) {
    Ranges range = ranges.computeIfAbsent(activation.id(), id -> Ranges.of(activation.argument(), values));
    IntervalChooser.Intervals intervals = IntervalChooser.choose(activation, range, margin);
    if (activation.function().degree() == 2) {
      return square(activation, intervals);
    }
    double middle = intervals.center()[0];
    double half = intervals.perElement() ? 1 : intervals.halfWidth()[0];
    int own = activation.function().degree();
    boolean exact = own >= 0 && own <= maxDegree;
    double[] grid = Chebyshev.grid();
    double[] target = new double[grid.length];
    double scale = 0;
    for (int i = 0; i < grid.length; i++) {
      target[i] = activation.function().at(middle + half * grid[i]);
      scale = Math.max(scale, Math.abs(target[i]));
    }
    scale = Math.max(scale, 1e-300);
    for (int i = 0; i < grid.length; i++) {
      target[i] /= scale;
    }
    double[] coefficients;
    if (exact) {
      double unit = scale;
      coefficients = Chebyshev.interpolate(u -> activation.function().at(middle + half * u) / unit, own);
    } else if (minimax) {
      coefficients = Chebyshev.minimax(target, degree);
    } else {
      coefficients = Chebyshev.leastSquares(target, density(activation, intervals), degree);
    }
    double error = 0;
    for (int i = 0; i < grid.length; i++) {
      error = Math.max(error, Math.abs(Chebyshev.evaluate(coefficients, grid[i]) - target[i]));
    }
    double[] outputScale = new double[activation.size()];
    double widest = 1;
    for (int i = 0; i < outputScale.length; i++) {
      outputScale[i] = scale * (intervals.perElement() ? intervals.halfWidth()[i] : 1);
      widest = Math.max(widest, outputScale[i] / scale);
    }
    return new ActivationFit(activation.id(), Functions.name(activation.function()), intervals.center(),
        intervals.halfWidth(), outputScale, 0, coefficients, exact, error * scale * widest);
  }

  /** f(x) = a*x^2 + b*x + c = a*(x - m)^2 + (c - a*m^2) with m = -b / 2a. */
  private static ActivationFit square(Node.Activation activation, IntervalChooser.Intervals intervals) {
    double c = activation.function().at(0);
    double a = (activation.function().at(1) + activation.function().at(-1)) / 2 - c;
    double middle = IntervalChooser.vertex(activation.function());
    int size = activation.size();
    double[] center = new double[size];
    double[] outputScale = new double[size];
    Arrays.fill(center, middle);
    for (int i = 0; i < size; i++) {
      outputScale[i] = a * intervals.halfWidth()[i] * intervals.halfWidth()[i];
    }
    return new ActivationFit(activation.id(), Functions.name(activation.function()), center, intervals.halfWidth(),
        outputScale, c - a * middle * middle, new double[] {0.5, 0, 0.5}, true, 0);
  }

  /** Weights on the grid: how often the sample rows put the activation's input near a point, plus a floor. */
  private double[] density(Node.Activation activation, IntervalChooser.Intervals intervals) {
    int bins = 64;
    double[] counts = new double[bins];
    int step = Math.max(1, values.size() * activation.size() / 400_000);
    for (int r = 0; r < values.size(); r += step) {
      double[] x = activation.argument().evaluate(values.get(r));
      for (int i = 0; i < x.length; i++) {
        double u = (x[i] - intervals.center()[i]) / intervals.halfWidth()[i];
        counts[(int) Math.max(0, Math.min(bins - 1, (u + 1) / 2 * bins))]++;
      }
    }
    double[] smooth = new double[bins];
    for (int i = 0; i < bins; i++) {
      for (int j = Math.max(0, i - 3); j <= Math.min(bins - 1, i + 3); j++) {
        smooth[i] += counts[j] * (4 - Math.abs(i - j));
      }
    }
    double highest = Arrays.stream(smooth).max().orElse(1);
    double[] grid = Chebyshev.grid();
    double[] weights = new double[grid.length];
    for (int i = 0; i < grid.length; i++) {
      double spacing = Math.sqrt(Math.max(0, 1 - grid[i] * grid[i])) + 0.01;
      int bin = (int) Math.max(0, Math.min(bins - 1, (grid[i] + 1) / 2 * bins));
      weights[i] = (smooth[bin] / Math.max(highest, 1e-300) + 0.02) * spacing;
    }
    return weights;
  }
}
