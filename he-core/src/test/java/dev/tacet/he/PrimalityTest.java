// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrimalityTest {
  private static void check(long n) {
    assertEquals(BigInteger.valueOf(n).isProbablePrime(100), Primality.isPrime(n), "n = " + n);
  }

  @Test
  void smallNumbersAndNumbersOfEverySizeAgreeWithAnotherTest() {
    for (long n = 0; n < 3000; n++) {
      check(n);
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int bits = 12; bits <= 50; bits++) {
      for (int i = 0; i < 200; i++) {
        check(random.nextLong(1L << bits - 1, 1L << bits) | 1);
      }
      check((1L << bits) - 1);
    }
    for (long n = (1L << 50) - 1; n > (1L << 50) - 4000; n -= 2) {
      check(n);
    }
  }

  /** Carmichael numbers, squares of primes and composites that pass for many small bases. */
  @ParameterizedTest
  @ValueSource(longs = {561, 41041, 825265, 321197185, 3215031751L, 2152302898747L, 3474749660383L, 341550071728321L, 1194649, 12327121,
      33554393L * 33554383L})
  void compositesThatLookLikePrimesAreFound(long n) {
    assertFalse(Primality.isPrime(n));
  }

  @Test
  void largerNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Primality.isPrime(1L << 50));
    assertFalse(Primality.isPrime(-7));
  }
}
