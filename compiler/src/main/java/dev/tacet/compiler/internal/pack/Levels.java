// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Node;

/**
 * How many levels below the inputs each value lies: a linear form takes one, a polynomial ceil(log2(degree + 1)), a product one.
 *
 * @param depth the depth of each node
 * @param total the depth of the output, the level at which inputs must start
 */
public record Levels(int[] depth, int total) {
  /** Computes the depths. */
  public static Levels of(FittedNetwork fitted) {
    int[] depth = new int[fitted.network().nodes().size()];
    for (Node node : fitted.network().nodes()) {
      int below = 0;
      for (LinearForm argument : node.arguments()) {
        below = Math.max(below, of(argument, depth));
      }
      int own = 0;
      if (node instanceof Node.Activation) {
        own = fitted.fits().get(node.id()).depth();
      } else if (node instanceof Node.Product) {
        own = 1;
      }
      depth[node.id()] = below + own;
    }
    return new Levels(depth, of(fitted.network().output(), depth));
  }

  private static int of(LinearForm form, int[] depth) {
    int deepest = 0;
    for (int node : form.terms().keySet()) {
      deepest = Math.max(deepest, depth[node]);
    }
    return deepest + 1;
  }
}
