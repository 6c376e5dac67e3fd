// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import org.junit.jupiter.api.Test;

/** Models that are exported for a fixed number of rows, four here, run one. */
class FixedRowsTest {
  private static final double[] X = {1, 2, 3, 4, 5, 6, 7, 8};

  private static TestModels model() {
    return TestModels.ofRows(4, 8).constant("w", new long[] {8, 1}, 1, -1, 2, 0, 1, 0, 0, 3);
  }

  private static double[] answer(TestModels model) {
    Network network = Lowering.lower(OnnxReader.read(model.source("y")), 0);
    return network.output().evaluate(network.evaluate(X));
  }

  private static void refused(TestModels model, String reason) {
    String message = assertThrows(UncompilableModelException.class, () -> answer(model)).getMessage();
    assertTrue(message.contains(reason), message);
  }

  @Test
  void aReshapeOfTheBatchLeavesARowWhole() {
    double[] expected = {1 - 2 + 6 + 5 + 24};
    assertArrayEquals(expected, answer(model().indexes("s", 4, -1).node("Reshape", "x s", "r").node("MatMul", "r w", "y")));
    assertArrayEquals(expected, answer(model().indexes("s", 8, 4).indexes("t", 4, 8).node("Reshape", "x s", "r").node("Reshape", "r t", "u")
        .node("MatMul", "u w", "y")));
    assertArrayEquals(expected, answer(model().indexes("s", 4, 8).node("Expand", "x s", "r").node("MatMul", "r w", "y")));
    assertArrayEquals(expected, answer(model().indexes("first", 0).indexes("rest", -1).node("Shape", "x", "p").node("Gather", "p first", "n")
        .node("Concat", "n rest", "s", TestModels.integer("axis", 0)).node("Reshape", "x s", "r").node("MatMul", "r w", "y")));
    refused(model().indexes("s", 1, -1).node("Reshape", "x s", "r").node("Softmax", "r", "y"), "1 of the 4 rows");
    refused(model().indexes("s", 8, 4).indexes("a", 0).node("Reshape", "x s", "r").node("ReduceSum", "r a", "y"), "works along the first axis");
    refused(model().node("Transpose", "x", "t").indexes("s", 4, 8).node("Reshape", "t s", "r").node("MatMul", "r w", "y"), "or moves it");
    refused(model().indexes("s", 4, 4, 8).node("Expand", "x s", "y"), "an axis before the 4 rows");
    // Four groups of one row, as the graph computes them from the shape of it: nothing counts rows.
    assertArrayEquals(new double[] {3, 7, 11, 15}, answer(model().indexes("first", 0).indexes("four", 4).indexes("rest", -1).node("Shape", "x", "p")
        .node("Gather", "p first", "n").node("Mul", "n four", "g").node("Concat", "g rest", "s", TestModels.integer("axis", 0))
        .node("Reshape", "x s", "r").indexes("a", 1).node("ReduceSum", "r a", "y", TestModels.integer("keepdims", 0))));
    refused(model().indexes("s", 2, -1).node("Reshape", "x s", "r").node("ReduceSum", "r", "y"), "2 of the 4 rows");
  }

  @Test
  void constantsOfEachRowCountOnceIfTheyAreTheSame() {
    assertArrayEquals(new double[] {34.5}, answer(model().constant("b", new long[] {4, 1}, 0.5, 0.5, 0.5, 0.5)
        .node("MatMul", "x w", "h").node("Add", "h b", "y")));
    assertArrayEquals(new double[] {34.5}, answer(model().constant("b", new long[] {4, 1}, 0.5, 0.5, 0.5, 0.5).node("Gemm", "x w b", "y")));
    refused(model().constant("b", new long[] {4, 1}, 0.5, 0.5, 0.5, 1).node("MatMul", "x w", "h").node("Add", "h b", "y"),
        "differs from row to row of the 4");
  }

  @Test
  void constantsAreComputedInTheirElementTypeOrRefused() {
    TensorProto bytes = TensorProto.newBuilder().setName("b").setDataType(2).addDims(1).addInt32Data(3).build();
    refused(TestModels.of(8).constant(bytes).constant(bytes.toBuilder().setName("c").setInt32Data(0, 10).build()).node("Sub", "b c", "d")
        .node("Cast", "d", "f", TestModels.integer("to", 1)).node("ReduceSum", "x", "s").node("Add", "s f", "y"), "UINT8 does not hold");
    assertArrayEquals(new double[] {36 + 3}, answer(TestModels.of(8).indexes("a", 7).indexes("b", 9).indexes("two", 2).indexes("one", 1)
        .node("Equal", "a b", "m").node("Where", "m b a", "c").node("Div", "c two", "d").node("Cast", "d", "f", TestModels.integer("to", 1))
        .node("ReduceSum", "x one", "s").node("Add", "s f", "y")));
    refused(TestModels.of(8).indexes("a", 2).constant("h", new long[] {1}, 0.5).indexes("one", 1).node("Pow", "a h", "d")
        .node("Cast", "d", "f", TestModels.integer("to", 1)).node("ReduceSum", "x one", "s").node("Add", "s f", "y"), "INT64 does not hold");
    assertArrayEquals(new double[] {36 + 2048}, answer(TestModels.of(8).constant("k", new long[] {1}, 2049).indexes("one", 1)
        .node("Cast", "k", "h", TestModels.integer("to", 10)).node("Cast", "h", "f", TestModels.integer("to", 1))
        .node("ReduceSum", "x one", "s").node("Add", "s f", "y")));
    // The ends of Slice are the largest and the smallest number of 64 bits, moved about by exporters.
    TensorProto ends = TensorProto.newBuilder().setName("e").setDataType(7).addInt64Data(Long.MAX_VALUE).build();
    TensorProto back = TensorProto.newBuilder().setName("n").setDataType(7).addInt64Data(Long.MIN_VALUE).build();
    for (TensorProto end : new TensorProto[] {ends, back}) {
      boolean all = end == ends;
      assertArrayEquals(new double[] {36}, answer(TestModels.of(8).constant(end).indexes("z", 0).indexes("one", 1).indexes("first", all ? 0 : -1)
          .indexes("step", all ? 1 : -1).node("Unsqueeze", all ? "e z" : "n z", "u").node("Concat", "u", "to", TestModels.integer("axis", 0))
          .node("Slice", "x first to one step", "p").node("ReduceSum", "p one", "y")));
    }
    refused(TestModels.of(8).constant("k", new long[] {1}, 70000).node("Cast", "k", "h", TestModels.integer("to", 10))
        .node("Cast", "h", "f", TestModels.integer("to", 1)).indexes("one", 1).node("ReduceSum", "x one", "s").node("Add", "s f", "y"),
        "constant that is Infinity");
  }

  @Test
  void constantsHaveNoBatch() {
    assertArrayEquals(new double[] {34, 34}, answer(TestModels.of(8).constant("w", new long[] {1, 8, 2}, 1, 1, -1, -1, 2, 2, 0, 0, 1, 1, 0, 0, 0, 0, 3, 3)
        .node("Squeeze", "w", "v").node("MatMul", "x v", "y")));
    assertArrayEquals(new double[] {36}, answer(TestModels.of(8).constant("o", new long[] {1, 1}, 1).indexes("n", 8, 1)
        .node("Tile", "o n", "v").node("MatMul", "x v", "y")));
    assertArrayEquals(new double[] {72}, answer(TestModels.of(8).constant("o", new long[] {1, 8}, 2, 2, 2, 2, 2, 2, 2, 2).indexes("a", 0)
        .node("ReduceSum", "o a", "v", TestModels.integer("keepdims", 0)).node("Mul", "x v", "p").indexes("f", 1).node("ReduceSum", "p f", "y")));
  }
}
