// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** Whether a number below 2^50 is a prime, without chance: the strong test to enough bases for all numbers below 3.3 * 10^24. */
final class Primality {
  /** Sorenson and Webster, 2015: no composite number below 3.3 * 10^24 passes for all of these. */
  private static final int[] BASES = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};

  private Primality() {}

  /**
   * Returns whether n is a prime.
   *
   * @param n less than 2^{@value Parameters#MAX_MODULUS_BITS}
   */
  static boolean isPrime(long n) {
    if (n >= 1L << Parameters.MAX_MODULUS_BITS) {
      throw new IllegalArgumentException(n + " is not below 2^" + Parameters.MAX_MODULUS_BITS);
    }
    for (int base : BASES) {
      if (n % base == 0) {
        return n == base;
      }
    }
    if (n < 2) {
      return false;
    }
    for (int base : BASES) {
      if (!passes(n, base)) {
        return false;
      }
    }
    return true;
  }

  /** The strong probable prime test: base^odd is 1, or one of its squares before base^(n-1) is -1. */
  private static boolean passes(long n, int base) {
    int twos = Long.numberOfTrailingZeros(n - 1);
    long power = power(base, n - 1 >> twos, n);
    if (power == 1 || power == n - 1) {
      return true;
    }
    for (int i = 1; i < twos; i++) {
      power = product(power, power, n);
      if (power == n - 1) {
        return true;
      }
    }
    return false;
  }

  private static long power(long base, long exponent, long n) {
    long result = 1;
    long square = base % n;
    for (long left = exponent; left > 0; left >>= 1) {
      result = (left & 1) == 1 ? product(result, square, n) : result;
      square = product(square, square, n);
    }
    return result;
  }

  /** a * b mod n, for a, b < n < 2^50: the quotient of doubles is off by one at most. */
  private static long product(long a, long b, long n) {
    long remainder = a * b - (long) ((double) a * b / n) * n;
    return remainder < 0 ? remainder + n : remainder >= n ? remainder - n : remainder;
  }
}
