// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.HashMap;
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

  /** Returns the output's value for each of several rows of raw features, on all cores. */
  public List<double[]> outputs(List<double[]> rows) {
    return network.output().evaluateAll(evaluateAll(rows));
  }

  /** Returns the values of all nodes for each of several rows of raw features, on all cores. */
  public List<double[][]> evaluateAll(List<double[]> rows) {
    Map<Integer, LocalPolynomials> local = new HashMap<>();
    for (Node.Activation activation : network.activations()) {
      local.put(activation.id(), LocalPolynomials.of(fits.get(activation.id()).coefficients(), (long) rows.size() * activation.size()));
    }
    return network.evaluateAll(
        rows, (activation, values) -> fits.get(activation.id()).apply(values, local.get(activation.id())));
  }

  /** Returns the values of all nodes for a row of raw features. */
  public double[][] evaluate(double[] row) {
    return evaluateAll(List.of(row)).get(0);
  }
}
