// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a convolutional model is said by node, with the numbers and what would work. */
class ConvRefusalTest {
  private static TestModels image() {
    return TestModels.of(2, 6, 6).constant("w", new long[] {4, 2, 3, 3}, new double[72]);
  }

  private static ModelProblem only(OnnxSource source) {
    List<ModelProblem> problems = Compiler.check(source);
    assertEquals(1, problems.size(), problems.toString());
    return problems.get(0);
  }

  private static void says(ModelProblem problem, String node, String... parts) {
    assertEquals(node, problem.node());
    for (String part : parts) {
      assertTrue(problem.toString().contains(part), problem.toString());
    }
  }

  @Test
  void channelsThatDoNotFitTheWeights() {
    says(only(image().node("Conv", "x w", "y", TestModels.integer("group", 2)).source("y")), "the_y", "2 channels", "[4, 2, 3, 3]",
        "2 groups take 4");
  }

  @Test
  void windowsLargerThanTheImage() {
    says(only(image().node("Conv", "x w", "y", TestModels.integers("dilations", 5, 5)).source("y")), "the_y", "reach 11", "size 6");
  }

  @Test
  void otherSpatialAxesThanTheWeights() {
    says(only(TestModels.of(2, 6).constant("w", new long[] {4, 2, 3, 3}, new double[72]).node("Conv", "x w", "y").source("y")),
        "the_y", "[1, 2, 6]", "spatial axes");
  }

  @Test
  void weightsBeyondEveryMagnitudeAndNone() {
    double[] wild = new double[72];
    wild[7] = 1e30;
    says(only(TestModels.of(2, 6, 6).constant("w", new long[] {4, 2, 3, 3}, wild).node("Conv", "x w", "y").source("y")), "the_y",
        "1.0", "E30", "index 7");
    wild[7] = Double.NaN;
    says(only(TestModels.of(2, 6, 6).constant("w", new long[] {4, 2, 3, 3}, wild).node("Conv", "x w", "y").source("y")), "the_y",
        "NaN", "index 7");
  }

  @Test
  void aResidualSumOfUnequalShapesAndAWeightBehindIt() {
    List<ModelProblem> problems = Compiler.check(TestModels.of(4).constant("w", new long[] {4, 3}, new double[12])
        .node("MatMul", "x w", "a").node("Add", "x a", "b").node("com.acme.Foo", "x", "c").node("Add", "b c", "y").source("y"));
    assertEquals(List.of("the_b", "the_c"), problems.stream().map(ModelProblem::node).sorted().toList());
    assertTrue(problems.toString().contains("[1, 4] and [1, 3]"), problems.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"MaxPool", "com.acme.Foo", "LayerNormalization"})
  void aShapeMismatchBehindAnOperatorThatDoesNotRun(String type) {
    List<ModelProblem> problems = Compiler.check(image().constant("v", new long[] {99, 5}, new double[495])
        .node("Conv", "x w", "a").node(type, "a", "b").declared("b", 4, 2, 2).node("Flatten", "b", "c").node("Gemm", "c v", "y")
        .source("y"));
    assertEquals(List.of("the_b", "the_y"), problems.stream().map(ModelProblem::node).sorted().toList());
    assertTrue(problems.toString().contains("[1, 16] and [99, 5]"), problems.toString());
  }

  @Test
  void everythingBehindRefusedNodesWhoseShapesTheirOperatorsSay() {
    List<ModelProblem> problems = Compiler.check(image().constant("v", new long[] {99, 5}, new double[495])
        .constant("u", new long[] {7, 3}, new double[21]).node("Conv", "x w", "a")
        .node("MaxPool", "a", "b", TestModels.integers("kernel_shape", 2, 2), TestModels.integers("strides", 2, 2)).node("Tan", "b", "c")
        .node("Max", "c b", "d").node("GlobalMaxPool", "d", "e").node("Mul", "e d", "f").node("Flatten", "f", "g").node("Gemm", "g v", "h")
        .node("MatMul", "h u", "y").source("y"));
    assertEquals(List.of("the_b", "the_c", "the_e", "the_h", "the_y"), problems.stream().map(ModelProblem::node).toList());
    says(problems.get(3), "the_h", "[1, 16] and [99, 5]");
    says(problems.get(4), "the_y", "[1, 5] and [7, 3]");
  }

  @Test
  void maxPoolNamesItsRewrite() {
    says(only(image().node("Conv", "x w", "a").node("MaxPool", "a", "y", TestModels.integers("kernel_shape", 2, 2)).source("y")),
        "the_y", "AveragePool");
  }

  @Test
  void aMeanOfPaddingAlone() {
    says(only(image().node("AveragePool", "x", "y", TestModels.integers("kernel_shape", 2, 2), TestModels.integers("pads", 0, 2, 0, 0)).source("y")),
        "the_y", "padding of 2", "window of 2 cells in axis 1");
    assertEquals(List.of(), Compiler.check(TestModels.of(1, 9, 9).opset(19).node("AveragePool", "x", "y", TestModels.integers("kernel_shape", 2, 2),
        TestModels.integers("dilations", 4, 4), TestModels.text("auto_pad", "SAME_UPPER")).source("y")));
  }

  @Test
  void aConvolutionWithMoreWeightsThanAreCompiled() {
    says(only(TestModels.of(32, 32, 32).constant("k", new long[] {256, 32, 5, 5}, new double[256 * 32 * 25])
        .node("Conv", "x k", "y", TestModels.text("auto_pad", "SAME_UPPER")).source("y")), "the_y", "weights", "at most 67108864");
  }

  @Test
  void anInputThatFillsNoRingsSlots() {
    says(only(TestModels.of(3, 224, 224).constant("k", new long[] {1, 3, 1, 1}, 1, 1, 1).node("Conv", "x k", "y").source("y")), "x",
        "150528", "32768");
  }

  @Test
  void concatenationOfUnequalImages() {
    says(only(image().node("Conv", "x w", "a").node("Concat", "x a", "y", TestModels.integer("axis", 1)).source("y")), "the_y",
        "[1, 2, 6, 6] and [1, 4, 4, 4]");
  }
}
