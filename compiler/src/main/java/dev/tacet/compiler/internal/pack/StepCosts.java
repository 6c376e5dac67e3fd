// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.he.Parameters;

/**
 * What the steps of a linear transform cost at a level, in nanoseconds of one thread, from the sizes of what is transformed,
 * multiplied and read. The three rates are rough, of the order that machines with AVX-512 IFMA show; choices depend on their ratios
 * only, and not on the machine that compiles.
 */
public final class StepCosts {
  /** A butterfly of a transform. */
  private static final double BUTTERFLY = 0.2;

  /** A word of a digit, multiplied with both halves of a key. */
  private static final double KEY_WORD = 0.35;

  /** A word of a diagonal, read from memory and multiplied with both halves of a baby step. */
  private static final double DIAGONAL_WORD = 0.8;

  /** What a megabyte of evaluation keys may save, once a program needs another key: 50 microseconds. */
  private static final double MEGABYTE_OF_KEYS = 50_000;

  private final double ntt;
  private final double words;
  private final int limbs;
  private final int special;
  private final int digits;
  private final double keyBytes;

  /** Makes the costs of transforms at a level. */
  public StepCosts(Parameters parameters, int level) {
    words = parameters.ringDegree();
    ntt = words / 2 * parameters.logRingDegree() * BUTTERFLY;
    limbs = level + 1;
    special = parameters.specialPrimes().length;
    digits = parameters.digits(level);
    keyBytes = digits * words * (parameters.logQP() - parameters.logQ() + parameters.logQ(level)) / 8;
  }

  /** Returns the cost of a transform of so many diagonals, rotations by baby steps and rotations of sums by giant steps. */
  public double transform(int diagonals, int babies, int giants) {
    double decomposition = (limbs + digits * (limbs + special)) * ntt;
    double product = digits * (limbs + special) * words * KEY_WORD;
    double down = 2 * (limbs + special) * ntt;
    return diagonals * (limbs + special) * words * DIAGONAL_WORD + (babies > 0 ? decomposition : 0) + babies * product
        + giants * (decomposition + product + down / 2) + down;
  }

  /** Returns the cost of one rotation by itself. */
  public double rotation() {
    return (limbs + digits * (limbs + special) + 2 * (limbs + special)) * ntt + digits * (limbs + special) * words * KEY_WORD;
  }

  /** Returns the price of one key more. */
  public double newKey() {
    return keyBytes / (1 << 20) * MEGABYTE_OF_KEYS;
  }
}
