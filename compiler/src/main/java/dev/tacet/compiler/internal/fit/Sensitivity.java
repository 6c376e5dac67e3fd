// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.Arrays;
import java.util.Map;

/**
 * How much an error of each element of each node weighs in the answers: the mean square over the answers, each by its range, as if
 * every activation on the way had slope 1.
 */
final class Sensitivity {
  private final double[][] squares;

  private Sensitivity(Network network) {
    squares = new double[network.nodes().size()][];
    network.nodes().forEach(node -> squares[node.id()] = new double[node.size()]);
  }

  /**
   * Computes the weights backward from the answers.
   *
   * @param ranges the range of each decrypted value, not 0
   */
  static Sensitivity of(Network network, double[] ranges) {
    Sensitivity result = new Sensitivity(network);
    double[] answers = Arrays.stream(ranges).map(range -> 1 / (range * range)).toArray();
    result.spread(network.output(), answers);
    for (int i = network.nodes().size() - 1; i >= 0; i--) {
      Node node = network.nodes().get(i);
      for (LinearForm argument : node.arguments()) {
        result.spread(argument, result.squares[node.id()]);
      }
    }
    return result;
  }

  private void spread(LinearForm form, double[] weights) {
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      double[] into = squares[term.getKey()];
      Matrix matrix = term.getValue();
      matrix.forEach((i, j, w) -> into[j] += w * w * weights[i]);
    }
  }

  /** Returns the weight of an element's squared error. */
  double square(int node, int element) {
    return squares[node][element];
  }
}
