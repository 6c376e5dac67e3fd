// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The checker after every pass that makes a {@link Network}: ids, order, sizes and finite weights. */
final class NetworkChecker {
  private NetworkChecker() {}

  /**
   * Checks the nodes and the output form.
   *
   * @throws IllegalArgumentException with the node and the numbers
   */
  static void check(List<Node> nodes, LinearForm output) {
    boolean inputsOver = false;
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      if (node.id() != i) {
        throw new IllegalArgumentException("node " + node.name() + " at index " + i + " has id " + node.id());
      }
      if (node instanceof Node.Input) {
        if (inputsOver) {
          throw new IllegalArgumentException("input " + node.name() + " follows a node that is no input");
        }
      } else {
        inputsOver = true;
      }
      if (node.size() < 1) {
        throw new IllegalArgumentException("node " + node.name() + " has " + node.size() + " elements, needs at least 1");
      }
      int product = Arrays.stream(node.shape()).reduce(1, Math::multiplyExact);
      if (product != node.size()) {
        throw new IllegalArgumentException("node " + node.name() + " of size " + node.size() + " has shape "
            + Arrays.toString(node.shape()) + " of " + product + " elements");
      }
      for (LinearForm argument : node.arguments()) {
        check(nodes, argument, i, node.name());
        if (argument.size() != node.size()) {
          throw new IllegalArgumentException(
              "node " + node.name() + " of size " + node.size() + " reads a form of size " + argument.size());
        }
      }
    }
    if (output.size() < 1) {
      throw new IllegalArgumentException("the output has no elements");
    }
    check(nodes, output, nodes.size(), "output");
  }

  private static void check(List<Node> nodes, LinearForm form, int limit, String reader) {
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      int id = term.getKey();
      if (id < 0 || id >= limit) {
        throw new IllegalArgumentException(reader + " reads node " + id + ", needs 0.." + (limit - 1));
      }
      if (term.getValue().columns() != nodes.get(id).size()) {
        throw new IllegalArgumentException(reader + " reads " + term.getValue().columns() + " columns of node " + id
            + ", which has " + nodes.get(id).size() + " elements");
      }
      if (!term.getValue().isFinite()) {
        throw new IllegalArgumentException(reader + " has a weight that is not finite for node " + id);
      }
    }
    for (double bias : form.bias()) {
      if (!Double.isFinite(bias)) {
        throw new IllegalArgumentException(reader + " has a bias that is not finite");
      }
    }
  }
}
