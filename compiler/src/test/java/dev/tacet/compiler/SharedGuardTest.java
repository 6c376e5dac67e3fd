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
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The guards of several activations share one ciphertext, and each still tells when its own activation's input leaves its interval. */
class SharedGuardTest {
  private static final List<double[]> ROWS = TestModels.rows(100, 3);
  private static final int ALONG = 400;

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
    assertTrue(guard.bound() > 0.99 && guard.bound() < 0.9995, guard.bound() + " of the intervals, noise " + guard.slotError());
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

  /** Polynomials of a high degree are of any size a thousandth beyond their interval: what has an answer is inside, whatever noise does. */
  @ParameterizedTest
  @EnumSource(names = {"LATENCY", "THROUGHPUT"})
  void noRowJustBeyondAnIntervalHasAnAnswer(CompileOptions.Packing packing) {
    int features = 12;
    double[] last = {0.1, -0.5, 0.75};  // the answer is far from its bound where the first unit leaves its interval
    double[] weights = new double[3 * features];
    Arrays.setAll(weights, i -> Math.cos(i) + (i % 3 == 0 ? 1 : 0));
    ModelArtifact artifact = Compiler.compile(
        TestModels.of(features).constant("w", new long[] {features, 3}, weights).constant("v", new long[] {3, 1}, last)
            .node("MatMul", "x w", "a").node("Relu", "a", "t").node("MatMul", "t v", "y").source("y"),
        CompileOptions.defaults().withCalibration(TestModels.rows(100, features)).withAccuracy(packing == CompileOptions.Packing.LATENCY ? 0.0003 : 0.002).withPacking(packing)).artifact();
    SignatureInput input = artifact.signature().inputs().get(0);
    double[] end = new double[features];
    Arrays.setAll(end, j -> weights[3 * j] > 0 ? input.high()[j] : input.low()[j]);
    Simulator simulator = Simulator.of(artifact, true, 5);
    Set<Integer> beyond = simulator.run(0, along(end, 0, 1)).unanswered();
    double edge = beyond.stream().min(Integer::compare).orElseThrow() / (ALONG - 1.0);
    double[][] rows = along(end, edge - 0.01, edge + 0.03);
    Simulator.Chunk chunk = simulator.run(ALONG, rows);
    assertTrue(chunk.unanswered().size() > 20 && chunk.unanswered().size() < ALONG - 20, chunk.unanswered().size() + " rows have no answer");
    double bound = artifact.signature().cipherOutputs().get(0).errorBound();
    for (int r = 0; r < rows.length; r++) {
      if (!chunk.unanswered().contains(r)) {
        double[] row = rows[r];
        double expected = IntStream.range(0, 3).mapToDouble(k -> last[k] * Math.max(0,
            IntStream.range(0, features).mapToDouble(j -> row[j] * weights[3 * j + k]).sum())).sum();
        assertEquals(expected, chunk.values().get(r).values().iterator().next()[0], bound, "row " + r);
      }
    }
  }

  /**
   * A row at the ends of its accepted bounds takes an input many times as far as its interval goes: there too, a guard is less than half of
   * the base prime, or it would wrap around into what the client accepts.
   */
  @ParameterizedTest
  @CsvSource({"1, STANDARD", "1, CONJUGATE_INVARIANT", "2, STANDARD", "2, CONJUGATE_INVARIANT"})
  void noAcceptedRowTakesAGuardAroundTheBasePrime(int activations, CompileOptions.Ring ring) {
    int features = 64;
    double[] weights = new double[features];
    Arrays.setAll(weights, j -> j % 2 == 0 ? 1 : -1);
    List<double[]> rows = TestModels.rows(100, features);
    for (double[] row : rows) {
      IntStream.range(0, features / 2).forEach(j -> row[2 * j + 1] = row[2 * j] + 0.02 * row[2 * j + 1]);  // pairs nearly cancel
    }
    TestModels model = TestModels.of(features).constant("w", new long[] {features, 1}, weights).node("MatMul", "x w", "a").node("Tanh", "a", "t");
    model = activations == 1 ? model.node("Neg", "t", "y")
        : model.constant("half", new long[] {}, 0.5).node("Mul", "a half", "b").node("Erf", "b", "s").node("Add", "t s", "y");
    model = model.constant("v", new long[] {1, 1}, 1).node("MatMul", "y v", "z");
    ModelArtifact artifact = Compiler.compile(model.source("z"),
        CompileOptions.defaults().withCalibration(rows).withMargin(0).withRing(ring)).artifact();
    SignatureInput input = artifact.signature().inputs().get(0);
    double[] end = new double[features];
    Arrays.setAll(end, j -> weights[j] > 0 ? input.high()[j] : input.low()[j]);
    CipherOutput guard = guard(artifact);
    double[] slots = guardSlots(artifact, end);
    double reach = Arrays.stream(slots).map(Math::abs).max().orElseThrow();
    assertTrue(reach > 16 * guard.bound(), "a reach of " + reach + " is little for a bound of " + guard.bound());
    double bits = Math.log(reach) / Math.log(2) + guard.scale().log2(artifact.parameters());
    double base = Math.log(artifact.parameters().modulus(0)) / Math.log(2);
    assertTrue(bits < base - 1, "a guard reaches 2^" + bits + ", the base prime is 2^" + base);
  }

  /** Rows on the line from the origin to a row. */
  private static double[][] along(double[] end, double from, double to) {
    return IntStream.range(0, ALONG).mapToObj(r -> Arrays.stream(end).map(x -> x * (from + (to - from) * r / (ALONG - 1))).toArray())
        .toArray(double[][]::new);
  }
}
