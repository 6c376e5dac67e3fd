// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Op;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models that are one linear map, in coefficients. */
class CoefficientPackingTest {
  private static double[] weights(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[count];
    Arrays.setAll(values, i -> random.nextDouble() - 0.5);
    return values;
  }

  private static OnnxSource linear(int features, int values) {
    return TestModels.of(features).constant("w", new long[] {features, values}, weights(features * values, 1))
        .constant("b", new long[] {values}, weights(values, 2)).node("MatMul", "x w", "a").node("Add", "a b", "y").source("y");
  }

  private static CompileOptions options(int features) {
    return CompileOptions.defaults().withPacking(CompileOptions.Packing.AUTO).withCalibration(TestModels.rows(60, features))
        .withTask(ModelDescription.Task.REGRESSION);
  }

  private static Signature runs(CompileResult result, List<double[]> rows) {
    SlotNoise.isWithinHalfOfTheSlotError(() -> EncryptedTrial.run(result.artifact(), rows).worst());
    assertTrue(result.report().accuracyMet(), result.report().toText());
    return result.artifact().signature();
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,2", "10,1", "30,1", "30,3", "64,12", "100,7"})
  void smallMapsTakeOneCiphertextEachWayInTheSmallestRing(int features, int values) {
    CompileResult result = Compiler.compile(linear(features, values), options(features).withAccuracy(1e-3));
    Signature signature = runs(result, TestModels.rows(3, features));
    ModelArtifact artifact = result.artifact();
    assertEquals(RowPacking.COEFFICIENT, signature.packing());
    assertEquals(2048, artifact.parameters().ringDegree());
    assertEquals(1, artifact.parameters().modulusChain().length);
    assertEquals(50, Math.ceil(artifact.parameters().logQ()));
    assertTrue(signature.keys().isEmpty());
    assertEquals(1, artifact.program().inputTypes().size());
    assertEquals(1, artifact.program().outputTypes().size());
    assertEquals(0, result.report().evaluationKeyBytes());
    assertTrue(result.report().inputBytes() <= 13_000, "input " + result.report().inputBytes());
    assertTrue(result.report().resultBytes() <= 14_000, "result " + result.report().resultBytes());
    assertEquals(16, signature.coefficientBlocks().orElseThrow().zeros());
  }

  /** A value is largest where each feature is at the end that its weight's sign asks for. */
  @ParameterizedTest
  @CsvSource({"10,2", "30,1", "64,3"})
  void rowsAtTheEndsOfTheirAcceptedBoundsAreAnswered(int features, int values) {
    ModelArtifact artifact = Compiler.compile(linear(features, values), options(features).withAccuracy(1e-3)).artifact();
    assertEquals(RowPacking.COEFFICIENT, artifact.signature().packing());
    SignatureInput input = artifact.signature().inputs().get(0);
    double[] weights = weights(features * values, 1);
    double[][] rows = new double[2 * values][features];
    for (int r = 0; r < rows.length; r++) {
      for (int j = 0; j < features; j++) {
        rows[r][j] = weights[j * values + r / 2] > 0 == (r % 2 == 0) ? input.high()[j] : input.low()[j];
      }
    }
    Simulator.Chunk chunk = Simulator.of(artifact, false, 1).run(0, rows);
    assertEquals(Set.of(), chunk.unanswered());
    double[] bounds = artifact.signature().cipherOutputs().get(0).errorBounds();
    for (int r = 0; r < rows.length; r++) {
      double expected = weights(values, 2)[r / 2];
      for (int j = 0; j < features; j++) {
        expected += rows[r][j] * weights[j * values + r / 2];
      }
      assertEquals(expected, chunk.values().get(r).values().iterator().next()[r / 2], bounds[r / 2], "row " + r);
    }
  }

  @Test
  void wideMapsTakeSeveralCiphertexts() {
    CompileResult result = Compiler.compile(linear(784, 10), options(784));
    Signature signature = runs(result, TestModels.rows(2, 784));
    assertEquals(RowPacking.COEFFICIENT, signature.packing());
    long ciphertexts = result.artifact().program().inputTypes().size() + result.artifact().program().outputTypes().size();
    assertTrue(ciphertexts <= 6, ciphertexts + " ciphertexts");
  }

  @Test
  void whatTakesLargeCiphertextsIsLeftToTheLatencyPacking() {
    CompileOptions options = options(600);
    assertEquals(RowPacking.LATENCY, Compiler.compile(linear(600, 600), options).artifact().signature().packing());
    assertEquals(RowPacking.COEFFICIENT,
        Compiler.compile(linear(600, 600), options.withPacking(CompileOptions.Packing.COEFFICIENT)).artifact().signature().packing());
  }

  @Test
  void aFinerAccuracyTakesMoreBitsAndIsMet() {
    for (double accuracy : new double[] {1e-2, 1e-4, 1e-6, 1e-8}) {
      CompileResult result = Compiler.compile(linear(30, 2), options(30).withAccuracy(accuracy));
      runs(result, TestModels.rows(2, 30));
      CipherOutput output = result.artifact().signature().cipherOutputs().get(0);
      assertTrue(result.report().errorBound() <= accuracy * 30, "error bound " + result.report().errorBound());
      assertEquals(result.report().errorBound(), output.errorBound());
    }
  }

  @ParameterizedTest
  @CsvSource({"CLASSICAL_192", "CLASSICAL_256", "QUANTUM_128"})
  void higherSecurityTakesALargerRingOrSmallerPrimes(SecurityLevel level) {
    CompileResult result = Compiler.compile(linear(20, 2), options(20).withSecurity(level));
    assertEquals(RowPacking.COEFFICIENT, runs(result, TestModels.rows(2, 20)).packing());
    int logN = result.artifact().parameters().logRingDegree();
    assertTrue(result.artifact().parameters().logQP() <= level.maxLogQP(logN));
  }

  @Test
  void valuesThatDependOnFewFeaturesAreAnswered() {
    OnnxSource two = TestModels.of(6).constant("v", new long[] {6, 2}, weights(12, 3)).constant("s", new long[] {6}, weights(6, 4))
        .node("Mul", "x s", "a").node("MatMul", "a v", "y").source("y");
    assertEquals(RowPacking.COEFFICIENT, runs(Compiler.compile(two, options(6)), TestModels.rows(2, 6)).packing());
    OnnxSource sparse = TestModels.of(4).constant("w", new long[] {4, 3}, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1e-6, 0, 0)
        .constant("b", new long[] {3}, 3, -1, 0).node("MatMul", "x w", "a").node("Add", "a b", "y").source("y");
    runs(Compiler.compile(sparse, options(4)), TestModels.rows(2, 4));
  }

  @Test
  void whatIsNoLinearMapIsRefusedByNameWhereItIsAskedFor() {
    OnnxSource square = TestModels.of(4).constant("w", new long[] {4, 2}, weights(8, 1)).node("MatMul", "x w", "a").node("Mul", "a a", "s")
        .constant("v", new long[] {2, 2}, weights(4, 2)).node("MatMul", "s v", "y").source("y");
    CompileOptions asked = options(4).withPacking(CompileOptions.Packing.COEFFICIENT);
    UncompilableModelException e = assertThrows(UncompilableModelException.class, () -> Compiler.compile(square, asked));
    assertTrue(e.problems().get(0).reason().contains("no linear map"), e.getMessage());
    assertEquals(RowPacking.LATENCY, Compiler.compile(square, options(4)).artifact().signature().packing());
    CompileOptions shared = asked.withSharing(new Sharing(10, 20, 0));
    e = assertThrows(UncompilableModelException.class, () -> Compiler.compile(linear(4, 2), shared));
    assertTrue(e.problems().get(0).reason().contains("sharing"), e.getMessage());
    assertEquals(RowPacking.LATENCY, Compiler.compile(linear(4, 2), shared.withPacking(CompileOptions.Packing.AUTO)).artifact()
        .signature().packing());
  }

  @ParameterizedTest
  @CsvSource({"30,1,1e-3", "30,3,1e-3", "100,7,1e-2"})
  void answersThatHideTheModelTakeOneMoreCiphertextAndKeepTheAccuracy(int features, int values, double accuracy) {
    CompileOptions options = options(features).withAccuracy(accuracy).withModelPrivacy(CompileOptions.MODEL_PRIVACY);
    CompileResult result = Compiler.compile(linear(features, values), options);
    Signature signature = runs(result, TestModels.rows(3, features));
    ModelArtifact artifact = result.artifact();
    assertEquals(4096, artifact.parameters().ringDegree());
    assertEquals(2, artifact.program().inputTypes().size());
    assertTrue(result.report().inputBytes() <= 2 * 54_000, "input " + result.report().inputBytes());
    ModelPrivacy privacy = signature.modelPrivacy().orElseThrow();
    assertEquals(1L << 20, privacy.answers());
    double ofWeights = artifact.program().instructions().stream().filter(in -> in.op() == Op.MULTIPLY_PLAIN).findFirst().orElseThrow()
        .plainScale().log2(artifact.parameters());
    assertTrue(privacy.floodBits() >= ofWeights + privacy.statisticalBits(), privacy + " for weights of " + ofWeights + " bits");
    assertTrue(result.report().notes().stream().anyMatch(note -> note.contains("flooded with " + privacy.floodBits() + " bits")),
        result.report().toText());
    assertTrue(result.report().notes().stream().noneMatch(note -> note.contains("division")), result.report().toText());
  }

  @Test
  void answersThatHideTheModelAreRefusedWithTheNumbersWhereNoRingHasRoom() {
    UncompilableModelException e = assertThrows(UncompilableModelException.class, () -> Compiler.compile(linear(30, 2),
        options(30).withAccuracy(1e-3).withPacking(CompileOptions.Packing.COEFFICIENT).withModelPrivacy(new ModelPrivacy(1L << 40, 128, 0))));
    assertTrue(e.getMessage().contains("flooding included"), e.getMessage());
  }

  @Test
  void theReportSaysWhatAnswersGiveAway() {
    CompileReport report = Compiler.compile(linear(9, 1), options(9)).report();
    assertTrue(report.notes().stream().anyMatch(note -> note.contains("division") && note.contains("10 honest answers")),
        report.toText());
    assertTrue(report.toJson().contains("\"packing\" : \"coefficient\""), report.toJson());
  }
}
