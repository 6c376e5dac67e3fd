// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.List;

/** The fewest levels that a network can take, whatever its sample rows: every fitted activation has the lowest degree. */
public final class LeastDepth {
  /** The lowest degree of a fit. */
  public static final int DEGREE = 3;

  private LeastDepth() {}

  /**
   * What the deepest path takes.
   *
   * @param levels of the whole program
   * @param layers the activations and products on the deepest path from the input on, each with its levels
   */
  public record Depth(int levels, List<String> layers) {}

  /** Adds up the levels: a linear form takes one, an activation those of its degree, a product one. */
  public static Depth of(Network network) {
    int count = network.nodes().size();
    int[] depth = new int[count];
    int[] before = new int[count];
    for (Node node : network.nodes()) {
      before[node.id()] = -1;
      for (LinearForm argument : node.arguments()) {
        int deepest = deepest(argument, depth);
        if (depth[deepest] + 1 + own(node) > depth[node.id()]) {
          depth[node.id()] = depth[deepest] + 1 + own(node);
          before[node.id()] = deepest;
        }
      }
    }
    int last = deepest(network.output(), depth);
    List<String> layers = new ArrayList<>();
    for (int id = last; id >= 0; id = before[id]) {
      if (before[id] >= 0) {
        layers.add(0, network.nodes().get(id).name() + " " + (1 + own(network.nodes().get(id))));
      }
    }
    return new Depth(depth[last] + 1, layers);
  }

  private static int own(Node node) {
    if (node instanceof Node.Activation activation) {
      int degree = activation.function().degree();
      return degree == 2 ? 1 : 32 - Integer.numberOfLeadingZeros(degree > 2 ? degree : DEGREE);
    }
    return node instanceof Node.Product ? 1 : 0;
  }

  /** The node of the most levels among those that a form reads; the first node for a constant. */
  private static int deepest(LinearForm form, int[] depth) {
    int deepest = 0;
    for (int id : form.terms().keySet()) {
      deepest = depth[id] > depth[deepest] ? id : deepest;
    }
    return deepest;
  }
}
