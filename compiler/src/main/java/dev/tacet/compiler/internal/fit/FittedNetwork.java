// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.List;
import java.util.Map;

/**
 * A network with the polynomials in the place of its activations: what the host will compute, without noise.
 *
 * @param network the model
 * @param fits by id of the activation
 */
public record FittedNetwork(Network network, Map<Integer, ActivationFit> fits) {
  /** Makes the fitted network; every activation must have its fit. */
  public FittedNetwork {
    fits = Map.copyOf(fits);
    for (Node.Activation activation : network.activations()) {
      if (!fits.containsKey(activation.id())) {
        throw new IllegalArgumentException("activation " + activation.name() + " has no polynomial");
      }
    }
  }

  /** Returns the output's value for a row of raw features. */
  public double[] output(double[] row) {
    return network.output().evaluate(evaluate(row));
  }

  /** Returns the values of all nodes for a row of raw features. */
  public double[][] evaluate(double[] row) {
    double[][] values = network.place(row);
    for (Node node : network.nodes()) {
      List<dev.tacet.compiler.internal.ir.LinearForm> arguments = node.arguments();
      if (node instanceof Node.Activation) {
        ActivationFit fit = fits.get(node.id());
        double[] value = arguments.get(0).evaluate(values);
        for (int i = 0; i < value.length; i++) {
          value[i] = fit.at(i, value[i]);
        }
        values[node.id()] = value;
      } else if (node instanceof Node.Product) {
        double[] value = arguments.get(0).evaluate(values);
        double[] right = arguments.get(1).evaluate(values);
        for (int i = 0; i < value.length; i++) {
          value[i] *= right[i];
        }
        values[node.id()] = value;
      }
    }
    return values;
  }
}
