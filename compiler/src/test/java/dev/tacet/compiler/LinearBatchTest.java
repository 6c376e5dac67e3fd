// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A linear model has one prime in the throughput packing, and must not be refused for its precision. */
class LinearBatchTest {
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyLinearClassifierHasAProgram(long seed) {
    Random random = new Random(seed);
    int features = 9 + random.nextInt(64);
    int classes = 2 + random.nextInt(4);
    double[] weights = random.doubles((long) features * classes, -1, 1).map(w -> 2 * w).toArray();
    TestModels model = TestModels.of(features).constant("w", new long[] {features, classes}, weights)
        .node("MatMul", "x w", "s").node("Softmax", "s", "y", TestModels.integer("axis", 1));
    List<double[]> rows = TestModels.rows(200, features);
    CompileReport report = Compiler.compile(model.source("y"),
        CompileOptions.defaults().withPacking(CompileOptions.Packing.THROUGHPUT).withCalibration(rows)).report();
    assertTrue(report.agreement() >= 0.98, features + " features, " + classes + " classes: " + report.agreement());
    assertEquals(0, report.evaluationKeys(), "no key");
  }
}
