// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static dev.tacet.compiler.TestModels.reals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scores of LinearClassifier beside onnxruntime's, whose pair of two classes from a single score is no softmax of anything. */
class LinearClassifierTest {
  private static final int FEATURES = 3;
  private static final double[] COEFFICIENTS = {0.5, -1.25, 2, 1.5, 0.25, -0.75, -1, 0.5, 0.125};
  private static final double[] INTERCEPTS = {0.1, -0.2, 0.3};

  private static TestModels model(int rows, int labels, String transform) {
    return TestModels.of(FEATURES).node("ai.onnx.ml.LinearClassifier", "x", "label z",
        reals("coefficients", Arrays.copyOf(COEFFICIENTS, rows * FEATURES)), reals("intercepts", Arrays.copyOf(INTERCEPTS, rows)),
        TestModels.integers("classlabels_ints", Arrays.copyOf(new long[] {4, 7, 9}, labels)), TestModels.text("post_transform", transform));
  }

  private static CompileOptions options() {
    return CompileOptions.defaults().withCalibration(TestModels.rows(60, FEATURES));
  }

  @ParameterizedTest(name = "{0} rows, {1} labels, {2}")
  @CsvSource({"1, 2, NONE", "1, 2, LOGISTIC", "1, 2, SOFTMAX", "2, 2, NONE", "2, 2, LOGISTIC", "2, 2, SOFTMAX", "3, 3, NONE", "3, 3, LOGISTIC",
      "3, 3, SOFTMAX"})
  void scoresAreThoseOfOnnxruntime(int rows, int labels, String transform) throws Exception {
    byte[] onnx = model(rows, labels, transform).output("z", labels);
    CompileResult result = Compiler.compile(OnnxSource.ofBytes("test", onnx), options());
    try (ClearOnnx clear = new ClearOnnx(onnx)) {
      for (double[] row : TestModels.rows(5, FEATURES)) {
        Map<String, List<Object>> expected = clear.run(row);
        double[] seen = ZooTrial.predict(result.artifact(), row).outputs().get("z").toNumbers();
        assertEquals(labels, seen.length);
        for (int i = 0; i < labels; i++) {
          assertEquals((Double) expected.get("z").get(i), seen[i], 1e-4, "score " + i + " of " + Arrays.toString(row));
        }
      }
    }
  }

  @Test
  void anActivationBeforeItIsTheHosts() throws Exception {
    byte[] onnx = TestModels.of(FEATURES).constant("low", new long[0], -1).constant("high", new long[0], 1).node("Clip", "x low high", "c")
        .node("ai.onnx.ml.LinearClassifier", "c", "label z", reals("coefficients", COEFFICIENTS), reals("intercepts", INTERCEPTS),
            TestModels.integers("classlabels_ints", 4, 7, 9), TestModels.text("post_transform", "SOFTMAX")).output("z", 3);
    CompileResult result = Compiler.compile(OnnxSource.ofBytes("test", onnx), options());
    try (ClearOnnx clear = new ClearOnnx(onnx)) {
      double[] row = TestModels.rows(1, FEATURES).get(0);
      double[] seen = ZooTrial.predict(result.artifact(), row).outputs().get("z").toNumbers();
      for (int i = 0; i < 3; i++) {
        assertEquals((Double) clear.run(row).get("z").get(i), seen[i], 0.02);
      }
    }
  }

  @Test
  void scoresThatDoNotFitTheLabelsAreRefused() {
    for (int[] form : new int[][] {{1, 1}, {1, 3}, {2, 3}, {3, 2}}) {
      byte[] onnx = model(form[0], form[1], "NONE").output("z", form[1]);
      assertThrows(UncompilableModelException.class, () -> Compiler.compile(OnnxSource.ofBytes("test", onnx), options()));
    }
  }
}
