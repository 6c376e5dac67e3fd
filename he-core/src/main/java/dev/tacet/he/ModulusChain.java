// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Deterministic choice of primes for {@link Parameters}: the same request gives the same primes on every machine.
 *
 * <p>Scale primes are the nearest to 2^logScale, of both sides in turn unless one {@link Side} is named. The base prime and the special primes are the largest below 2^bits that are still free.
 */
public final class ModulusChain {
  private ModulusChain() {}

  /** Where scale primes lie. */
  public enum Side {
    /** Alternately above and below 2^logScale, so that their products stay near its powers. */
    BOTH,
    /** Below 2^logScale: a residue on the wire takes logScale bits, where those of primes above it take one more. */
    BELOW
  }

  /**
   * Chooses primes and returns a builder with ring type, ring degree, scale, chain, special primes and digit size
   * (= specialCount, at least 1, at most the chain's length) set; the caller sets the security level.
   *
   * @param logRingDegree log2(N), 4..16
   * @param baseBits bits of q_0, at most 50
   * @param logScale bits of the scale primes; above 50 a level is built from two primes of half the bits each
   * @param scaleLevels levels above 0, at least 0
   * @param specialBits bits of the special primes, at most 50
   * @param specialCount special primes, at least 0
   * @throws IllegalArgumentException if there are too few primes of the size asked for
   */
  public static Parameters.Builder select(
      int logRingDegree,
      RingType ringType,
      int baseBits,
      int logScale,
      int scaleLevels,
      int specialBits,
      int specialCount) {
    return select(logRingDegree, ringType, baseBits, logScale, scaleLevels, specialBits, specialCount, Side.BOTH);
  }

  /** The same with scale primes on the sides that are named. */
  public static Parameters.Builder select(int logRingDegree, RingType ringType, int baseBits, int logScale, int scaleLevels, int specialBits,
      int specialCount, Side side) {
    if (logRingDegree < 4 || logRingDegree > 16) {
      throw new IllegalArgumentException("ring degree 2^" + logRingDegree + " is outside 2^4..2^16");
    }
    if (baseBits > Parameters.MAX_MODULUS_BITS || specialBits > Parameters.MAX_MODULUS_BITS) {
      throw new IllegalArgumentException(
          "base prime of " + baseBits + " bits and special primes of " + specialBits + " bits must stay within "
              + Parameters.MAX_MODULUS_BITS);
    }
    if (scaleLevels < 0 || specialCount < 0) {
      throw new IllegalArgumentException(scaleLevels + " levels and " + specialCount + " special primes must not be negative");
    }
    long step = (ringType == RingType.STANDARD ? 2L : 4L) << logRingDegree;
    boolean wide = logScale > Parameters.MAX_MODULUS_BITS - 1;
    int low = wide ? logScale / 2 : logScale;
    int high = logScale - low;
    int primesPerLevel = wide ? 2 : 1;
    Set<Long> used = new HashSet<>();
    long[] chain = new long[1 + scaleLevels * primesPerLevel];
    Nearest lowPrimes = new Nearest(low, step, side);
    Nearest highPrimes = wide && high != low ? new Nearest(high, step, side) : lowPrimes;
    for (int i = 0; i < scaleLevels; i++) {
      chain[1 + i * primesPerLevel] = lowPrimes.next(used);
      if (wide) {
        chain[2 + i * primesPerLevel] = highPrimes.next(used);
      }
    }
    chain[0] = below(baseBits, step, used);
    long[] special = new long[specialCount];
    for (int i = 0; i < specialCount; i++) {
      special[i] = below(specialBits, step, used);
    }
    return Parameters.builder()
        .ringType(ringType)
        .logRingDegree(logRingDegree)
        .logScale(logScale)
        .modulusChain(chain)
        .specialPrimes(special)
        .digitSize(Math.max(1, Math.min(specialCount, chain.length)));
  }

  /**
   * Chooses one prime near 2^bits for each number of bits, all distinct, those of one size alternately above and below it.
   *
   * @param logRingDegree log2(N), 4..16
   * @param bits 2..49 each
   * @throws IllegalArgumentException if there are too few primes of a size
   */
  public static long[] near(int logRingDegree, RingType ringType, int... bits) {
    long step = (ringType == RingType.STANDARD ? 2L : 4L) << logRingDegree;
    Set<Long> used = new HashSet<>();
    Map<Integer, Nearest> sizes = new HashMap<>();
    long[] primes = new long[bits.length];
    for (int i = 0; i < bits.length; i++) {
      primes[i] = sizes.computeIfAbsent(bits[i], size -> new Nearest(size, step, Side.BOTH)).next(used);
    }
    return primes;
  }

  /** The largest free prime below 2^bits that is 1 modulo step. */
  private static long below(int bits, long step, Set<Long> used) {
    long limit = 1L << bits;
    for (long candidate = limit - step + 1; candidate > limit / 2; candidate -= step) {
      if (Primality.isPrime(candidate) && used.add(candidate)) {
        return candidate;
      }
    }
    throw new IllegalArgumentException(
        "no free prime of " + bits + " bits that is 1 modulo " + step + " (" + used.size() + " are in use)");
  }

  /** Primes that are 1 modulo step, around 2^bits, alternately above and below it or all below it, nearest first on each side. */
  private static final class Nearest {
    private final int bits;
    private final long step;
    private final boolean bothSides;
    private long above;
    private long below;
    private boolean takeAbove;

    Nearest(int bits, long step, Side side) {
      this.bits = bits;
      this.step = step;
      this.bothSides = side == Side.BOTH;
      this.takeAbove = bothSides;
      this.above = (1L << bits) + 1 - step;
      this.below = (1L << bits) + 1;
    }

    long next(Set<Long> used) {
      boolean up = takeAbove;
      takeAbove = bothSides && !up;
      long found = up ? above(used) : below(used);
      if (found == 0 && bothSides) {
        found = up ? below(used) : above(used);
      }
      if (found == 0) {
        throw new IllegalArgumentException(
            "no free prime near 2^" + bits + " that is 1 modulo " + step + " (" + used.size() + " are in use)");
      }
      return found;
    }

    private long above(Set<Long> used) {
      long limit = Math.min(1L << Parameters.MAX_MODULUS_BITS, (1L << bits) + (1L << (bits - 1)));
      while (above + step < limit) {
        above += step;
        if (Primality.isPrime(above) && used.add(above)) {
          return above;
        }
      }
      return 0;
    }

    private long below(Set<Long> used) {
      while (below - step > 1L << (bits - 1)) {
        below -= step;
        if (Primality.isPrime(below) && used.add(below)) {
          return below;
        }
      }
      return 0;
    }
  }
}
