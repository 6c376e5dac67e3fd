// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.pack.BatchLevels;

/**
 * The scales of a program of the throughput packing, all of them powers of two.
 *
 * @param levels where values lie
 * @param primeBits bits of the scale primes, the scale at which polynomials are evaluated
 * @param weightBits fractional bits of the weights that multiply activations and products
 * @param inputWeightBits fractional bits of the weights that multiply inputs
 * @param inputBits bits of the prime by which the forms that read inputs are rescaled; 0 where they are not
 */
public record BatchShape(BatchLevels levels, int primeBits, int weightBits, int inputWeightBits, int inputBits) {
  /** The largest scale of inputs: the encoder's integers stay below 2^53. */
  private static final int MAX_LOG_INPUT = 50;

  /** Returns the same with other primes. */
  public BatchShape withPrimeBits(int bits) {
    return new BatchShape(levels, bits, weightBits, inputWeightBits, inputBits);
  }

  /** Returns log2 of the scale of a form that a node reads: squares and products leave room for the weights that follow. */
  public int logScale(boolean polynomial) {
    return polynomial ? primeBits : primeBits - weightBits;
  }

  /** Returns log2 of the output's scale. */
  public int logOutput(LinearForm output) {
    return levels.squared(output) ? primeBits - weightBits : primeBits;
  }

  /** Returns log2 of the scale of inputs that forms of this scale read. */
  public int logInput(int logTarget) {
    return Math.min(MAX_LOG_INPUT, logTarget + inputBits - inputWeightBits);
  }
}
