// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import java.math.BigInteger;
import java.util.Random;

/**
 * Integers k with probability proportional to exp(-k^2 / (2 sigma^2)), exactly: the sampler of Canonne, Kamath and Steinke
 * (arXiv 2004.00010), in integer arithmetic alone. Sums of floating-point samples would show in their last digits what they hide.
 */
final class DiscreteGaussian {
  private final Random random;

  /**
   * Makes a sampler.
   *
   * @param random a cryptographic generator; one with a seed in tests only
   */
  DiscreteGaussian(Random random) {
    this.random = random;
  }

  /**
   * Returns a sample. How long it takes depends on the samples that were thrown away and on the size of the one returned.
   *
   * @param sigma the parameter, 1..2^31; the deviation is the same to within 10^-8 from 1 on
   */
  long sampleVariableTime(long sigma) {
    if (sigma < 1 || sigma > 1L << 31) {
      throw new IllegalArgumentException("sigma is " + sigma + ", needs 1..2^31");
    }
    long scale = sigma + 1;
    BigInteger square = BigInteger.valueOf(sigma).pow(2);
    BigInteger divisor = square.shiftLeft(1).multiply(BigInteger.valueOf(scale).pow(2));
    while (true) {
      long candidate = laplace(scale);
      // (|y| - sigma^2 / t)^2 / (2 sigma^2), over the common divisor 2 sigma^2 t^2
      BigInteger distance = BigInteger.valueOf(Math.abs(candidate)).multiply(BigInteger.valueOf(scale)).subtract(square);
      if (exponential(distance.pow(2), divisor)) {
        return candidate;
      }
    }
  }

  /** Probability proportional to exp(-|k| / scale). */
  private long laplace(long scale) {
    while (true) {
      long low = uniform(BigInteger.valueOf(scale)).longValueExact();
      if (!exponentialOfFraction(BigInteger.valueOf(low), BigInteger.valueOf(scale))) {
        continue;
      }
      long high = 0;
      while (exponentialOfFraction(BigInteger.ONE, BigInteger.ONE)) {
        high++;
      }
      long size = low + scale * high;
      boolean negative = random.nextBoolean();
      if (!negative || size != 0) {
        return negative ? -size : size;
      }
    }
  }

  /** True with probability exp(-p / q). */
  private boolean exponential(BigInteger p, BigInteger q) {
    BigInteger[] parts = p.divideAndRemainder(q);
    for (BigInteger i = BigInteger.ZERO; i.compareTo(parts[0]) < 0; i = i.add(BigInteger.ONE)) {
      if (!exponentialOfFraction(BigInteger.ONE, BigInteger.ONE)) {
        return false;
      }
    }
    return exponentialOfFraction(parts[1], q);
  }

  /** True with probability exp(-p / q) for p <= q: von Neumann's alternating series. */
  private boolean exponentialOfFraction(BigInteger p, BigInteger q) {
    long k = 1;
    while (uniform(q.multiply(BigInteger.valueOf(k))).compareTo(p) < 0) {
      k++;
    }
    return (k & 1) == 1;
  }

  /** Uniform below the bound. */
  private BigInteger uniform(BigInteger bound) {
    while (true) {
      BigInteger candidate = new BigInteger(bound.bitLength(), random);
      if (candidate.compareTo(bound) < 0) {
        return candidate;
      }
    }
  }
}
