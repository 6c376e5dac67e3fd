// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.ModelProblem;
import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import org.junit.jupiter.api.Test;

/** Products along axes: of a shape, as exporters count elements with them, and of nothing that is encrypted. */
class SumOpsTest {
  private static Network lower(TestModels model) {
    return Lowering.lower(OnnxReader.read(model.source("y")), 0);
  }

  @Test
  void theNumberOfElementsIsAProductOfTheShape() {
    Network network = lower(TestModels.of(2, 3).indexes("last", 1, 2).node("Shape", "x", "s").node("Gather", "s last", "n")
        .node("ReduceProd", "n", "p", TestModels.integer("keepdims", 0)).node("Cast", "p", "c", TestModels.integer("to", 1))
        .node("Div", "x c", "y"));
    double[] row = {6, -12, 18, 0, 3, 60};
    assertArrayEquals(new double[] {1, -2, 3, 0, 0.5, 10}, network.output().evaluate(network.evaluate(row)), 1e-12);
  }

  @Test
  void productsOfConstantsKeepTheOtherAxes() {
    Network network = lower(TestModels.of(2).constant("m", new long[] {2, 3}, new double[] {1, 2, 3, -1, 4, 0.5})
        .indexes("axes", 1).node("ReduceProd", "m axes", "p", TestModels.integer("keepdims", 0)).node("Mul", "x p", "y"));
    assertArrayEquals(new double[] {60, -20}, network.output().evaluate(network.evaluate(new double[] {10, 10})), 1e-12);
  }

  @Test
  void aProductOfEncryptedValuesIsRefusedByName() {
    ModelProblem problem = assertThrows(UncompilableModelException.class, () -> lower(
        TestModels.of(4).indexes("axes", 1).node("ReduceProd", "x axes", "y"))).problems().get(0);
    assertEquals("ReduceProd", problem.opType());
    assertTrue(problem.rewrite().contains("Mul"), problem.toString());
  }
}
