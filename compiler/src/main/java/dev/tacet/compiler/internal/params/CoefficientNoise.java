// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

/**
 * Standard deviations of noise in one coefficient of the standard ring, relative to a scale; see {@link NoiseModel}.
 *
 * @param degree N
 */
public record CoefficientNoise(int degree) {
  /**
   * Returns the deviation of a fresh ciphertext under the public key, the noisier of the two kinds of encryption, with the rounding of
   * the message.
   */
  public double fresh(double logScale) {
    return Math.sqrt(NoiseModel.SIGMA * NoiseModel.SIGMA * (4.0 * degree / 3 + 1) + 1.0 / 12) * Math.pow(2, -logScale);
  }

  /** Returns the deviation that a rescale adds, at the scale after it. */
  public double rescale(double logScale) {
    return Math.sqrt((1 + 2.0 * degree / 3) / 12) * Math.pow(2, -logScale);
  }
}
