// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;

/**
 * How many levels below the inputs each value of the throughput packing lies.
 *
 * <p>A square or product is neither relinearized nor rescaled: the linear form that reads it multiplies three components by small
 * weights and does both once for each of its own elements. So a form takes a level where it reads such a value. Polynomials end
 * at a scale that is lower by the bits of the weights, and a form that reads them takes no level; or, where that is too coarse, they
 * end at the full scale and owe a rescale, too.
 *
 * @param depth the depth of each node
 * @param owing whether the form that reads the node's value is rescaled
 * @param squared whether the node's scale is that of a product of two values
 * @param total the depth of the output, the level at which inputs start
 */
public record BatchLevels(int[] depth, boolean[] owing, boolean[] squared, int total) {
  /**
   * Computes the depths.
   *
   * @param rescaledInputs whether inputs, too, are rescaled after the form that reads them, so that they can have a finer scale
   * @param rescaledPolynomials the same for polynomials
   */
  public static BatchLevels of(FittedNetwork fitted, boolean rescaledInputs, boolean rescaledPolynomials) {
    Network network = fitted.network();
    int count = network.nodes().size();
    BatchLevels levels = new BatchLevels(new int[count], new boolean[count], new boolean[count], 0);
    for (Node node : network.nodes()) {
      int below = 0;
      for (LinearForm argument : node.arguments()) {
        below = Math.max(below, levels.of(argument));
      }
      boolean polynomial = node instanceof Node.Activation && !fitted.fits().get(node.id()).isSquare();
      levels.squared[node.id()] = !polynomial && !(node instanceof Node.Input);
      levels.owing[node.id()] = polynomial ? rescaledPolynomials : node instanceof Node.Input ? rescaledInputs : true;
      levels.depth[node.id()] = below + (polynomial ? fitted.fits().get(node.id()).depth() : 0);
    }
    return new BatchLevels(levels.depth, levels.owing, levels.squared, levels.of(network.output()));
  }

  /** Returns whether a form's sum has to be rescaled. */
  public boolean owing(LinearForm form) {
    return form.terms().keySet().stream().anyMatch(node -> owing[node]);
  }

  /** Returns whether a form reads a square or product. */
  public boolean squared(LinearForm form) {
    return form.terms().keySet().stream().anyMatch(node -> squared[node]);
  }

  private int of(LinearForm form) {
    int deepest = 0;
    for (int node : form.terms().keySet()) {
      deepest = Math.max(deepest, depth[node]);
    }
    return deepest + (owing(form) ? 1 : 0);
  }
}
