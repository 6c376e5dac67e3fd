// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.pack.Levels;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where levels are left, they go to rows near a decision. */
class FinerFitsTest {
  private static final int LEVELS = 20;

  private static Network network(boolean classifier) {
    TestModels model = TestModels.of(3).constant("w", new long[] {3, 3}, 1, -2, 0.5, 1.5, 1, -1, 0.3, 0.7, 2)
        .constant("v", new long[] {3, 2}, 1, 2, -1, 0.5, -0.7, 1)
        .node("MatMul", "x w", "a").node("Tanh", "a", "b").node("MatMul", "b v", "s");
    return Lowering.lower(OnnxReader.read((classifier ? model.node("ArgMax", "s", "y", TestModels.integer("axis", 1)) : model)
        .source(classifier ? "y" : "s")), 3);
  }

  private static SampleRows rows(Network network) {
    return SampleRows.of(network, TestModels.rows(400, 3), List.of());
  }

  private static ActivationFitter fitter(Network network, AnswerMetric metric) {
    return new ActivationFitter(network, rows(network), metric, 255, 0.05, 0.4);
  }

  @Test
  void aLevelOrTwoMoreLeaveHalfAsManyRowsUndecided() {
    Network network = network(true);
    AnswerMetric metric = ActivationFitter.searchMetric(network, rows(network));
    ActivationFitter fitter = fitter(network, metric);
    assertEquals(Optional.empty(), fitter.finer(LEVELS), "before any fit");
    FittedNetwork first = fitter.within(LEVELS).orElseThrow();
    int levels = Levels.of(first).total();
    double open = metric.score(first).open();
    assertTrue(open > 0.0003, open + " of the rows at " + levels + " levels");
    FittedNetwork finer = fitter.finer(LEVELS).orElseThrow();
    int more = Levels.of(finer).total() - levels;
    assertTrue(more == 1 || more == 2, more + " levels more");
    assertTrue(metric.score(finer).open() <= open / 2, metric.score(finer).open() + " of " + open);
    assertTrue(fitter.finer(levels).isEmpty(), "no level is left");
  }

  @Test
  void whereNothingIsChosenTheAccuracyDecidesAlone() {
    Network network = network(false);
    ActivationFitter fitter = fitter(network, ActivationFitter.searchMetric(network, rows(network)));
    assertTrue(fitter.within(LEVELS).isPresent());
    assertEquals(Optional.empty(), fitter.finer(LEVELS));
  }
}
