// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Comparator;

/**
 * An evaluation key that a program needs.
 *
 * @param galoisElement 0 for relinearization (s^2 to s), else the odd Galois element g of sigma_g(s) to s
 * @param level highest level at which the program uses it; lower levels use the truncated key
 */
public record KeyRequirement(long galoisElement, int level) implements Comparable<KeyRequirement> {
  private static final Comparator<KeyRequirement> ORDER =
      Comparator.comparingLong(KeyRequirement::galoisElement).thenComparingInt(KeyRequirement::level);

  /** The Galois element that stands for relinearization. */
  public static final long RELINEARIZATION = 0;

  /** Validates the ranges. */
  public KeyRequirement {
    if (galoisElement != RELINEARIZATION
        && (galoisElement < 0 || galoisElement % 2 == 0 || galoisElement >= 1L << 19)) {
      throw new IllegalArgumentException(
          "Galois element " + galoisElement + " is neither 0 nor odd in 1.." + ((1L << 19) - 1));
    }
    if (level < 0 || level >= Parameters.MAX_CHAIN_LENGTH) {
      throw new IllegalArgumentException("key level " + level + " is outside 0.." + (Parameters.MAX_CHAIN_LENGTH - 1));
    }
  }

  /**
   * Returns the bytes of the EVALUATION_KEY blob for this requirement: one seeded half of ceil((level+1)/digitSize) digits,
   * each with level+1 chain limbs and all special limbs of N residues packed to their prime's width.
   */
  public long blobBytes(Parameters parameters) {
    int n = parameters.ringDegree();
    long perDigit = 0;
    for (int i = 0; i <= level; i++) {
      perDigit += limbBytes(n, parameters.modulus(i));
    }
    for (long p : parameters.specialPrimes()) {
      perDigit += limbBytes(n, p);
    }
    return Blob.OVERHEAD_BYTES + 4 + 4 + 32 + parameters.digits(level) * perDigit;
  }

  private static long limbBytes(int n, long prime) {
    return ((long) n * (64 - Long.numberOfLeadingZeros(prime)) + 7) / 8;
  }

  /** Returns words for messages, such as "the key of Galois element 25 for level 1". */
  @Override
  public String toString() {
    return galoisElement == RELINEARIZATION
        ? "the relinearization key for level " + level
        : "the key of Galois element " + galoisElement + " for level " + level;
  }

  @Override
  public int compareTo(KeyRequirement other) {
    return ORDER.compare(this, other);
  }
}
