// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What the graph computes from the shapes of its values if the batch has two rows, beside what it computes for one: where the two differ, a
 * number counts rows.
 */
final class OpenShapes {
  private final Map<String, Tensor> ofTwo = new HashMap<>();

  /**
   * Notes what a node makes.
   *
   * @param axis that of the rows in its first input; negative where there is none
   * @param run runs the node on other inputs
   */
  void made(OnnxNode node, List<Symbol> inputs, int axis, UnaryOperator<List<Symbol>> run) {
    boolean shape = node.opType().equals("Shape") || node.opType().equals("Size");
    boolean constants = inputs.stream().allMatch(x -> x == null || x instanceof Symbol.Known);
    List<Symbol> others = new ArrayList<>(inputs);
    if (shape && axis >= 0) {
      int[] two = inputs.get(0).shape().clone();
      two[axis] *= 2;
      others.set(0, new Symbol.Clear(two, ""));  // of which nothing but the shape is read
    } else if (constants && node.inputs().stream().anyMatch(ofTwo::containsKey)) {
      for (int i = 0; i < others.size(); i++) {
        Tensor two = ofTwo.get(node.inputs().get(i));
        others.set(i, two == null ? others.get(i) : new Symbol.Known(two));
      }
    } else {
      return;
    }
    try {
      List<Symbol> outputs = run.apply(others);
      for (int o = 0; o < Math.min(outputs.size(), node.outputs().size()); o++) {
        if (outputs.get(o) instanceof Symbol.Known known) {
          ofTwo.put(node.outputs().get(o), known.tensor());
        }
      }
    } catch (Refusal | IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
      ofTwo.keySet().removeAll(node.outputs());  // it cannot run for two rows: what comes of it says nothing
    }
  }

  /** Returns the place of the first number of a vector that counts rows, or -1 where none is known to. */
  int placeOfRows(String name, long[] ofOne) {
    Tensor two = ofTwo.get(name);
    for (int i = 0; two != null && two.size() == ofOne.length && i < ofOne.length; i++) {
      if (two.number(i) != ofOne[i]) {
        return i;
      }
    }
    return -1;
  }
}
