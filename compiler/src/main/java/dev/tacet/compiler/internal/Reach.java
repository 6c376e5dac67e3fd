// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Guard;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.fit.FarRows;
import dev.tacet.compiler.internal.fit.RowReach;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.he.CipherOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * How unlike the sample rows a row may be to get an answer, and what errors the farthest such rows have. Where these are not much larger
 * than those of the sample rows, as a rule, answers' bounds allow for them. Where they are many times as large, as those of a product with an
 * exponential, whose values grow with it, guards let pass less of the activations' intervals: answers that say nothing help
 * nobody. They are not narrowed so far that ordinary rows would be left without an answer ({@link RowReach}). Bounds of margins leave at most one sample row in a hundred undecided on account of far rows; where these err by more, a
 * note says so.
 *
 * @param width what guards let pass beyond the sample rows, of 0 to 1; see {@link Guard#limit}
 * @param near whether errors there are not many times as large, or nothing is fitted that could make them less
 * @param values the largest error of each value there
 * @param margins the errors of each choice's margins there
 * @param mostMargins what bounds of margins may be on their account
 */
record Reach(double width, boolean near, double[] values, double[] margins, double[] mostMargins) {
  /** What is tried in turn. */
  private static final double[] WIDTHS = {1, 0.6, 0.35, 0.2, 0.1, 0};

  /** What far rows may have, in bounds of the sample rows, before guards are narrowed. */
  private static final double MUCH = 4;

  /**
   * The largest error of a margin of far rows that are images, in bounds of the choice. Those of rows like the sample rows, all but one in 200
   * near a decision, are a half to a quarter of it in most networks, and every row within the bound is undecided.
   */
  private static final double TOLERATED = 2;

  /** The part of the sample rows that may be undecided on account of far rows. */
  private static final double UNDECIDED = 0.01;

  /** The part of fresh rows of the sample rows' kind that narrowed guards may leave without an answer, as these let expect. */
  private static final double LOST = 0.01;

  /** What rows farther than those that were found may add to the errors of values. */
  private static final double FARTHER = 1.25;

  /** Rows that are looked for. */
  private static final int ROWS = 1000;

  private static final int LEAST_ROWS = 40;

  /** Where a row takes long, there are fewer: all together take about this many multiplications. */
  private static final double WORK = 1e9;

  /**
   * Finds it.
   *
   * @param sample the sample rows
   * @param score of these
   * @param errorBounds of the values, by the sample rows
   * @param noise of each decrypted value
   * @param computed what computes decrypted values, without noise
   */
  static Reach of(Plan plan, Emission emission, SampleRows sample, AnswerMetric metric, AnswerMetric.Score score, double[] errorBounds,
      double[] noise, UnaryOperator<List<double[]>> computed) {
    Reach reach = null;
    List<RowReach> ordinary = null;
    for (double width : WIDTHS) {
      if (reach != null) {
        ordinary = ordinary != null ? ordinary
            : emission.guards().stream().map(guard -> RowReach.of(plan.fitted(), sample.data(), Set.copyOf(guard.activations()))).toList();
        if (lost(emission.guards(), ordinary, width) > LOST) {
          return reach;
        }
      }
      List<double[]> rows = rows(plan, emission, sample, width);
      AnswerMetric.Far far = metric.far(rows, computed.apply(rows), noise);
      double[] margins = Arrays.stream(far.margins()).map(margin -> margin / (sample.near() ? TOLERATED : 1)).toArray();
      // Where nothing is fitted, there are no closer fits to look for.
      boolean near = plan.fitted().network().activations().isEmpty() || isNear(far.values(), margins, score, errorBounds, noise);
      reach = new Reach(width, near, far.values(), margins, metric.marginsOf(UNDECIDED));
      if (reach.near || emission.guards().isEmpty()) {
        return reach;
      }
    }
    return reach;
  }

  private static double lost(List<Guard> guards, List<RowReach> ordinary, double width) {
    return IntStream.range(0, guards.size()).mapToDouble(g -> ordinary.get(g).beyond(guards.get(g).limit(width))).sum();
  }

  /** Returns the reach of a model whose errors do not depend on the row. */
  static Reach everywhere(AnswerMetric.Score score) {
    double[] none = new double[score.marginBounds().length];
    return new Reach(1, true, new double[score.valueErrors().length], none, none);
  }

  /** Returns the bounds of the values' errors, given those by the sample rows. */
  double[] errorBounds(double[] nearBounds, double[] noise) {
    double[] bounds = nearBounds.clone();
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = Math.max(bounds[i], FARTHER * values[i] + noise[i]);
    }
    return bounds;
  }

  /** Returns the bounds of the margins' errors, given those by the sample rows. */
  double[] marginBounds(AnswerMetric.Score score) {
    double[] bounds = score.marginBounds().clone();
    for (int c = 0; c < bounds.length; c++) {
      bounds[c] = Math.max(bounds[c], Math.min(margins[c], mostMargins[c]));
    }
    return bounds;
  }

  /**
   * Returns what the report says where guards are narrowed, and where margins' bounds do not hold for far rows.
   *
   * @param marginBounds of the choices
   */
  List<String> notes(double[] marginBounds) {
    List<String> notes = new ArrayList<>();
    if (width < 1) {
      notes.add(String.format(Locale.ROOT, "errors grow many times beyond the sample rows: guards let pass %.0f %% of what activations' intervals"
          + " have beyond these, and a row that goes farther gets no answer", 100 * width));
    }
    for (int c = 0; c < marginBounds.length; c++) {
      if (margins[c] > marginBounds[c]) {
        notes.add(String.format(Locale.ROOT, "a class is undecided where it leads by less than %.2g; rows unlike all sample rows, their features in other"
            + " combinations say, may err by %.2g and be decided wrongly: a bound for these would leave more than one sample row in a hundred undecided",
            marginBounds[c], margins[c]));
      }
    }
    return notes;
  }

  private static boolean isNear(double[] values, double[] margins, AnswerMetric.Score score, double[] errorBounds, double[] noise) {
    boolean near = true;
    for (int c = 0; c < margins.length; c++) {
      near &= margins[c] <= MUCH * score.marginBounds()[c];
    }
    for (int i = 0; i < errorBounds.length; i++) {
      near &= FARTHER * values[i] + noise[i] <= MUCH * errorBounds[i];
    }
    return near;
  }

  private static List<double[]> rows(Plan plan, Emission emission, SampleRows sample, double width) {
    Network network = plan.fitted().network();
    Map<Integer, Double> limits = new HashMap<>();
    for (Guard guard : emission.guards()) {
      guard.activations().forEach(id -> limits.put(id, guard.limit(width)));
    }
    CipherOutput value = emission.outputs().get(0);
    double[] factor = value.factor();
    double[] offset = value.offset();
    int count = (int) Math.max(LEAST_ROWS, Math.min(ROWS, WORK / FarRows.RUNS / Math.max(1, network.work())));
    return FarRows.of(plan.fitted(), plan.features(), sample.all(), sample.near(), count, limits, output -> {
      for (int i = 0; i < output.length; i++) {
        if (!(Math.abs(output[i] - offset[i]) <= value.bound() * Math.abs(factor[i]))) {
          return false;
        }
      }
      return true;
    });
  }
}
