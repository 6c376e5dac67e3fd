// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys within a budget: rotations are composed of fewer, or the least size is named. */
class KeyBudgetTest {
  private static final List<double[]> ROWS = TestModels.rows(40, 144);

  private static double[] weights(int count, double scale) {
    return new Random(count).doubles(count, -scale, scale).toArray();
  }

  /** Two convolutions and a dense layer. */
  private static CompileResult compile(long budget) {
    OnnxSource source = TestModels.of(1, 12, 12).constant("k", new long[] {4, 1, 3, 3}, weights(36, 0.4))
        .constant("l", new long[] {6, 4, 3, 3}, weights(216, 0.2)).constant("w", new long[] {384, 10}, weights(3840, 0.1))
        .node("Conv", "x k", "a").node("Mul", "a a", "b").node("Conv", "b l", "c").node("Mul", "c c", "d")
        .node("Flatten", "d", "e").node("MatMul", "e w", "y").source("y");
    return Compiler.compile(source, CompileOptions.defaults().withCalibration(ROWS).withKeyBudget(budget));
  }

  @Test
  void rotationsAreComposedOfFewerKeysUntilTheBudgetIsMet() {
    CompileReport free = compile(0).report();
    for (int part = 2; part <= 4; part *= 2) {
      long budget = free.evaluationKeyBytes() / part;
      CompileResult result = compile(budget);
      assertTrue(result.report().evaluationKeyBytes() <= budget,
          result.report().evaluationKeyBytes() + " bytes, the budget is " + budget);
      assertTrue(result.report().accuracyMet());
      SlotNoise.isWithinHalfOfTheSlotError(() -> EncryptedTrial.run(result.artifact(), ROWS.subList(0, 1)).worst());
    }
  }

  @Test
  void degreesThatABudgetLowersAreTold() throws Exception {
    OnnxSource source = OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve("skl_mlpr_tanh.onnx"));
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve("skl_mlpr_tanh.calibration.csv"));
    CompileOptions options = CompileOptions.defaults().withPacking(CompileOptions.Packing.LATENCY).withCalibration(rows);
    CompileReport free = Compiler.compile(source, options).report();
    assertTrue(free.notes().stream().noneMatch(note -> note.startsWith(CompileReport.KEY_BUDGET)), free.notes().toString());
    for (int part = 2; ; part++) {
      long budget = free.evaluationKeyBytes() / part;
      CompileReport report = Compiler.compile(source, options.withKeyBudget(budget)).report();
      assertTrue(report.evaluationKeyBytes() <= budget);
      boolean told = report.notes().stream().anyMatch(note -> note.startsWith(CompileReport.KEY_BUDGET));
      assertEquals(report.levels() < free.levels(), told, budget + " bytes: " + report.notes());
      if (told) {
        return;
      }
    }
  }

  @Test
  void aBudgetThatNoProgramMeetsIsRefusedWithTheLeastSize() {
    ModelProblem problem = assertThrows(UncompilableModelException.class, () -> compile(10_000)).problems().get(0);
    assertTrue(problem.reason().contains("more than the key budget of 10000 bytes"), problem.toString());
    String least = problem.reason().replaceAll(".* at least (\\d+) bytes.*", "$1");
    assertTrue(compile(Long.parseLong(least)).report().evaluationKeyBytes() <= Long.parseLong(least));
  }

  @Test
  void theOneKeyOfTheThroughputPackingIsWithinItTooOrRefused() {
    OnnxSource source = TestModels.of(4).constant("w", new long[] {4, 3}, weights(12, 0.5)).constant("v", new long[] {3, 2}, weights(6, 0.5))
        .node("MatMul", "x w", "a").node("Mul", "a a", "b").node("MatMul", "b v", "y").source("y");
    CompileOptions options = CompileOptions.defaults().withCalibration(TestModels.rows(40, 4)).withPacking(CompileOptions.Packing.THROUGHPUT);
    long bytes = Compiler.compile(source, options).report().evaluationKeyBytes();
    assertEquals(bytes, Compiler.compile(source, options.withKeyBudget(bytes)).report().evaluationKeyBytes());
    ModelProblem problem = assertThrows(
        UncompilableModelException.class, () -> Compiler.compile(source, options.withKeyBudget(bytes - 1))).problems().get(0);
    assertTrue(problem.reason().contains("at least " + bytes + " bytes") && problem.reason().contains("more than the key budget of"),
        problem.toString());
  }

  @ParameterizedTest
  @CsvSource({"20MB, 20000000", "1.5 GB, 1500000000", "4096, 4096", "12b, 12", "3kib, 3072", "2MiB, 2097152"})
  void sizesAreReadAsPeopleWriteThem(String text, long bytes) {
    assertEquals(bytes, ByteSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.0GB", "0.4"})
  void aBudgetOfNothingIsNoLimitAndIsRefused(String text) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> ByteSize.limit(text));
    assertTrue(e.getMessage().contains("'" + text + "' is 0 bytes, needs at least 1"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MB", "-3MB", "1e9", "20 XB", "7ib", "99999999999 GB"})
  void otherTextsAreRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text));
  }
}
