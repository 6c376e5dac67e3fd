// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/**
 * The largest log2(QP) for each ring degree at a security level: uniform ternary secret, error sigma = 3.19 (Bossuat et al.,
 * eprint 2024/463, Table 5.2, lattice estimator of February 2024).
 *
 * <p>Libraries built on the 2018 tables allow more (218 bits at N = 2^13 for 128 bits), so their defaults can fail this one.
 */
public enum SecurityLevel {
  /** 128 bits against a classical adversary: the default. */
  CLASSICAL_128(0, 128, false, 53, 106, 214, 430, 868, 1747),
  /** 192 bits against a classical adversary. */
  CLASSICAL_192(1, 192, false, 36, 73, 147, 297, 597, 1199),
  /** 256 bits against a classical adversary. */
  CLASSICAL_256(2, 256, false, 27, 56, 114, 230, 462, 929),
  /** 128 bits against a quantum adversary. */
  QUANTUM_128(3, 128, true, 40, 80, 161, 322, 644, 1289),
  /** No check at all. For tests; cannot be served and no client accepts it. */
  UNCHECKED_FOR_TESTS(255, 0, false);

  /** log2 of the smallest ring degree of the table. */
  public static final int MIN_LOG_RING_DEGREE = 11;

  /** log2 of the largest ring degree of the table. */
  public static final int MAX_LOG_RING_DEGREE = 16;

  private final int code;
  private final int bits;
  private final boolean quantum;
  private final int[] maxLogQP;

  SecurityLevel(int code, int bits, boolean quantum, int... maxLogQP) {
    this.code = code;
    this.bits = bits;
    this.quantum = quantum;
    this.maxLogQP = maxLogQP;
  }

  /** Returns the stable code of the wire format. */
  public int code() {
    return code;
  }

  /** Returns the bits of security: 128, 192 or 256; 0 for {@link #UNCHECKED_FOR_TESTS}. */
  public int bits() {
    return bits;
  }

  /** Returns whether the bits are meant against a quantum adversary. */
  public boolean quantum() {
    return quantum;
  }

  /**
   * Returns the largest log2(QP) allowed at ring degree 2^logRingDegree.
   *
   * @return bits; Integer.MAX_VALUE for {@link #UNCHECKED_FOR_TESTS}
   * @throws IllegalArgumentException if logRingDegree is outside 11..16 (the table has no row)
   */
  public int maxLogQP(int logRingDegree) {
    if (this == UNCHECKED_FOR_TESTS) {
      return Integer.MAX_VALUE;
    }
    if (logRingDegree < MIN_LOG_RING_DEGREE || logRingDegree > MAX_LOG_RING_DEGREE) {
      throw new IllegalArgumentException(
          "ring degree 2^" + logRingDegree + " is outside the security table 2^11..2^16");
    }
    return maxLogQP[logRingDegree - MIN_LOG_RING_DEGREE];
  }

  /**
   * Returns whether everything that this level holds, the floor holds too, at equal or more bits and no weaker adversary.
   *
   * @param floor the least level that the caller accepts
   */
  public boolean isAtLeast(SecurityLevel floor) {
    return bits >= floor.bits && (quantum || !floor.quantum);
  }

  /**
   * Returns the level with this code.
   *
   * @throws MalformedException if there is none
   */
  public static SecurityLevel ofCode(int code) {
    for (SecurityLevel level : values()) {
      if (level.code == code) {
        return level;
      }
    }
    throw new MalformedException("security code " + code + " is not one of 0, 1, 2, 3, 255");
  }
}
