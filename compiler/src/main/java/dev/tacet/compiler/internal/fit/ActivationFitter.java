// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.calibrate.Ranges;
import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.ir.Functions;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.pack.Levels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The pass that fits activations: intervals from the sample rows, degrees from the error that the answers show.
 *
 * <p>Degrees are 2^k - 1, the most that k levels allow. All activations start at the least k for which the answers are good
 * enough; then each in turn gives levels back as long as they still are. Where the levels do not suffice for that, levels go one
 * by one to the activation for which the answers gain most. Two fits compete at every degree: least squares weighted by where the
 * sample rows put the activation's input and by what its error does to the answers, and minimax.
 */
public final class ActivationFitter {
  /**
   * The bound that answers carry is the largest error found times this. Of 200 fresh rows each of eleven convolutional networks, those of one
   * erred by 2.0 times as much as its sample rows had shown, those of two more by 1.2 and 1.3 times.
   */
  public static final double ERROR_FACTOR = 2.5;

  private static final int MAX_SEARCH_ROWS = 700;
  private static final int LEAST_SEARCH_ROWS = 240;

  /** The multiplications that one comparison may take before it is made on fewer rows. */
  private static final long SEARCH_WORK = 400_000_000;

  /** The degree for which that is reckoned: functions with a kink are tried up to it and beyond. */
  private static final int HIGH_DEGREE = 255;

  /** A step of the search must make the answers better by this part. */
  private static final double LEAST_GAIN = 0.02;

  private static final int MAX_STEPS = 12;

  /**
   * The room that intervals should have, as a multiple of the margin: of sample rows by the dozen, the tails are known badly, and one
   * fresh row in a thousand leaves an interval with the margin alone.
   */
  private static final double USUAL_ROOM = 1.5;

  /** Wider rooms that cost nothing but accuracy, the widest first. */
  private static final double[] ROOMS = {2.5, 2, 1.75, 1.5, 1.25};

  /** The part of the accuracy that wider intervals than usual may spend. */
  private static final double SHARE_OF_WIDE = 0.75;

  /** A row outside of an interval gets no answer: where a class is chosen, the usual room is worth so many more undecided rows. */
  private static final double OPEN_FOR_ROOM = 0.001;

  /**
   * Intervals of images hold what whole channels take, which is room enough where there are so many sample rows. Fewer do not show what
   * others reach: ten of 400 rows left the intervals that 60 had shown, though the farthest of these let expect none. Wider intervals
   * carry more noise, for which a ring may have no room left (mnist-residual of 100 rows).
   */
  private static final int FEW_IMAGES = 100;

  /** Finer fits take at most so many levels more. */
  private static final int FINER_LEVELS = 2;

  /** They are worth it where they bring the part of rows that are undecided to at most this share of itself, and it is more than enough. */
  private static final double FINER_SHARE = 0.5;

  private static final double FEW_OPEN = 0.0003;

  /** All sets of at most so many activations are tried for one more level. */
  private static final int MAX_FILLED = 5;

  /** The most levels of a minimax fit. */
  private static final int DEEPEST_MINIMAX = 7;

  private final Network network;
  private final AnswerMetric metric;
  private final int deepest;
  private final double accuracy;
  private final double margin;
  private final boolean pixels;
  private final boolean manyImages;
  private final List<double[][]> values = new ArrayList<>();
  private final Map<Integer, Ranges> ranges = new HashMap<>();
  private final Map<String, double[]> densities = new HashMap<>();
  private final Map<String, ActivationFit> fits = new HashMap<>();
  private final Map<String, AnswerMetric.Score> scores = new HashMap<>();
  private final Ranges answers;
  private final Sensitivity sensitivity;
  private Choice last;

  /**
   * Prepares the fits of a network's activations.
   *
   * @param metric compares with the exact answers, over rows that it chose
   * @param maxDegree the highest degree
   * @param accuracy the largest error of an answer, relative to its range
   * @param margin how far an activation's input may leave its range, as a part of it
   */
  public ActivationFitter(
      Network network, SampleRows rows, AnswerMetric metric, int maxDegree, double accuracy, double margin) {
    this.network = network;
    this.metric = metric;
    this.deepest = 31 - Integer.numberOfLeadingZeros(maxDegree + 1);
    this.accuracy = accuracy;
    this.margin = margin;
    this.pixels = rows.near();
    this.manyImages = pixels && rows.data().size() >= FEW_IMAGES;
    values.addAll(network.evaluateAll(rows.all()));
    answers = Ranges.of(network.output(), values, new int[network.output().size()]);
    sensitivity = Sensitivity.of(network, Ranges.scales(answers.low(), answers.high()));
  }

  /** Returns the exact answers' ranges over all rows. */
  public Ranges answers() {
    return answers;
  }

  /** Returns the comparison for the search: on sample data and synthetic rows, on fewer of them where a row takes long. */
  public static AnswerMetric searchMetric(Network network, SampleRows rows) {
    return searchMetric(network, rows, false);
  }

  /**
   * As the method before.
   *
   * @param allMargins whether errors count too where a choice is clear
   */
  public static AnswerMetric searchMetric(Network network, SampleRows rows, boolean allMargins) {
    int most = (int) Math.max(LEAST_SEARCH_ROWS, Math.min(MAX_SEARCH_ROWS, SEARCH_WORK / Math.max(1, network.work(HIGH_DEGREE))));
    int data = Math.min(rows.data().size(), most * 2 / 3);
    List<double[]> chosen = new ArrayList<>(rows.data().subList(0, data));
    chosen.addAll(rows.synthetic().subList(0, Math.min(rows.synthetic().size(), most / 3)));
    return new AnswerMetric(network, chosen, data, allMargins);
  }

  /**
   * Degrees as levels for each activation by id, which of the two fits, and how many times wider than asked for the room beyond
   * the sample rows' ranges is.
   */
  private record Choice(Map<Integer, Integer> depths, boolean minimax, double room) {
    Choice with(int id, int change) {
      Map<Integer, Integer> changed = new TreeMap<>(depths);
      changed.merge(id, change, Integer::sum);
      return new Choice(changed, minimax, room);
    }

    Choice with(double more) {
      return new Choice(depths, minimax, more);
    }
  }

  /**
   * Fits every activation with a limit of levels.
   *
   * @param maxLevels the most levels of the whole program
   * @return the best fit found; it may miss the accuracy. Nothing if even the lowest degrees need more levels
   */
  public Optional<FittedNetwork> within(int maxLevels) {
    if (network.activations().isEmpty()) {
      FittedNetwork linear = new FittedNetwork(network, Map.of());
      return Levels.of(linear).total() > maxLevels ? Optional.empty() : Optional.of(linear);
    }
    Choice roomy = pixels ? null : leastUniform(maxLevels, USUAL_ROOM);
    roomy = roomy == null || meets(roomy) ? roomy : filled(roomy, maxLevels);
    if (roomy != null && meets(roomy)) {
      return Optional.of(found(widened(giveBack(roomy))));
    }
    Choice best = leastUniform(maxLevels, 1);
    if (best == null) {
      return Optional.empty();
    }
    if (!meets(best)) {
      best = filled(best, maxLevels);
    }
    for (int step = 0; step < MAX_STEPS && !meets(best); step++) {
      Choice next = bestStep(best, maxLevels);
      if (next == null) {
        break;
      }
      best = next;
    }
    return Optional.of(found(widened(giveBack(best))));
  }

  private FittedNetwork found(Choice choice) {
    last = choice;
    return fitted(choice);
  }

  /**
   * Returns fits that take a level or two more than those that {@link #within} returned last and leave far fewer rows undecided.
   *
   * @param maxLevels the most levels of the whole program
   * @return the one of the fewest levels; nothing if there is none, no class is chosen, or few rows were undecided
   */
  public Optional<FittedNetwork> finer(int maxLevels) {
    AnswerMetric.Score now = last == null ? null : score(last);
    if (now == null || now.marginBounds().length == 0 || now.open() <= FEW_OPEN) {
      return Optional.empty();
    }
    int most = Math.min(maxLevels, levels(last) + FINER_LEVELS);
    Choice best = null;
    for (Choice candidate : deeper(last)) {
      AnswerMetric.Score score = levels(candidate) > most ? now : score(candidate);
      boolean better = score.open() <= FINER_SHARE * now.open() && score.numberError() <= Math.max(accuracy, now.numberError());
      if (better && (best == null || levels(candidate) < levels(best)
          || levels(candidate) == levels(best) && score.open() < score(best).open())) {
        best = candidate;
      }
    }
    return Optional.ofNullable(best).map(this::fitted);
  }

  /** The least equal degrees that meet the accuracy or, where none do, the best ones; null if the lowest need more levels. */
  private Choice leastUniform(int maxLevels, double room) {
    Choice best = null;
    for (int depth = 2; depth <= deepest; depth++) {
      for (boolean minimax : new boolean[] {false, true}) {
        if (!tries(minimax, depth)) {
          continue;
        }
        Choice uniform = uniform(depth, minimax, room);
        if (levels(uniform) <= maxLevels && (best == null || cost(uniform) < cost(best))) {
          best = uniform;
        }
      }
      if (best == null || meets(best)) {
        break;
      }
    }
    return best;
  }

  /** Whether both fits are worth making at a degree: minimax fits of high degree take long and are seldom the better ones. */
  private static boolean tries(boolean minimax, int depth) {
    return !minimax || depth <= DEEPEST_MINIMAX;
  }

  /** Returns the error that noise should stay well below: half of the least margin bound or, without choices, that of values. */
  public double errorOf(FittedNetwork fitted) {
    if (network.activations().isEmpty()) {
      return 0;
    }
    AnswerMetric.Score score = metric.score(fitted);
    return Math.min(score.valueError(), Arrays.stream(score.marginBounds()).min().orElse(Double.MAX_VALUE) / 2);
  }

  private Choice uniform(int depth, boolean minimax, double room) {
    Map<Integer, Integer> depths = new TreeMap<>();
    network.activations().forEach(activation -> depths.put(activation.id(), depth));
    return new Choice(depths, minimax, room);
  }

  /** The best of the choices with one level more for some of the activations, as far as levels are left. */
  private Choice filled(Choice from, int maxLevels) {
    Choice best = from;
    for (Choice candidate : deeper(from)) {
      if (levels(candidate) <= maxLevels && cost(candidate) < cost(best)) {
        best = candidate;
      }
    }
    return best;
  }

  /** All choices with one level more for some of the activations. */
  private List<Choice> deeper(Choice from) {
    List<Integer> ids = from.depths.keySet().stream()
        .filter(id -> !isExact(id) && from.depths.get(id) < deepest && tries(from.minimax, from.depths.get(id) + 1)).toList();
    List<Choice> result = new ArrayList<>();
    for (int set = 1; set < 1 << Math.min(ids.size(), MAX_FILLED); set++) {
      Choice candidate = from;
      for (int i = 0; i < ids.size(); i++) {
        candidate = (set >> i & 1) == 1 ? candidate.with(ids.get(i), 1) : candidate;
      }
      result.add(candidate);
    }
    return result;
  }

  /** One more level for one activation, perhaps taken from another; null if none of these makes the answers better. */
  private Choice bestStep(Choice from, int maxLevels) {
    Choice best = null;
    for (int up : from.depths.keySet()) {
      if (from.depths.get(up) >= deepest || !tries(from.minimax, from.depths.get(up) + 1) || isExact(up)) {
        continue;
      }
      List<Choice> candidates = new ArrayList<>(List.of(from.with(up, 1)));
      for (int down : from.depths.keySet()) {
        if (down != up && from.depths.get(down) > 2 && !isExact(down)) {
          candidates.add(from.with(up, 1).with(down, -1));
        }
      }
      for (Choice candidate : candidates) {
        if (levels(candidate) <= maxLevels && cost(candidate) < (1 - LEAST_GAIN) * cost(best == null ? from : best)) {
          best = candidate;
        }
      }
    }
    return best;
  }

  private boolean isExact(int id) {
    return network.activations().stream().anyMatch(a -> a.id() == id && a.function().degree() >= 0);
  }

  /** Takes levels away as long as the answers stay good enough or, where they are not, become no worse. */
  private Choice giveBack(Choice from) {
    boolean good = meets(from);
    double limit = cost(from) * (1 + LEAST_GAIN / 2);
    for (int id : List.copyOf(from.depths.keySet())) {
      while (from.depths.get(id) > 2 && !isExact(id)) {
        Choice fewer = from.with(id, -1);
        if (good ? !meets(fewer) : cost(fewer) > limit) {
          break;
        }
        from = fewer;
      }
    }
    return from;
  }

  /** The same degrees on wider intervals, which fewer fresh rows leave, where the answers stay well within what is asked. */
  private Choice widened(Choice from) {
    for (double room : ROOMS) {
      AnswerMetric.Score wide = score(from.with(room));
      double share = room > USUAL_ROOM ? SHARE_OF_WIDE : 1;
      boolean good = meets(from) && wide.meets(accuracy, share);
      boolean worthIt = !manyImages && room <= USUAL_ROOM && wide.servesNearly(score(from), accuracy, OPEN_FOR_ROOM);
      if (room > from.room && (good || worthIt)) {
        return from.with(room);
      }
    }
    return from;
  }

  private boolean meets(Choice choice) {
    return score(choice).meets(accuracy);
  }

  private double cost(Choice choice) {
    return score(choice).cost(accuracy);
  }

  private int levels(Choice choice) {
    return Levels.of(fitted(choice)).total();
  }

  private AnswerMetric.Score score(Choice choice) {
    AnswerMetric.Score known = scores.get(choice.toString());
    if (known == null) {
      known = metric.score(fitted(choice));
      scores.put(choice.toString(), known);
    }
    return known;
  }

  private FittedNetwork fitted(Choice choice) {
    Map<Integer, ActivationFit> chosen = new HashMap<>();
    for (Node.Activation activation : network.activations()) {
      int depth = choice.depths.get(activation.id());
      chosen.put(activation.id(), fits.computeIfAbsent(activation.id() + "/" + depth + "/" + choice.minimax + "/" + choice.room,
          key -> fit(activation, (1 << depth) - 1, choice.minimax, choice.room)));
    }
    return new FittedNetwork(network, chosen);
  }

  private ActivationFit fit(Node.Activation activation, int degree, boolean minimax, double room) {
    Ranges range = ranges.computeIfAbsent(
        activation.id(), id -> Ranges.of(activation.argument(), values, IntervalChooser.channels(activation)));
    IntervalChooser.Intervals intervals = IntervalChooser.choose(activation, range, margin * room, pixels);
    if (activation.function().degree() == 2) {
      return square(activation, intervals, sampleReach(range, intervals));
    }
    double middle = intervals.center()[0];
    double half = intervals.perElement() ? 1 : intervals.halfWidth()[0];
    int own = activation.function().degree();
    boolean exact = own >= 0 && own < 1 << deepest;
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
    } else {
      coefficients = inexact(activation, intervals, target, degree, minimax, room);
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
        intervals.halfWidth(), outputScale, 0, coefficients, exact, error * scale * widest, sampleReach(range, intervals));
  }

  /**
   * The coefficients of an activation that is no polynomial. One that scales (ReLU) is a straight line and a multiple of |x|: with
   * an even polynomial for that, half of the coefficients vanish, and with them products.
   */
  private double[] inexact(
      Node.Activation activation, IntervalChooser.Intervals intervals, double[] target, int degree, boolean minimax,
      double room) {
    int last = target.length - 1;
    double slope = intervals.perElement() ? (target[last] - target[0]) / 2 : 0;
    int stride = intervals.perElement() ? 2 : 1;
    double[] weights = minimax ? null : densities.computeIfAbsent(activation.id() + "/" + room, key -> density(activation, intervals));
    double[] rest = new double[target.length];
    double[] even = new double[target.length];
    double[] grid = Chebyshev.grid();
    for (int i = 0; i <= last; i++) {
      rest[i] = target[i] - slope * grid[i];
      even[i] = minimax || stride == 1 ? 0 : weights[i] + weights[last - i];
    }
    double[] coefficients = minimax ? Chebyshev.minimax(rest, degree, stride)
        : Chebyshev.leastSquares(rest, stride == 1 ? weights : even, degree, stride);
    coefficients[1] += slope;
    return coefficients;
  }

  private static double sampleReach(Ranges ranges, IntervalChooser.Intervals intervals) {
    double reach = 0;
    for (int i = 0; i < ranges.low().length; i++) {
      double from = Math.max(intervals.center()[i] - ranges.low()[i], ranges.high()[i] - intervals.center()[i]);
      reach = Math.max(reach, from / intervals.halfWidth()[i]);
    }
    return reach;
  }

  /** f(x) = a*x^2 + b*x + c = a*(x - m)^2 + (c - a*m^2) with m = -b / 2a. */
  private static ActivationFit square(Node.Activation activation, IntervalChooser.Intervals intervals, double sampleReach) {
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
        outputScale, c - a * middle * middle, new double[] {0.5, 0, 0.5}, true, 0, sampleReach);
  }

  /**
   * Weights on the grid: how often the sample rows put the activation's input near a point, by what an error there does to the
   * answers, plus a floor.
   */
  private double[] density(Node.Activation activation, IntervalChooser.Intervals intervals) {
    int bins = 64;
    double[] counts = new double[bins];
    double[] weight = new double[activation.size()];
    for (int i = 0; i < weight.length; i++) {
      double unit = intervals.perElement() ? intervals.halfWidth()[i] : 1;
      weight[i] = unit * unit * sensitivity.square(activation.id(), i);
    }
    int step = Math.max(1, values.size() * activation.size() / 400_000);
    List<double[][]> sampled = new ArrayList<>();
    for (int r = 0; r < values.size(); r += step) {
      sampled.add(values.get(r));
    }
    for (double[] x : activation.argument().evaluateAll(sampled)) {
      for (int i = 0; i < x.length; i++) {
        double u = (x[i] - intervals.center()[i]) / intervals.halfWidth()[i];
        counts[(int) Math.max(0, Math.min(bins - 1, (u + 1) / 2 * bins))] += weight[i];
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
