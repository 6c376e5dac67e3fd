// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that are lowered and computed in the clear give onnxruntime's numbers. */
class BesideOnnxruntimeTest {
  private static double[] lowered(byte[] model, double... row) {
    Network network = Lowering.lower(OnnxReader.read(OnnxSource.ofBytes("test", model)), 0);
    Map<String, double[]> values = Map.of(network.outputName(), network.output().evaluate(network.evaluate(row)));
    return network.tail().run(values).get("y").toNumbers();
  }

  private static void isOnnxruntimes(byte[] model, double... row) throws Exception {
    List<Object> right;
    try (ClearOnnx clear = new ClearOnnx(model)) {
      right = clear.run(row).get("y");
    }
    double[] found = lowered(model, row);
    assertEquals(right.size(), found.length, right + ", found " + Arrays.toString(found));
    for (int i = 0; i < found.length; i++) {
      double number = ((Number) right.get(i)).doubleValue();
      assertEquals(number, found[i], 1e-6 * Math.max(1, Math.abs(number)), right + ", found " + Arrays.toString(found));
    }
  }

  /** A cell beyond the padding, which the last window has where the number of windows is rounded up, does not count. */
  @Test
  void averagesOfWindowsThatReachBeyondThePadding() throws Exception {
    byte[] model = TestModels.of(1, 4).opset(19)
        .node("AveragePool", "x", "p", TestModels.integers("kernel_shape", 3), TestModels.integers("strides", 2), TestModels.integers("pads", 1, 1),
            TestModels.integer("ceil_mode", 1), TestModels.integer("count_include_pad", 1)).node("Flatten", "p", "y").output("y", 3);
    isOnnxruntimes(model, 1, 2, 3, 4);
    isOnnxruntimes(model, -1, 0.5, 7, 2);
  }

  /** Before version 13 a softmax was that of all elements from its axis on. */
  @ParameterizedTest
  @CsvSource({"Softmax, 11", "LogSoftmax, 11", "Softmax, 13", "LogSoftmax, 13"})
  void aSoftmaxAlongAnAxisThatIsNotTheLast(String type, int opset) throws Exception {
    byte[] model = TestModels.of(2, 3).opset(opset).constant("w", new long[] {3, 3}, 1, -1, 0.5, 0, 2, 1, 0.25, 0, -1)
        .node("MatMul", "x w", "h").node(type, "h", "p", TestModels.integer("axis", 1)).node("Flatten", "p", "y").output("y", 6);
    isOnnxruntimes(model, 1, 2, 3, -1, 0.5, 0.25);
  }

  @ParameterizedTest
  @CsvSource({"Softmax, Sub", "Softmax, Add", "Softmax, Mul", "Softmax, Div", "Sigmoid, Sub", "Sigmoid, Div", "Sigmoid, Max", "Sigmoid, Min"})
  void theClientsArithmeticWithAConstantOnEitherSide(String end, String operator) throws Exception {
    isOnnxruntimes(scores(end).node(operator, "p c", "y").output("y", 3), 0.3, -0.7, 1.1);
    isOnnxruntimes(scores(end).node(operator, "c p", "y").output("y", 3), 0.3, -0.7, 1.1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Greater", "Less", "GreaterOrEqual", "LessOrEqual"})
  void theClientsComparisonsWithAConstantOnEitherSide(String operator) throws Exception {
    for (String end : List.of("Softmax", "Sigmoid")) {
      for (String operands : List.of("p c", "c p")) {
        byte[] model = scores(end).node(operator, operands, "b").node("Cast", "b", "y", TestModels.integer("to", 1)).output("y", 3);
        isOnnxruntimes(model, 0.3, -0.7, 1.1);
      }
    }
  }

  private static TestModels scores(String end) {
    return TestModels.of(3).constant("w", new long[] {3, 3}, 1, -2, 3, 0.5, 0.25, -1, 2, 1, -3).constant("c", new long[0], 0.4)
        .node("MatMul", "x w", "h").node(end, "h", "p");
  }
}
