// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileResult;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.compiler.TestModels;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the packing makes of networks whose shapes are known: diagonals, periods, copies. The values are the compiler's own trial's. */
class ConvolutionPackingTest {
  private static double[] weights(int count, double scale) {
    return new Random(count).doubles(count, -scale, scale).toArray();
  }

  private static List<Diagonals> transforms(CompileResult result) {
    Program program = result.artifact().program();
    List<Diagonals> found = new ArrayList<>();
    for (Instruction instruction : program.instructions()) {
      if (instruction.op() == Op.LINEAR_TRANSFORM) {
        found.add((Diagonals) program.constants().get(instruction.constant()));
      }
    }
    return found;
  }

  private static CompileResult compile(OnnxSource source, int features) {
    CompileResult result = Compiler.compile(source, CompileOptions.defaults().withCalibration(TestModels.rows(40, features)));
    assertTrue(result.report().accuracyMet());
    return result;
  }

  @Test
  void aStridedConvolutionTakesADiagonalForEachTapAndGap() {
    OnnxSource source = TestModels.of(1, 12, 12).constant("k", new long[] {5, 1, 2, 2}, weights(20, 0.5))
        .constant("w", new long[] {180, 3}, weights(540, 0.1))
        .node("Conv", "x k", "a", TestModels.integers("strides", 2, 2)).node("Mul", "a a", "b").node("Flatten", "b", "c")
        .node("MatMul", "c w", "y").source("y");
    List<Diagonals> transforms = transforms(compile(source, 144));
    assertEquals(2, transforms.size());
    assertTrue(transforms.get(0).terms().size() <= 9, transforms.get(0).toString());
    assertTrue(transforms.get(1).terms().size() <= 4, transforms.get(1).toString());
  }

  @Test
  void channelsOfAConvolutionOfStrideOneLieInCopiesOfTheImage() {
    OnnxSource source = TestModels.of(1, 16, 16).constant("k", new long[] {4, 1, 3, 3}, weights(36, 0.3))
        .constant("l", new long[] {2, 4, 3, 3}, weights(72, 0.2)).constant("w", new long[] {288, 3}, weights(864, 0.1))
        .node("Conv", "x k", "a").node("Mul", "a a", "b").node("Conv", "b l", "c").node("Mul", "c c", "d")
        .node("Flatten", "d", "e").node("MatMul", "e w", "y").source("y");
    List<Diagonals> transforms = transforms(compile(source, 256));
    assertEquals(9, transforms.get(0).terms().size());
    assertTrue(transforms.get(1).terms().size() <= 36, transforms.get(1).toString());
  }

  @Test
  void aDenseLayerThatAloneReadsTheInputTakesRotatedCopies() {
    OnnxSource source = TestModels.of(100).constant("w", new long[] {100, 60}, weights(6000, 0.05))
        .constant("v", new long[] {60, 3}, weights(180, 0.1)).node("MatMul", "x w", "a").node("Mul", "a a", "b")
        .node("MatMul", "b v", "y").source("y");
    CompileResult result = compile(source, 100);
    int slots = result.artifact().parameters().slots();
    int shift = result.artifact().signature().inputs().get(0).copyShift();
    assertEquals(Math.max(1, 64 / (slots / 128)), shift);
    assertEquals(shift, transforms(result).get(0).terms().size());
    assertEquals(slots, transforms(result).get(0).period());
  }
}
