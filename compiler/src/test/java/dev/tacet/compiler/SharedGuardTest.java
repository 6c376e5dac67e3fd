// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.compiler.internal.simulate.FunctionInputs;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.SignatureInput;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The guards of several activations share one ciphertext, and each still tells when its own activation's input leaves its interval. */
class SharedGuardTest {
  private static final List<double[]> ROWS = TestModels.rows(100, 3);

  /** A tanh of the first two features, four wide, and a sigmoid of the third, two wide. */
  private static ModelArtifact model() {
    double[] first = {1, -0.5, 0.25, 0.75, 0.5, 1, -1, 0.25, 0, 0, 0, 0};
    double[] second = {0, 0, 0, 0, 1, -1};
    double[] sum = {0.5, 1, -1, 0.75};
    double[] rest = {1, 0.5};
    return Compiler.compile(
        TestModels.of(3).constant("w1", new long[] {3, 4}, first).constant("w2", new long[] {3, 2}, second)
            .constant("v1", new long[] {4, 1}, sum).constant("v2", new long[] {2, 1}, rest)
            .node("MatMul", "x w1", "a").node("Tanh", "a", "t").node("MatMul", "x w2", "b").node("Sigmoid", "b", "s")
            .node("MatMul", "t v1", "p").node("MatMul", "s v2", "q").node("Add", "p q", "y").source("y"),
        CompileOptions.defaults().withCalibration(ROWS).withMargin(0)).artifact();
  }

  private static CipherOutput guard(ModelArtifact artifact) {
    List<CipherOutput> guards = artifact.signature().cipherOutputs().stream()
        .filter(output -> output.kind().guards()).toList();
    assertEquals(1, guards.size());
    return guards.get(0);
  }

  private static double[] guardSlots(ModelArtifact artifact, double[] row) {
    SignatureInput input = artifact.signature().inputs().get(0);
    double[] slots = input.pack(row, artifact.parameters().slots());
    CipherOutput guard = guard(artifact);
    return guard.slotsOf(ReferenceEvaluator.run(artifact.program(), List.of(slots)).get(guard.programOutput()), slots.length);
  }

  @Test
  void oneCiphertextCarriesTheInputsOfAllActivations() throws Exception {
    ModelArtifact artifact = model();
    CipherOutput guard = guard(artifact);
    assertEquals(6, guard.count());
    assertEquals(CipherOutput.Kind.IMAGINARY_GUARD, guard.kind());
    assertEquals(1, artifact.program().outputTypes().size());  // the answer's own ciphertext
    assertTrue(guard.period() >= 6, "period " + guard.period());
    assertTrue(guard.slotError() <= 0.1, "slot error " + guard.slotError());
    for (double[] row : ROWS) {
      guard.unpack(guardSlots(artifact, row), null, 0);
    }
    SlotNoise.isWithinHalfOfTheSlotError(() -> EncryptedTrial.run(artifact, ROWS.subList(0, 2)).worst());
  }

  @Test
  void theReportHasTheTimeOfEveryLayerOfTheProgram() throws Exception {
    ModelArtifact artifact = model();
    JsonNode report = new ObjectMapper().readTree(artifact.report());
    JsonNode others = report.get("predicted").get("other_layers_ms");
    assertEquals(1, others.size(), others.toString());
    double guard = others.get(guard(artifact).name()).asDouble();
    assertTrue(guard > 0.005, "the guard takes " + guard + " ms");
    double sum = guard;
    for (JsonNode layer : report.get("layers")) {
      sum += layer.get("predicted_ms").asDouble();
    }
    double all = report.get("predicted").get("server_ms").asDouble();
    assertEquals(all, sum, 0.002 * all);
  }

  @Test
  void squaresWhoseGuardsShareACiphertextAreSeenInUnitsOfTheirBounds() {
    int features = 12;
    List<double[]> rows = TestModels.rows(100, features);
    double[] first = new double[4 * features];
    double[] second = new double[2 * features];
    Arrays.setAll(first, i -> i % 4 == 0 ? 1 : Math.sin(i));
    Arrays.setAll(second, i -> i % 2 == 0 ? 1 : Math.cos(i));
    ModelArtifact artifact = Compiler.compile(
        TestModels.of(features).constant("w1", new long[] {features, 4}, first).constant("w2", new long[] {features, 2}, second)
            .constant("v1", new long[] {4, 1}, 0.5, 1, -1, 0.75).constant("v2", new long[] {2, 1}, 1, 0.5)
            .node("MatMul", "x w1", "a").node("Mul", "a a", "t").node("MatMul", "x w2", "b").node("Mul", "b b", "s")
            .node("MatMul", "t v1", "p").node("MatMul", "s v2", "q").node("Add", "p q", "y").source("y"),
        CompileOptions.defaults().withCalibration(rows)).artifact();
    FunctionInputs inputs = new FunctionInputs(FunctionInputs.of(artifact.program(), artifact.signature()));
    SignatureInput input = artifact.signature().inputs().get(0);
    for (double[] row : rows) {
      see(inputs, artifact, row);
    }
    assertEquals(2, inputs.ranges().size());
    for (LayerRange range : inputs.ranges()) {
      assertTrue(range.high() > 0.1 && range.high() <= 1 && range.low() >= -1, range.toString());
    }
    see(inputs, artifact, input.high());  // both sums of all features are far beyond what the rows show
    assertTrue(inputs.ranges().stream().allMatch(range -> range.rowsOutside() == 1), inputs.ranges().toString());
    double[] slots = guardSlots(artifact, input.high());
    assertThrows(AnswerCheckException.class, () -> guard(artifact).unpack(slots, null, 0));
  }

  private static void see(FunctionInputs inputs, ModelArtifact artifact, double[] row) {
    double[] slots = artifact.signature().inputs().get(0).pack(row, artifact.parameters().slots());
    ReferenceEvaluator.run(artifact.program(), List.of(slots), inputs.observer(1));
    inputs.endOfRows();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void eachActivationIsWatched(int feature) {
    ModelArtifact artifact = model();
    SignatureInput input = artifact.signature().inputs().get(0);
    double[] row = {0, 0, 0};
    row[feature] = input.high()[feature];
    double[] slots = guardSlots(artifact, row);
    assertThrows(AnswerCheckException.class, () -> guard(artifact).unpack(slots, null, 0));
  }
}
