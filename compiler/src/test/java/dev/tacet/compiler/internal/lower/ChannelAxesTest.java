// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Sample rows say more of a channel than of a pixel: an activation has to know its channels, whatever made, joined or moved them. */
class ChannelAxesTest {
  /** The only activation of a model that ends with the mean of everything times a weight. */
  private static Node.Activation activation(TestModels model, String argument) {
    TestModels whole = model.indexes("all", -1, 1, 1).constant("v", new long[] {1, 1}, 2).node("Relu", argument, "relu").node("Flatten", "relu", "flat")
        .indexes("last", 1).node("ReduceMean", "flat last", "mean").node("MatMul", "mean v", "y");
    return Lowering.lower(OnnxReader.read(whole.source("y")), 0).activations().get(0);
  }

  private static double[] counting(int count) {
    return LongStream.rangeClosed(1, count).asDoubleStream().toArray();
  }

  private static TestModels image() {
    return TestModels.of(1, 4, 5).constant("a", new long[] {2, 1, 1, 1}, 1, 2).constant("b", new long[] {3, 1, 3, 3}, counting(27))
        .node("Conv", "x a", "p").node("Conv", "x b", "q", TestModels.integers("pads", 1, 1, 1, 1));
  }

  private static void is(Node.Activation activation, int axis, int... shape) {
    assertArrayEquals(shape, activation.shape());
    assertArrayEquals(new int[] {axis}, activation.channelAxes());
  }

  @Test
  void convolutionsHaveTheirs() {
    is(activation(image(), "q"), 0, 3, 4, 5);
    is(activation(image().node("Concat", "p q x", "j", TestModels.integer("axis", 1)), "j"), 0, 6, 4, 5);
    is(activation(image().node("Concat", "q q", "j", TestModels.integer("axis", 3)), "j"), 0, 3, 4, 10);
  }

  @Test
  void aTranspositionMovesThem() {
    is(activation(image().node("Transpose", "q", "t", TestModels.integers("perm", 0, 2, 3, 1)), "t"), 2, 4, 5, 3);
    is(activation(image().constant("c", new long[] {3}, 1, 2, 3).node("Transpose", "q", "t", TestModels.integers("perm", 0, 2, 3, 1))
        .node("Add", "t c", "s"), "s"), 2, 4, 5, 3);
  }

  @Test
  void aDenseLayerAlongTheLastAxisHasThemThere() {
    TestModels series = TestModels.of(4, 3).constant("w", new long[] {3, 5}, counting(15)).constant("c", new long[] {5}, counting(5));
    is(activation(series.node("MatMul", "x w", "h").node("Add", "h c", "s"), "s"), 1, 4, 5);
    TestModels merged = TestModels.of(4, 3).constant("w", new long[] {3, 5}, counting(15)).constant("c", new long[] {5}, counting(5))
        .indexes("rows", -1, 3).indexes("apart", -1, 4, 5).node("Reshape", "x rows", "r").node("Gemm", "r w c", "h").node("Reshape", "h apart", "s")
        .node("Add", "s c", "t");
    is(activation(merged, "t"), 1, 4, 5);
    is(activation(TestModels.of(4, 3).constant("u", new long[] {2, 4}, counting(8)).node("MatMul", "u x", "h"), "h"), 0, 2, 3);
    is(activation(TestModels.of(3).constant("w", new long[] {3, 5}, counting(15)).node("MatMul", "x w", "h"), "h"), 0, 5);
  }

  private static TestModels shuffled() {
    return TestModels.of(1, 4, 5).constant("b", new long[] {6, 1, 3, 3}, counting(54)).indexes("split", 0, 2, 3, 4, 5).indexes("join", 0, 6, 4, 5)
        .node("Conv", "x b", "q", TestModels.integers("pads", 1, 1, 1, 1)).node("Reshape", "q split", "s")
        .node("Transpose", "s", "t", TestModels.integers("perm", 0, 2, 1, 3, 4)).node("Reshape", "t join", "u");
  }

  @Test
  void aShuffleSplitsThemAndJoinsThemAgain() {
    Node.Activation inOrder = activation(shuffled(), "u");
    assertArrayEquals(new int[] {3, 2, 4, 5}, inOrder.shape());
    assertArrayEquals(new int[] {0, 1}, inOrder.channelAxes());
    is(activation(shuffled().constant("c", new long[] {6, 1, 1}, counting(6)).node("Add", "u c", "sum"), "sum"), 0, 6, 4, 5);
  }
}
