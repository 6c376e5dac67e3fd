// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Rows as unlike the sample rows as still get an answer: on lines as far out as every activation stays in its interval, every value in its
 * bound, and features, cut at theirs, change at all. Lines go from the middle of the sample rows or from one of them through another,
 * and, where rows are no images, through one of which some features are another row's, or at an end. Polynomials are least exact near the ends of their
 * intervals, and where activations are multiplied with each other, one's error counts as many times as the other is large.
 */
public final class FarRows {
  private static final long SEED = 0xfa44L;

  /** Rows beyond this many distances from where a line begins are not looked for. */
  private static final double FARTHEST = 16;

  private static final int HALVINGS = 7;

  /** How often each row is run, about. */
  public static final int RUNS = HALVINGS + 2;

  private FarRows() {}

  /**
   * Finds rows; the same input gives the same rows.
   *
   * @param features the accepted bounds
   * @param rows sample rows
   * @param images whether they are images or series: features of several rows together are none
   * @param count how many rows are looked for
   * @param limits the part of its interval that an activation's input may take, by the activation's id; all of it where none is given
   * @param answers whether decrypted values are within their bounds
   * @return up to count rows; fewer where sample rows themselves are outside
   */
  public static List<double[]> of(
      FittedNetwork fitted, FeatureBounds features, List<double[]> rows, boolean images, int count, Map<Integer, Double> limits,
      Predicate<double[]> answers) {
    if (rows.size() < 2) {
      return List.of();
    }
    SplittableRandom random = new SplittableRandom(SEED);
    double[] middle = middle(rows);
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double[] row = rows.get(random.nextInt(rows.size()));
      double[] other = rows.get(random.nextInt(rows.size()));
      int kind = i % (images ? 2 : 4);
      double[] through = kind == 2 ? mixed(other, row, random) : kind == 3 ? atEnds(other, features, random) : row;
      lines.add(new Line(features, kind == 0 ? middle : other, through));
    }
    double[] inside = new double[count];
    double[] outside = new double[count];
    Arrays.fill(outside, FARTHEST);
    boolean[] begins = inside(fitted, lines.stream().map(line -> line.at(0)).toList(), limits, answers);
    for (int step = 0; step < HALVINGS; step++) {
      double[] at = new double[count];
      // Distances are halved as ratios beyond the row that the line goes through.
      Arrays.setAll(at, i -> inside[i] < 1 ? Math.min(1, outside[i] / 2) : Math.sqrt(inside[i] * outside[i]));
      boolean[] held = inside(fitted, IntStream.range(0, count).mapToObj(i -> lines.get(i).at(at[i])).toList(), limits, answers);
      for (int i = 0; i < count; i++) {
        (held[i] ? inside : outside)[i] = at[i];
      }
    }
    return IntStream.range(0, count).filter(i -> begins[i]).mapToObj(i -> lines.get(i).at(inside[i])).toList();
  }

  /** A line through two rows; beyond a feature's bounds a row has the bound. */
  private record Line(FeatureBounds features, double[] from, double[] through) {
    double[] at(double distance) {
      double[] row = new double[from.length];
      double[] low = features.low();
      double[] high = features.high();
      Arrays.setAll(row, i -> Math.max(low[i], Math.min(high[i], from[i] + distance * (through[i] - from[i]))));
      return row;
    }
  }

  /** A row with about half of another's features. */
  private static double[] mixed(double[] row, double[] other, SplittableRandom random) {
    double[] mixed = row.clone();
    for (int i = 0; i < mixed.length; i++) {
      mixed[i] = random.nextBoolean() ? other[i] : mixed[i];
    }
    return mixed;
  }

  /** A row with one feature, or some, at an end of what is accepted. */
  private static double[] atEnds(double[] row, FeatureBounds features, SplittableRandom random) {
    double[] moved = row.clone();
    for (int several = 1 + (random.nextBoolean() ? random.nextInt(row.length) : 0); several > 0; several--) {
      int feature = random.nextInt(row.length);
      moved[feature] = (random.nextBoolean() ? features.low() : features.high())[feature];
    }
    return moved;
  }

  private static double[] middle(List<double[]> rows) {
    double[] middle = new double[rows.get(0).length];
    for (double[] row : rows) {
      for (int i = 0; i < middle.length; i++) {
        middle[i] += row[i] / rows.size();
      }
    }
    return middle;
  }

  /** Whether each row stays inside. */
  private static boolean[] inside(FittedNetwork fitted, List<double[]> rows, Map<Integer, Double> limits, Predicate<double[]> answers) {
    boolean[] inside = new boolean[rows.size()];
    List<double[][]> values = fitted.evaluateAll(rows);
    List<double[]> outputs = fitted.network().output().evaluateAll(values);
    for (int r = 0; r < inside.length; r++) {
      inside[r] = answers.test(outputs.get(r));
    }
    for (Node.Activation activation : fitted.network().activations()) {
      ActivationFit fit = fitted.fits().get(activation.id());
      double limit = limits.getOrDefault(activation.id(), 1.0);
      List<double[]> arguments = activation.argument().evaluateAll(values);
      for (int r = 0; r < inside.length; r++) {
        inside[r] &= fit.holds(arguments.get(r), limit);
      }
    }
    return inside;
  }
}
