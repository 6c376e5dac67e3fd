// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.Functions;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.onnx.proto.AttributeProto;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What folds, what is recognised whole, and where the client's part begins. */
class LoweringTest {
  private static final double[] WEIGHTS = {1, -2, 3, 0.5, 0.25, -1, 2, 1, -3};

  private static TestModels dense() {
    return TestModels.of(3).constant("w", new long[] {3, 3}, WEIGHTS).constant("v", new long[] {3, 1}, 1, 2, 3)
        .constant("half", new long[] {}, 0.5).constant("one", new long[] {}, 1)
        .constant("root", new long[] {}, Math.sqrt(2)).node("MatMul", "x w", "h");
  }

  /** What the first product of {@link #dense()} makes of a row. */
  private static double[] hidden(double[] x) {
    return IntStream.range(0, 3).mapToDouble(j -> IntStream.range(0, 3).mapToDouble(i -> x[i] * WEIGHTS[i * 3 + j]).sum()).toArray();
  }

  private static Network lowered(TestModels model, String output) {
    return Lowering.lower(OnnxReader.read(model.source(output)), 0);
  }

  private static String onlyActivation(Network network) {
    assertEquals(1, network.activations().size());
    return Functions.name(network.activations().get(0).function());
  }

  @Test
  void geluOfFiveNodesIsOneActivation() {
    Network network = lowered(dense().node("Div", "h root", "a").node("Erf", "a", "b").node("Add", "b one", "c")
        .node("Mul", "h c", "d").node("Mul", "d half", "e").node("MatMul", "e v", "y"), "y");
    assertEquals("gelu", onlyActivation(network));
  }

  @Test
  void siluAndHardSwishAreOneActivationEach() {
    assertEquals("silu", onlyActivation(lowered(
        dense().node("Sigmoid", "h", "a").node("Mul", "h a", "b").node("MatMul", "b v", "y"), "y")));
    assertEquals("hard_swish", onlyActivation(lowered(
        dense().node("HardSwish", "h", "a").node("MatMul", "a v", "y"), "y")));
  }

  @Test
  void aSwishTakesItsAlphaOnTheHostAndOnTheClient() {
    AttributeProto alpha = TestModels.real("alpha", 1.702);
    double[] x = {0.3, -0.7, 1.1};
    double[] right = IntStream.range(0, 3).mapToDouble(j -> hidden(x)[j] / (1 + Math.exp(-1.702f * hidden(x)[j]))).toArray();
    Network host = lowered(dense().opset(24).node("Swish", "h", "a", alpha).node("MatMul", "a v", "y"), "y");
    assertEquals("silu", onlyActivation(host));
    assertEquals(right[0] + 2 * right[1] + 3 * right[2], host.output().evaluate(host.evaluate(x))[0], 1e-9);
    Network client = lowered(dense().opset(24).node("Swish", "h", "y", alpha), "y");
    assertTrue(client.isLinear());
    double[] scores = client.output().evaluate(client.evaluate(x));
    assertArrayEquals(right, client.tail().run(Map.of(client.outputName(), scores)).get("y").toNumbers(), 1e-9);
  }

  @Test
  void aResidualSumWithAnActivationOfTheSameVectorIsOneActivation() {
    Network network = lowered(dense().node("Tanh", "h", "a").node("Add", "h a", "b").node("MatMul", "b v", "y"), "y");
    assertEquals(1, network.activations().size());
  }

  @Test
  void batchNormDropoutAndIdentityFoldIntoOneLinearMap() {
    Network network = lowered(dense().constant("g", new long[] {3}, 2, 1, 0.5).constant("b", new long[] {3}, 1, 0, -1)
        .constant("m", new long[] {3}, 0.1, 0.2, 0.3).constant("s", new long[] {3}, 1, 4, 0.25)
        .node("BatchNormalization", "h g b m s", "n").node("Dropout", "n", "d").node("Identity", "d", "i")
        .node("MatMul", "i v", "y"), "y");
    assertTrue(network.isLinear());
    double[] x = {0.3, -0.7, 1.1};
    double[] h = hidden(x);
    double[] gamma = {2, 1, 0.5};
    double[] beta = {1, 0, -1};
    double[] mean = {0.1f, 0.2f, 0.3f};
    double[] variance = {1, 4, 0.25};
    double expected = IntStream.range(0, 3)
        .mapToDouble(j -> (j + 1) * (gamma[j] * (h[j] - mean[j]) / Math.sqrt(variance[j] + 1e-5f) + beta[j])).sum();
    assertArrayEquals(new double[] {expected}, network.output().evaluate(network.evaluate(x)), 1e-9);
  }

  @Test
  void remaindersOfConstantsFoldWithTheSignThatIsAskedFor() {
    TestModels model = dense().indexes("a", -4, 5, -3).indexes("n", 3, -3, 3).node("Mod", "a n", "m")
        .node("Mod", "a n", "r", TestModels.integer("fmod", 1)).node("Cast", "m", "mf", TestModels.integer("to", 1))
        .node("Cast", "r", "rf", TestModels.integer("to", 1)).node("Mul", "x mf", "p").node("Mul", "x rf", "q")
        .constant("ones", new long[] {3, 1}, 1, 1, 1).node("Sub", "p q", "d").node("MatMul", "d ones", "y");
    Network network = lowered(model, "y");
    assertTrue(network.isLinear());
    double[] x = {0.3, -0.7, 1.1};  // remainders 2, -1, 0 and -1, 2, 0
    assertArrayEquals(new double[] {3 * x[0] - 3 * x[1]}, network.output().evaluate(network.evaluate(x)), 1e-6);
    assertThrows(UncompilableModelException.class, () -> lowered(dense().node("Mod", "h half", "a").node("MatMul", "a v", "y"), "y"));
  }

  @Test
  void aSoftmaxAtTheEndIsTheClientsAndCostsNoLevel() {
    Network network = lowered(dense().node("Softmax", "h", "y"), "y");
    assertTrue(network.isLinear());
    List<TailOp> ops = network.tail().nodes().stream().map(TailNode::op).toList();
    assertTrue(ops.contains(TailOp.SOFTMAX), ops.toString());
  }

  @Test
  void anActivationAtTheEndIsTheClientsAndOneInTheMiddleIsTheHosts() {
    Network end = lowered(dense().node("Relu", "h", "y"), "y");
    assertTrue(end.isLinear());
    Network middle = lowered(dense().node("Relu", "h", "a").node("MatMul", "a v", "b").node("Relu", "b", "y"), "y");
    assertEquals(1, middle.activations().size());
  }

  @Test
  void aScalarFactorAtTheEndIsFoldedOnTheHost() {
    Network network = lowered(dense().node("Mul", "h half", "y"), "y");
    assertEquals(WEIGHTS[0] / 2, network.output().terms().get(0).get(0, 0), 1e-12);
  }

  @Test
  void theProductOfTwoBranchesIsAProductNode() {
    Network network = lowered(dense().constant("u", new long[] {3, 3}, 1, 0, 0, 0, 1, 0, 0, 0, 1).node("MatMul", "x u", "k")
        .node("Mul", "h k", "a").node("MatMul", "a v", "y"), "y");
    assertEquals(2, network.nodes().size());
    double[] x = {1, 2, 3};
    double[] h = hidden(x);
    double expected = IntStream.range(0, 3).mapToDouble(j -> h[j] * x[j] * (j + 1)).sum();
    assertEquals(expected, network.output().evaluate(network.evaluate(x))[0], 1e-9);
  }

  @Test
  void constantsOfEachElementAreDividedByAFunctionOfTheVector() {
    double[] numerators = {2, -1, 3};
    Network network = lowered(dense().constant("c", new long[] {1, 3}, numerators).node("Mul", "h h", "s").node("Add", "s one", "p")
        .node("Div", "c p", "d").node("MatMul", "d v", "y"), "y");
    double[] x = {0.3, -0.7, 1.1};
    double[] h = hidden(x);
    double expected = IntStream.range(0, 3).mapToDouble(j -> (j + 1) * numerators[j] / (1 + h[j] * h[j])).sum();
    assertEquals(1, network.activations().size());
    assertEquals(expected, network.output().evaluate(network.evaluate(x))[0], 1e-9);
  }

  @Test
  void anInfiniteBoundOfClipIsNoneAndAnyOtherInfinityIsRefused() {
    double[] x = {0.3, -0.7, 1.1};
    double[] h = hidden(x);
    double expected = IntStream.range(0, 3).mapToDouble(j -> (j + 1) * Math.max(h[j], 0)).sum();
    double none = Double.POSITIVE_INFINITY;
    AttributeProto held = AttributeProto.newBuilder().setName("value").setType(AttributeProto.AttributeType.TENSOR)
        .setT(TestModels.tensor("", new long[] {}, none)).build();
    for (TestModels model : List.of(
        dense().constant("low", new long[] {}, 0).constant("none", new long[] {}, none).node("Clip", "h low none", "c"),
        dense().constant("low", new long[] {}, 0).node("Constant", "", "none", held).node("Clip", "h low none", "c"),
        dense().constant("low", new long[] {}, 0).node("Constant", "", "none", TestModels.real("value_float", none)).node("Clip", "h low none", "c"),
        dense().constant("none", new long[] {1}, -none).constant("low", new long[] {}, 0).node("Clip", "h none", "d").node("Max", "d low", "c"),
        dense().opset(7).node("Clip", "h", "c", TestModels.real("min", 0), TestModels.real("max", none)))) {
      Network network = lowered(model.node("MatMul", "c v", "y"), "y");
      assertEquals(expected, network.output().evaluate(network.evaluate(x))[0], 1e-9);
    }
    for (TestModels model : List.of(
        dense().constant("none", new long[] {}, none).node("Clip", "h none", "c"),
        dense().constant("none", new long[] {}, Double.NaN).node("Clip", "h none", "c"),
        dense().constant("none", new long[] {2}, -none, -none).node("Clip", "h none", "c"),
        dense().node("Constant", "", "none", held).node("Add", "h none", "c"),
        dense().opset(7).node("Clip", "h", "c", TestModels.real("min", none)))) {
      UncompilableModelException refused =
          assertThrows(UncompilableModelException.class, () -> lowered(model.node("MatMul", "c v", "y"), "y"));
      assertTrue(refused.getMessage().contains("not finite"), refused.getMessage());
    }
  }
}
