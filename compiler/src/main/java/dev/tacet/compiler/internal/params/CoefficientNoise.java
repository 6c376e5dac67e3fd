// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.he.ModelPrivacy;

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

  /** Returns the deviation of a fresh ciphertext under the secret key, with the rounding of the message. */
  public double freshSecret(double logScale) {
    return Math.sqrt(NoiseModel.SIGMA * NoiseModel.SIGMA + 1.0 / 12) * Math.pow(2, -logScale);
  }

  /**
   * Returns the flooding that hides what weights make of encryption errors, and what is left of a re-randomisation of secret and
   * errors.
   *
   * @param asked the answers and bits it is to hold for
   * @param deviation of one coefficient's noise before it, relative to the scale
   * @param logScale log2 of the scale
   * @param coefficients of one answer that the client reads
   */
  public ModelPrivacy hiding(ModelPrivacy asked, double deviation, double logScale, int coefficients) {
    double ofZero = NoiseModel.SIGMA * Math.sqrt(4.0 * degree / 3 + 1);
    return asked.hiding(NoiseModel.DEVIATIONS * Math.hypot(deviation * Math.pow(2, logScale), ofZero), coefficients);
  }

  /** Returns the deviation of flooding, relative to the scale. */
  public double flooding(ModelPrivacy privacy, double logScale) {
    return ModelPrivacy.deviation(privacy.floodBits()) * Math.pow(2, -logScale);
  }

  /** Returns the deviation that a rescale adds, at the scale after it. */
  public double rescale(double logScale) {
    return Math.sqrt((1 + 2.0 * degree / 3) / 12) * Math.pow(2, -logScale);
  }
}
