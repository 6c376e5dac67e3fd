// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Parameters;
import dev.tacet.he.SecurityLevel;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The compiler on its own never chooses a modulus above table 5.2 of eprint 2024/463, and refuses a model that needs one. */
class CompilerSecurityTest {
  /** log2(QP) at most, for N = 2^11 to 2^16, typed from the paper. */
  private static final Map<SecurityLevel, int[]> TABLE = Map.of(
      SecurityLevel.CLASSICAL_128, new int[] {53, 106, 214, 430, 868, 1747},
      SecurityLevel.CLASSICAL_192, new int[] {36, 73, 147, 297, 597, 1199},
      SecurityLevel.CLASSICAL_256, new int[] {27, 56, 114, 230, 462, 929},
      SecurityLevel.QUANTUM_128, new int[] {40, 80, 161, 322, 644, 1289});

  private static CompileResult compile(String name, CompileOptions options) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    return Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")), options.withCalibration(rows));
  }

  static void assertInsideTheTable(Parameters parameters, SecurityLevel security) {
    BigInteger product = BigInteger.ONE;
    for (long prime : parameters.modulusChain()) {
      product = product.multiply(BigInteger.valueOf(prime));
    }
    for (long prime : parameters.specialPrimes()) {
      product = product.multiply(BigInteger.valueOf(prime));
    }
    int limit = TABLE.get(security)[parameters.logRingDegree() - 11];
    assertTrue(product.bitLength() <= limit + 1 && parameters.logQP() <= limit + 0.5,
        "log QP " + parameters.logQP() + " at N = 2^" + parameters.logRingDegree() + ", the table allows " + limit);
    assertEquals(security, parameters.security());
  }

  @ParameterizedTest
  @EnumSource(value = SecurityLevel.class, names = "UNCHECKED_FOR_TESTS", mode = EnumSource.Mode.EXCLUDE)
  void whatItChoosesIsInsideTheTable(SecurityLevel security) throws Exception {
    for (String name : List.of("skl_logistic", "torch_squares", "skl_mlpr_tanh")) {
      CompileOptions options = CompileOptions.defaults().withSecurity(security);
      assertInsideTheTable(compile(name, options).artifact().parameters(), security);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"torch_squares", "skl_mlpr_tanh"})
  void residuesTakeNoBitThatPrecisionDoesNotNeed(String name) throws Exception {
    Parameters parameters = compile(name, CompileOptions.defaults().withAccuracy(1e-4)).artifact().parameters();
    for (int level = 1; level < parameters.maxLevel(); level++) {
      assertTrue(parameters.modulus(level) < 1L << parameters.logScale(),
          "prime " + parameters.modulus(level) + " of level " + level + " at a scale of 2^" + parameters.logScale());
    }
  }

  @Test
  void aDeepModelThatFillsItsRingIsInsideTheTable() throws Exception {
    Parameters parameters = compile("torch_tanh5", CompileOptions.defaults().withAccuracy(1e-4)).artifact().parameters();
    assertEquals(15, parameters.logRingDegree());
    assertInsideTheTable(parameters, SecurityLevel.CLASSICAL_128);
  }

  @Test
  void theLargestRingIsTakenOnlyWhereTheAccuracyAsksForItAndTheReportSaysWhatItCosts() throws Exception {
    TestModels model = TestModels.of(4);
    java.util.Random random = new java.util.Random(20);
    String last = "x";
    for (int layer = 0; layer < 4; layer++) {
      model.constant("w" + layer, new long[] {4, 4}, random.doubles(16, -1.5, 1.5).toArray());
      model.node("MatMul", last + " w" + layer, "h" + layer).node("Relu", "h" + layer, "r" + layer);
      last = "r" + layer;
    }
    model.constant("v", new long[] {4, 1}, 1, -1, 0.5, -0.5).node("MatMul", last + " v", "y");
    OnnxSource source = model.source("y");
    CompileOptions options = CompileOptions.defaults().withCalibration(TestModels.rows(60, 4)).withAccuracy(2e-3);
    CompileReport usual = Compiler.compile(source, options.withMaxLogRingDegree(15)).report();
    CompileResult large = Compiler.compile(source, options);
    assertEquals(1 << 15, usual.ringDegree());
    assertFalse(usual.accuracyMet());
    assertInsideTheTable(large.artifact().parameters(), SecurityLevel.CLASSICAL_128);
    assertEquals(16, large.artifact().parameters().logRingDegree());
    assertTrue(large.report().numberError() < usual.numberError());
    assertTrue(large.report().notes().stream().anyMatch(note -> note.startsWith("N = 2^16 for the accuracy")));
    assertTrue(usual.notes().stream().noneMatch(note -> note.contains("2^16")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"torch_tanh5", "skl_mlpc_relu", "torch_residual"})
  void aModelThatNeedsABiggerModulusIsRefused(String name) {
    CompileOptions options = CompileOptions.defaults().withMaxLogRingDegree(12);
    UncompilableModelException refused = assertThrows(UncompilableModelException.class, () -> compile(name, options));
    assertTrue(refused.getMessage().contains("more than a ring of degree 2^12 has room for"), refused.getMessage());
  }
}
