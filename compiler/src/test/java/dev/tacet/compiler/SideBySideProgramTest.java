// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.SignatureInput;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs of several rows side by side, run in the clear: no row has anything of another. */
class SideBySideProgramTest {
  private static final int ROWS = 4;

  private static double[] weights(int count, long seed) {
    return new SplittableRandom(seed).doubles(count, -0.5, 0.5).toArray();
  }

  /** A map of many features to few values, whose partial sums are folded; with a budget for few keys by one rotation again and again. */
  @ParameterizedTest(name = "{0} features, {1} values, a key budget of 1/{2}")
  @CsvSource({"32, 2, 1", "32, 2, 2", "64, 2, 2"})
  void rowsDoNotMix(int features, int values, int part) {
    List<double[]> sample = TestModels.rows(40, features);
    double[] first = weights(features * values, 1);
    double[] second = weights(values, 2);
    OnnxSource source = TestModels.of(features).constant("w", new long[] {features, values}, first).constant("v", new long[] {values, 1}, second)
        .node("MatMul", "x w", "a").node("Mul", "a a", "b").node("MatMul", "b v", "y").source("y");
    CompileOptions options = CompileOptions.defaults().withCalibration(sample).withPacking(CompileOptions.Packing.LATENCY)
        .withTask(ModelDescription.Task.REGRESSION).withRowsPerRequest(ROWS);
    long free = Compiler.compile(source, options).report().evaluationKeyBytes();
    CompileResult result = Compiler.compile(source, options.withKeyBudget(free / part));
    ModelArtifact artifact = result.artifact();
    assertTrue(result.report().evaluationKeyBytes() <= free / part, result.report().evaluationKeyBytes() + " of " + free + " bytes of keys");
    SignatureInput input = artifact.signature().inputs().get(0);
    double[] slots = input.pack(sample.subList(0, ROWS).toArray(double[][]::new), artifact.parameters().slots());
    CipherOutput output = artifact.signature().cipherOutputs().get(0);
    double[] answers = ReferenceEvaluator.run(artifact.program(), List.of(slots)).get(output.programOutput());
    for (int r = 0; r < ROWS; r++) {
      double[] hidden = TestModels.times(sample.get(r), first, values);
      Arrays.setAll(hidden, i -> hidden[i] * hidden[i]);
      double found = output.factor()[0] * answers[r] + output.offset()[0];
      assertEquals(TestModels.times(hidden, second, 1)[0], found, output.errorBound(), "row " + r);
    }
  }
}
