// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;

class SecurityGateTest {
  /** Returns primes = 1 mod 2^13 (N = 2^12) of the given sizes, all distinct. */
  private static long[] primes(int... bits) {
    long[] primes = new long[bits.length];
    long step = 1L << 13;
    long last = 0;
    for (int i = 0; i < bits.length; i++) {
      long candidate = (1L << bits[i]) + 1;
      if (i > 0 && bits[i] == bits[i - 1]) {
        candidate = last;
      }
      do {
        candidate -= step;
      } while (!BigInteger.valueOf(candidate).isProbablePrime(50));
      primes[i] = candidate;
      last = candidate;
    }
    return primes;
  }

  private static Parameters parameters(SecurityLevel level, long[] chain, long... special) {
    return Parameters.builder().ringType(RingType.STANDARD).logRingDegree(12).logScale(28).security(level).digitSize(1).modulusChain(chain)
        .specialPrimes(special).build();
  }

  @Test
  void parametersInsideTheTableAreServed() {
    assertDoesNotThrow(
        () -> SecurityGate.check(parameters(SecurityLevel.CLASSICAL_128, primes(38, 28), primes(39))));
  }

  @Test
  void parametersMarkedForTestsAreRefusedHoweverSmallTheyAre() {
    Parameters unchecked = parameters(SecurityLevel.UNCHECKED_FOR_TESTS, primes(38, 28), primes(39));
    ServiceException e = assertThrows(ServiceException.class, () -> SecurityGate.check(unchecked));
    assertEquals(ErrorCause.INSECURE_PARAMETERS, e.errorCause());
    assertTrue(e.getMessage().contains("UNCHECKED_FOR_TESTS"), e.getMessage());
  }

  @Test
  void aBiggerModulusThanTheTableAllowsIsRefusedWhateverTheParametersClaim() {
    Parameters big = parameters(SecurityLevel.UNCHECKED_FOR_TESTS, primes(40, 30), primes(41));
    ServiceException e =
        assertThrows(ServiceException.class, () -> SecurityGate.checkModulus(big, SecurityLevel.CLASSICAL_128));
    assertEquals(ErrorCause.INSECURE_PARAMETERS, e.errorCause());
    assertTrue(e.getMessage().contains("106") && e.getMessage().contains("2^12"), e.getMessage());
    assertDoesNotThrow(
        () -> SecurityGate.checkModulus(
            parameters(SecurityLevel.UNCHECKED_FOR_TESTS, primes(38, 28), primes(39)), SecurityLevel.CLASSICAL_128));
  }

  @Test
  void theRealRingIsServedByTheTableOfItsDegree() {
    assertDoesNotThrow(() -> SecurityGate.check(
        ModulusChain.select(12, RingType.CONJUGATE_INVARIANT, 38, 28, 1, 39, 1).security(SecurityLevel.CLASSICAL_128).build()));
    Parameters big =
        ModulusChain.select(12, RingType.CONJUGATE_INVARIANT, 40, 30, 1, 41, 1).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
    ServiceException e =
        assertThrows(ServiceException.class, () -> SecurityGate.checkModulus(big, SecurityLevel.CLASSICAL_128));
    assertTrue(e.getMessage().contains("106") && e.getMessage().contains("2^12"), e.getMessage());
  }
}
