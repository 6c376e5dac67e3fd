// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import java.util.Arrays;

/**
 * A parameter set on which operations are measured. All are inside the table for 128 bits (design: 214, 430 and 868 bits).
 *
 * <p>The chains are those that benchmarks/peers gives to OpenFHE and TenSEAL.
 */
public enum ParameterSet {
  /** 2^13: 45 + 3 x 35 bits, one special prime. */
  N13(13, 45, 35, 3, 45, 1),
  /** 2^14: 50 + 7 x 40 bits, one special prime. */
  N14(14, 50, 40, 7, 50, 1),
  /** 2^15: 50 + 14 x 40 bits, three special primes, digits of three primes. */
  N15(15, 50, 40, 14, 50, 3);

  private final int logRingDegree;
  private final int baseBits;
  private final int logScale;
  private final int levels;
  private final int specialBits;
  private final int specialCount;

  ParameterSet(int logRingDegree, int baseBits, int logScale, int levels, int specialBits, int specialCount) {
    this.logRingDegree = logRingDegree;
    this.baseBits = baseBits;
    this.logScale = logScale;
    this.levels = levels;
    this.specialBits = specialBits;
    this.specialCount = specialCount;
  }

  /** N. */
  public int ringDegree() {
    return 1 << logRingDegree;
  }

  /** Builds and checks the parameters. */
  public Parameters parameters() {
    return ModulusChain.select(
            logRingDegree, RingType.STANDARD, baseBits, logScale, levels, specialBits, specialCount)
        .security(SecurityLevel.CLASSICAL_128)
        .build();
  }

  /** The set of ring degree {@code n}; throws IllegalArgumentException naming those that exist. */
  public static ParameterSet of(int n) {
    return Arrays.stream(values())
        .filter(set -> set.ringDegree() == n)
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("no parameter set of ring degree " + n + "; there are 8192, 16384 and 32768"));
  }
}
