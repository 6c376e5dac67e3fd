// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/**
 * The reserve of precision with which a model was compiled so that decrypted values may be shown to others.
 *
 * <p>A decrypted value carries noise that depends on the secret key (Li and Micciancio, eprint 2020/1533). Before it is shown it is
 * flooded: Gaussian noise of deviation sqrt(12 * results) * 2^(statisticalBits / 2) times the bound of its own noise is added
 * (Li, Micciancio, Schultz and Sorrell, eprint 2022/816), which takes {@link #logFactor} bits of precision.
 *
 * @param results how many rows' answers may be shown under one secret key, 1..2^40
 * @param statisticalBits bits of statistical security over all of them together, 10..128
 * @param noise bound of a value's own noise, which is the mean over its copies, in slot units; finite and not negative
 */
public record Sharing(long results, int statisticalBits, double noise) {
  /** The most results that can be asked for. */
  public static final long MAX_RESULTS = 1L << 40;

  /** A flooded value's error is beyond its bound by the flooding's part once in 10^9: this many deviations. */
  public static final double DEVIATIONS = 6.2;

  /** Validates. */
  public Sharing {
    if (results < 1 || results > MAX_RESULTS) {
      throw new IllegalArgumentException("results to share are " + results + ", needs 1.." + MAX_RESULTS);
    }
    if (statisticalBits < 10 || statisticalBits > 128) {
      throw new IllegalArgumentException("statistical bits are " + statisticalBits + ", needs 10..128");
    }
    if (!(noise >= 0 && noise <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException("noise of shared values is " + noise + ", must be finite and not negative");
    }
  }

  /** Returns a copy with the noise that a program turned out to have. */
  public Sharing withNoise(double value) {
    return new Sharing(results, statisticalBits, value);
  }

  /**
   * Returns how many times larger than a value's own noise the flooding's deviation is.
   *
   * @param values numbers that one row's answer has: their noises add up as squares
   */
  public double factor(int values) {
    return Math.sqrt(12.0 * results * values) * Math.pow(2, statisticalBits / 2.0);
  }

  /** Returns log2 of {@link #factor}. */
  public double logFactor(int values) {
    return Math.log(factor(values)) / Math.log(2);
  }

  /**
   * Returns the deviation of the flooding of an output's value i, in output units.
   *
   * @param values numbers of all outputs of the answer together
   */
  public double deviation(CipherOutput output, int i, int values) {
    return factor(values) * Math.abs(output.factor()[i]) * noise;
  }
}
