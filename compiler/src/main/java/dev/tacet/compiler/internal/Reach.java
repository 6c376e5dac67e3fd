// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Guard;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.fit.FarRows;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.he.CipherOutput;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How unlike the sample rows a row may be to get an answer, and what errors the farthest such rows have. Where these are not much larger
 * than those of the sample rows, as a rule, answers' bounds allow for them. Where they are many times as large, as those of a product with an
 * exponential, whose values grow with it, guards let pass less of the activations' intervals: answers that say nothing help
 * nobody.
 *
 * @param width what guards let pass beyond the sample rows, of 0 to 1; see {@link Guard#limit}
 * @param near whether errors there are not many times as large
 * @param far the errors there
 */
record Reach(double width, boolean near, AnswerMetric.Far far) {
  /** What is tried in turn. */
  private static final double[] WIDTHS = {1, 0.6, 0.35, 0.2, 0.1, 0};

  /** What far rows may have, in bounds of the sample rows, before guards are narrowed. */
  private static final double MUCH = 4;

  /**
   * The largest error of a margin of far rows, in bounds of the choice. Those of rows like the sample rows, all but one in 200 near a
   * decision, are a half to a quarter of it in most networks, and every row within the bound is undecided.
   */
  private static final double TOLERATED = 2;

  /** What rows farther than those that were found may add to the errors of values. */
  private static final double FARTHER = 1.25;

  /** Rows that are looked for. */
  private static final int ROWS = 240;

  private static final int LEAST_ROWS = 40;

  /** Where a row takes long, there are fewer: all together take about this many multiplications. */
  private static final double WORK = 1e9;

  /**
   * Finds it.
   *
   * @param score of the sample rows
   * @param errorBounds of the values, by the sample rows
   * @param noise of each decrypted value
   * @param values what computes decrypted values, without noise
   */
  static Reach of(Plan plan, Emission emission, AnswerMetric metric, AnswerMetric.Score score, double[] errorBounds, double[] noise,
      UnaryOperator<List<double[]>> values) {
    Reach reach = null;
    for (double width : WIDTHS) {
      List<double[]> rows = rows(plan, emission, metric.rows(), width);
      AnswerMetric.Far far = metric.far(rows, values.apply(rows), noise);
      reach = new Reach(width, isNear(far, score, errorBounds, noise), far);
      if (reach.near || emission.guards().isEmpty()) {
        return reach;
      }
    }
    return reach;
  }

  /** Returns the reach of a model whose errors do not depend on the row. */
  static Reach everywhere(AnswerMetric.Score score) {
    return new Reach(1, true, new AnswerMetric.Far(new double[score.valueErrors().length], new double[score.marginBounds().length]));
  }

  /** Returns the bounds of the values' errors, given those by the sample rows. */
  double[] errorBounds(double[] nearBounds, double[] noise) {
    double[] bounds = nearBounds.clone();
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = Math.max(bounds[i], FARTHER * far.values()[i] + noise[i]);
    }
    return bounds;
  }

  /** Returns the bounds of the margins' errors, given those by the sample rows. */
  double[] marginBounds(AnswerMetric.Score score) {
    double[] bounds = score.marginBounds().clone();
    for (int c = 0; c < bounds.length; c++) {
      bounds[c] = Math.max(bounds[c], far.margins()[c] / TOLERATED);
    }
    return bounds;
  }

  /** Returns what the report says where guards are narrowed. */
  Optional<String> note() {
    return width == 1 ? Optional.empty() : Optional.of(String.format(Locale.ROOT,
        "errors grow many times beyond the sample rows: guards let pass %.0f %% of what activations' intervals have beyond these, and a row that goes"
            + " farther gets no answer", 100 * width));
  }

  private static boolean isNear(AnswerMetric.Far far, AnswerMetric.Score score, double[] errorBounds, double[] noise) {
    boolean near = true;
    for (int c = 0; c < far.margins().length; c++) {
      near &= far.margins()[c] / TOLERATED <= MUCH * score.marginBounds()[c];
    }
    for (int i = 0; i < errorBounds.length; i++) {
      near &= FARTHER * far.values()[i] + noise[i] <= MUCH * errorBounds[i];
    }
    return near;
  }

  private static List<double[]> rows(Plan plan, Emission emission, List<double[]> rows, double width) {
    Network network = plan.fitted().network();
    if (network.activations().isEmpty()) {
      return List.of();
    }
    Map<Integer, Double> limits = new HashMap<>();
    for (Guard guard : emission.guards()) {
      guard.activations().forEach(id -> limits.put(id, guard.limit(width)));
    }
    CipherOutput value = emission.outputs().get(0);
    double[] factor = value.factor();
    double[] offset = value.offset();
    int count = (int) Math.max(LEAST_ROWS, Math.min(ROWS, WORK / FarRows.RUNS / Math.max(1, network.work())));
    return FarRows.of(plan.fitted(), plan.features(), rows, count, limits, output -> {
      for (int i = 0; i < output.length; i++) {
        if (!(Math.abs(output[i] - offset[i]) <= value.bound() * Math.abs(factor[i]))) {
          return false;
        }
      }
      return true;
    });
  }
}
