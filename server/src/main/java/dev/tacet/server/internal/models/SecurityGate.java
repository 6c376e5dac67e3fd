// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.Set;

/**
 * The host's own check of a model's parameters, made whatever the artifact claims and whoever compiled it: primes that are
 * prime, distinct and congruent to 1, and a modulus inside the table of eprint 2024/463 at 128 bits at least.
 */
public final class SecurityGate {
  private SecurityGate() {}

  /**
   * Checks the parameters from their numbers alone.
   *
   * @throws ServiceException INSECURE_PARAMETERS with the numbers
   */
  public static void check(Parameters parameters) {
    SecurityLevel level = parameters.security();
    if (level == SecurityLevel.UNCHECKED_FOR_TESTS) {
      throw refused("parameters are marked UNCHECKED_FOR_TESTS and cannot be served");
    }
    checkModulus(parameters, level);
  }

  /** Checks the primes, and their product against the row of a level; 128 bits are the floor. */
  static void checkModulus(Parameters parameters, SecurityLevel level) {
    int logN = parameters.logRingDegree();
    if (logN < SecurityLevel.MIN_LOG_RING_DEGREE || logN > SecurityLevel.MAX_LOG_RING_DEGREE) {
      throw refused(
          "ring degree 2^" + logN + " is outside the security table 2^" + SecurityLevel.MIN_LOG_RING_DEGREE + "..2^"
              + SecurityLevel.MAX_LOG_RING_DEGREE);
    }
    long step = (parameters.ringType() == RingType.STANDARD ? 2L : 4L) << logN;
    BigInteger product = BigInteger.ONE;
    Set<Long> seen = new HashSet<>();
    for (long[] primes : new long[][] {parameters.modulusChain(), parameters.specialPrimes()}) {
      for (long prime : primes) {
        BigInteger q = BigInteger.valueOf(prime);
        if (prime < 3 || prime >= 1L << Parameters.MAX_MODULUS_BITS || !q.isProbablePrime(100)) {
          throw refused("modulus " + prime + " is not a prime below 2^" + Parameters.MAX_MODULUS_BITS);
        }
        if (!seen.add(prime)) {
          throw refused("modulus " + prime + " occurs twice");
        }
        if (prime % step != 1) {
          throw refused("modulus " + prime + " is not 1 mod " + step);
        }
        product = product.multiply(q);
      }
    }
    int allowed = Math.min(level.maxLogQP(logN), SecurityLevel.CLASSICAL_128.maxLogQP(logN));
    if (product.compareTo(BigInteger.ONE.shiftLeft(allowed)) > 0) {
      throw refused(
          "log2(QP) is " + log2(product) + " at ring degree 2^" + logN + "; " + level + " allows " + allowed + " (eprint 2024/463)");
    }
  }

  private static BigDecimal log2(BigInteger value) {
    int shift = Math.max(0, value.bitLength() - 60);
    double log = shift + Math.log(value.shiftRight(shift).doubleValue()) / Math.log(2);
    return BigDecimal.valueOf(Math.round(log * 1000), 3);
  }

  private static ServiceException refused(String text) {
    return new ServiceException(ErrorCause.INSECURE_PARAMETERS, text);
  }
}
