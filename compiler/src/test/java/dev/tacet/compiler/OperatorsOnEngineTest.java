// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of operator on encrypted rows: the program gives onnxruntime's answers, and the engine gives the program's. */
class OperatorsOnEngineTest {
  private static final double ACCURACY = 0.03;

  @TempDir
  Path folder;

  private static double[] weights(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[count];
    Arrays.setAll(values, i -> random.nextDouble() - 0.5);
    return values;
  }

  private void runs(byte[] model, int features) throws Exception {
    Path file = folder.resolve("model.onnx");
    Files.write(file, model);
    List<double[]> rows = TestModels.rows(60, features);
    CompileResult result = Compiler.compile(OnnxSource.ofFile(file), CompileOptions.defaults().withCalibration(rows)
        .withAccuracy(ACCURACY).withTask(ModelDescription.Task.REGRESSION));
    ZooTrial trial = ZooTrial.compare(file, result, rows.subList(0, 20));
    assertEquals(0, trial.refused(), trial.toString());
    assertTrue(trial.numberError() <= ACCURACY, trial.toString());
    SlotNoise.isWithinHalfOfTheSlotError(() -> EncryptedTrial.run(result.artifact(), rows.subList(0, 1)).worst());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Relu", "LeakyRelu", "Elu", "Celu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus",
      "Softsign", "Gelu", "Erf", "Mish", "Exp", "Abs"})
  void activations(String type) throws Exception {
    runs(TestModels.of(4).opset(20).constant("w", new long[] {4, 4}, weights(16, 1)).constant("v", new long[] {4, 2}, weights(8, 2))
        .node("MatMul", "x w", "a").node(type, "a", "b").node("MatMul", "b v", "y").output("y", 2), 4);
  }

  @Test
  void parametersOfActivations() throws Exception {
    runs(TestModels.of(4).opset(20).constant("w", new long[] {4, 4}, weights(16, 3)).constant("v", new long[] {4, 2}, weights(8, 4))
        .constant("slope", new long[] {4}, 0.1, 0.3, -0.2, 0.5).constant("low", new long[0], -0.4).constant("high", new long[0], 0.6)
        .constant("three", new long[0], 3).node("MatMul", "x w", "a").node("PRelu", "a slope", "b").node("Clip", "a low high", "c")
        .node("Pow", "a three", "d").node("Sum", "b c d", "e").node("MatMul", "e v", "y").output("y", 2), 4);
  }

  @Test
  void rootsAndReciprocalsOnCalibratedRanges() throws Exception {
    runs(TestModels.of(4).constant("w", new long[] {4, 4}, weights(16, 5)).constant("v", new long[] {4, 2}, weights(8, 6))
        .constant("one", new long[0], 1).node("MatMul", "x w", "a").node("Mul", "a a", "s").node("Add", "s one", "b")
        .node("Sqrt", "b", "c").node("Reciprocal", "b", "d").node("Sub", "c d", "e").node("MatMul", "e v", "y").output("y", 2), 4);
  }

  @Test
  void convolutionsNormalisationAndPools() throws Exception {
    runs(TestModels.of(2, 6, 6).opset(17).constant("w", new long[] {4, 1, 3, 3}, weights(36, 7))
        .constant("b", new long[] {4}, weights(4, 8)).constant("k", new long[] {3, 4, 2, 2}, weights(48, 9))
        .constant("g", new long[] {4}, 1, 0.5, 2, 1).constant("m", new long[] {4}, weights(4, 10))
        .constant("s", new long[] {4}, 1, 0.5, 2, 1).constant("v", new long[] {2, 6}, weights(12, 11))
        .node("Conv", "x w b", "a", TestModels.integer("group", 2), TestModels.integers("strides", 2, 1),
            TestModels.integers("pads", 1, 1, 1, 1))
        .node("BatchNormalization", "a g b m s", "n").node("Mul", "n n", "q")
        .node("AveragePool", "q", "p", TestModels.integers("kernel_shape", 2, 2), TestModels.integers("strides", 1, 2))
        .node("Conv", "p k", "c", TestModels.text("auto_pad", "SAME_UPPER"), TestModels.integers("dilations", 1, 1))
        .node("GlobalAveragePool", "c", "h").node("Concat", "h h", "j", TestModels.integer("axis", 1)).node("Flatten", "j", "f")
        .node("Gemm", "f v", "y", TestModels.integer("transB", 1)).output("y", 2), 72);
  }

  @Test
  void seriesAndTheMovingOfElements() throws Exception {
    runs(TestModels.of(2, 8).opset(17).constant("w", new long[] {3, 2, 3}, weights(18, 12)).constant("half", new long[0], 0.5)
        .constant("two", new long[] {1}, 2).constant("v", new long[] {23, 2}, weights(46, 13)).indexes("pads", 0, 0, 1, 0, 0, 1)
        .indexes("from", 1).indexes("to", 7).indexes("axis", 2).indexes("places", 5, 0, 3, 1).indexes("shape", 1, 12)
        .indexes("last", -1)
        .node("Pad", "x pads half", "p").node("Conv", "p w", "c", TestModels.integers("dilations", 2)).node("Mul", "c c", "q")
        .node("Slice", "q from to axis", "s").node("Gather", "q places", "g", TestModels.integer("axis", 2))
        .node("Transpose", "g", "t", TestModels.integers("perm", 0, 2, 1)).node("Reshape", "t shape", "r")
        .node("ReduceMean", "s", "m", TestModels.integers("axes", 1), TestModels.integer("keepdims", 0))
        .node("ReduceSum", "s axis", "u", TestModels.integer("keepdims", 0)).node("Unsqueeze", "u last", "z")
        .node("Squeeze", "z last", "k").node("Neg", "k", "l").node("Concat", "r m k l", "j", TestModels.integer("axis", 1))
        .node("Div", "j two", "d").node("MatMul", "d v", "y").output("y", 2), 16);
  }

  @Test
  void productsOfBranchesAndResidualSums() throws Exception {
    runs(TestModels.of(1, 4, 4).opset(17).constant("w", new long[] {2, 1, 3, 3}, weights(18, 14))
        .constant("u", new long[] {2, 2, 1, 1}, weights(4, 15)).constant("v", new long[] {32, 2}, weights(64, 16))
        .node("Conv", "x w", "a", TestModels.text("auto_pad", "SAME_LOWER")).node("Mul", "a a", "q").node("Conv", "q u", "b")
        .node("Add", "a b", "r").node("GlobalAveragePool", "a", "g").node("Mul", "r g", "h").node("Sub", "h a", "s")
        .node("Flatten", "s", "f").node("MatMul", "f v", "y").output("y", 2), 16);
  }

  @Test
  void normsAndExtremesAtTheEndAreTheClients() throws Exception {
    runs(TestModels.of(4).opset(18).constant("w", new long[] {4, 6}, weights(24, 17)).constant("tiny", new long[0], 1e-12)
        .indexes("axis", 1).node("MatMul", "x w", "a").node("ReduceL2", "a axis", "n").node("Clip", "n tiny", "c").node("Div", "a c", "d")
        .node("ReduceL1", "a axis", "s").node("ReduceMax", "a axis", "h").node("ReduceMin", "a axis", "l")
        .node("Concat", "d s h l", "y", TestModels.integer("axis", 1)).output("y", 9), 4);
  }

  @Test
  void degree127WhereTheAccuracyAsksForIt() throws Exception {
    OnnxSource source = TestModels.of(4).constant("w", new long[] {4, 4}, weights(16, 19)).constant("v", new long[] {4, 1}, weights(4, 20))
        .node("MatMul", "x w", "a").node("Relu", "a", "b").node("MatMul", "b v", "y").source("y");
    List<double[]> rows = TestModels.rows(60, 4);
    CompileOptions options = CompileOptions.defaults().withCalibration(rows).withAccuracy(8e-4)
        .withTask(ModelDescription.Task.REGRESSION);
    CompileResult fine = Compiler.compile(source, options.withMaxDegree(127));
    CompileReport coarse = Compiler.compile(source, options.withMaxDegree(63)).report();
    assertTrue(fine.report().layers().stream().anyMatch(layer -> layer.kind().matches("relu of degree 12[67]")), fine.report().toText());
    assertTrue(fine.report().numberError() < 0.7 * coarse.numberError(), fine.report().numberError() + ", " + coarse.numberError());
    SlotNoise.isWithinHalfOfTheSlotError(() -> EncryptedTrial.run(fine.artifact(), rows.subList(0, 1)).worst());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Softmax", "LogSoftmax", "Sigmoid"})
  void endsOfTheClient(String type) throws Exception {
    runs(TestModels.of(4).constant("w", new long[] {4, 4}, weights(16, 17)).node("MatMul", "x w", "a").node(type, "a", "y")
        .output("y", 4), 4);
  }

  @Test
  void theBestOfTheScoresInOrder() throws Exception {
    runs(TestModels.of(4).constant("w", new long[] {4, 4}, weights(16, 18)).indexes("k", 2).node("MatMul", "x w", "a")
        .node("TopK", "a k", "y places").output("y", 2), 4);
  }
}
