// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.InsecureModelException;
import dev.tacet.he.SecurityLevel;
import java.math.BigInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ParameterPolicyTest {
  @ParameterizedTest
  @EnumSource(names = "UNCHECKED_FOR_TESTS", mode = EnumSource.Mode.EXCLUDE)
  void aChainOfOneBitMoreThanTheFloorAllowsIsRefused(SecurityLevel floor) {
    ParameterPolicy policy = new ParameterPolicy(floor, 1, 1);
    for (int logN = SecurityLevel.MIN_LOG_RING_DEGREE; logN <= SecurityLevel.MAX_LOG_RING_DEGREE; logN++) {
      int bound = floor.maxLogQP(logN);
      BigInteger over = BigInteger.ONE.shiftLeft(bound);
      policy.requireSmall(over.subtract(BigInteger.ONE), logN, "m");
      int degree = logN;
      String message = assertThrows(InsecureModelException.class, () -> policy.requireSmall(over, degree, "m")).getMessage();
      assertTrue(message.contains("above " + bound + " at N = 2^" + logN) && message.contains("allows " + bound), message);
    }
  }
}
