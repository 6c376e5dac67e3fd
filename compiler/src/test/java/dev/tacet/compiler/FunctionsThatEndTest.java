// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions that end at 0: rows made from sample rows of positive features are not taken for rows to come, and what comes out negative is refused. */
class FunctionsThatEndTest {
  @ParameterizedTest
  @ValueSource(strings = {"Log", "Sqrt", "Reciprocal", "Pow"})
  void areFittedOnFeaturesThatArePositive(String type) {
    Random random = new Random(11);
    List<double[]> rows = IntStream.range(0, 120)
        .mapToObj(r -> IntStream.range(0, 4).mapToDouble(j -> 0.4 + Math.abs(random.nextGaussian())).toArray()).toList();
    OnnxSource source = TestModels.of(4).constant("w", new long[] {4, 2}, 1, -1, 0.5, 2, -1, 1, 0.25, -0.5).constant("e", new long[] {}, 0.3)
        .node(type, type.equals("Pow") ? "x e" : "x", "h").node("MatMul", "h w", "y").source("y");
    CompileReport report = Compiler.compile(source, CompileOptions.defaults().withCalibration(rows).withAccuracy(0.005)).report();
    assertTrue(report.accuracyMet(), report.toText());
  }

  /** The exp of a product spans many sizes: a polynomial that is close for the largest may be negative for the least, which the reciprocal then gets. */
  @Test
  void aReciprocalBehindTooCoarseAFunctionIsRefusedByName() {
    Random random = new Random(3);
    List<double[]> rows = IntStream.range(0, 120)
        .mapToObj(r -> IntStream.range(0, 4).mapToDouble(j -> random.nextGaussian()).toArray()).toList();
    OnnxSource source = TestModels.of(4).constant("q", new long[] {4, 2}, 1, -0.5, 0.5, 1, -0.5, 0.5, 0.5, -0.5)
        .constant("k", new long[] {4, 2}, 0.5, 0.5, -0.5, 0.5, 1, -0.5, 0.5, 1).constant("v", new long[] {2, 1}, 1, 1).constant("w", new long[] {1, 2}, 1, -1)
        .node("MatMul", "x q", "a").node("MatMul", "x k", "b").node("Mul", "a b", "p").node("Exp", "p", "e").node("MatMul", "e v", "s")
        .node("Reciprocal", "s", "r").node("MatMul", "r w", "y").source("y");
    UncompilableModelException refused = assertThrows(UncompilableModelException.class, () -> Compiler.compile(source,
        CompileOptions.defaults().withCalibration(rows).withPacking(CompileOptions.Packing.THROUGHPUT)));
    assertTrue(refused.getMessage().contains("sample row") && refused.getMessage().contains(" leaves the "), refused.getMessage());
  }
}
