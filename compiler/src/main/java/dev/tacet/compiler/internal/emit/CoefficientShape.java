// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.he.CoefficientBlocks;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Parameters;

/**
 * The parameters and scales of a program of the coefficient packing.
 *
 * <p>The scale of a product is the power of two at or above q/8, so that values in their units, a little enlarged, just keep the
 * three spare bits. It is shared between inputs and weights.
 *
 * @param parameters one prime, or two of which the product is divided by the second
 * @param blocks where numbers lie
 * @param weightBits log2 of the weights' scale
 * @param privacy the answers and bits for which answers are to hide the model; null for none
 */
public record CoefficientShape(Parameters parameters, CoefficientBlocks blocks, int weightBits, ModelPrivacy privacy) {
  /** Returns log2 of a product's scale under a modulus of so many bits. */
  public static int logProduct(double logQ) {
    return (int) Math.ceil(logQ - 3);
  }

  /** Returns log2 of the inputs' scale. */
  public int logInput() {
    return logProduct(parameters.logQ()) - weightBits;
  }
}
