// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.ir.UnaryFunction;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.he.Postprocessing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ValueBoundsTest {
  private static final FeatureBounds FEATURES = new FeatureBounds(new double[] {-3, 1}, new double[] {5, 2});

  private static LinearForm form(int node, double bias, double... weights) {
    return new LinearForm(Map.of(node, Matrix.dense(1, weights.length, weights)), new double[] {bias});
  }

  /** Bounds of a network of one input of two features, and what follows it. */
  private static ValueBounds bounds(Map<Integer, ActivationFit> fits, Node... nodes) {
    List<Node> all = new ArrayList<>(List.of(new Node.Input(0, "x", new int[] {2})));
    all.addAll(List.of(nodes));
    LinearForm output = LinearForm.of(all.size() - 1, nodes.length == 0 ? 2 : 1);
    Postprocessing tail = new Postprocessing(List.of("y"), List.of(), List.of("y"));
    return ValueBounds.of(new FittedNetwork(new Network(all, output, "y", tail), fits), FEATURES);
  }

  private static void assertBounds(double low, double high, ValueBounds.Bounds found) {
    assertArrayEquals(new double[] {low}, found.low(), 1e-12);
    assertArrayEquals(new double[] {high}, found.high(), 1e-12);
  }

  @Test
  void eachBoundOfAFormIsTakenAtTheEndThatItsWeightsSignAsksFor() {
    ValueBounds bounds = bounds(Map.of());
    assertBounds(-9, 7, bounds.of(form(0, 1, -2, 0)));
    assertBounds(-5, 11, bounds.of(form(0, 1, 2, 0)));
    assertBounds(-15.5, 3.5, bounds.of(form(0, 0.5, -2, -3)));
  }

  @Test
  void aProductOfForms() {
    Node.Product product = new Node.Product(1, "p", new int[] {1}, form(0, 0, 1, 0), form(0, 0, 0, -1));
    assertBounds(-10, 6, bounds(Map.of(), product).of(1));  // [-3, 5] times [-2, -1]
  }

  @Test
  void aSquareAndHowFarItsInputReaches() {
    Node.Activation square = new Node.Activation(1, "s", new int[] {1}, new int[0],
        new Univariate.Unary(UnaryFunction.ABS, 0, 0, Univariate.X), form(0, 1, -2, 0));
    ActivationFit fit = new ActivationFit(
        1, "square", new double[] {0}, new double[] {4}, new double[] {16}, 0, new double[] {0.5, 0, 0.5}, true, 0, 1);
    ValueBounds bounds = bounds(Map.of(1, fit), square);
    assertEquals(9.0 / 4, bounds.reach(square, fit), 1e-12);  // of [-9, 7]
    assertBounds(-0.16, 16.16, bounds.of(1));
    Node.Activation other = new Node.Activation(1, "s", new int[] {1}, new int[0], square.function(), form(0, -1, -2, 0));
    assertEquals(11.0 / 4, bounds.reach(other, fit), 1e-12);  // of [-11, 5]
    Node.Activation upper = new Node.Activation(1, "s", new int[] {1}, new int[0], square.function(), form(0, 5, -2, 0));
    assertEquals(11.0 / 4, bounds.reach(upper, fit), 1e-12);  // of [-5, 11]
  }
}
