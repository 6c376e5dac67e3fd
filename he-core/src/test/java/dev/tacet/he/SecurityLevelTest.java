// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecurityLevelTest {
  @ParameterizedTest(name = "{0} allows log2(QP) of {1} {2} {3} {4} {5} {6} at N = 2^11..2^16")
  @CsvSource({
    "CLASSICAL_128, 53, 106, 214, 430, 868, 1747",
    "CLASSICAL_192, 36, 73, 147, 297, 597, 1199",
    "CLASSICAL_256, 27, 56, 114, 230, 462, 929",
    "QUANTUM_128, 40, 80, 161, 322, 644, 1289"
  })
  void theTableIsThatOfEprint2024463(SecurityLevel level, int n11, int n12, int n13, int n14, int n15, int n16) {
    int[] expected = {n11, n12, n13, n14, n15, n16};
    for (int logN = 11; logN <= 16; logN++) {
      assertEquals(expected[logN - 11], level.maxLogQP(logN), level + " at 2^" + logN);
    }
  }

  @Test
  void aRingDegreeOutsideTheTableHasNoBound() {
    assertThrows(IllegalArgumentException.class, () -> SecurityLevel.CLASSICAL_128.maxLogQP(10));
    assertThrows(IllegalArgumentException.class, () -> SecurityLevel.CLASSICAL_128.maxLogQP(17));
  }

  @Test
  void aLevelMeetsAFloorOfFewerBitsAndNoStrongerAdversary() {
    assertTrue(SecurityLevel.CLASSICAL_192.isAtLeast(SecurityLevel.CLASSICAL_128));
    assertTrue(SecurityLevel.QUANTUM_128.isAtLeast(SecurityLevel.CLASSICAL_128));
    assertFalse(SecurityLevel.CLASSICAL_256.isAtLeast(SecurityLevel.QUANTUM_128));
    assertFalse(SecurityLevel.CLASSICAL_128.isAtLeast(SecurityLevel.CLASSICAL_192));
    assertFalse(SecurityLevel.UNCHECKED_FOR_TESTS.isAtLeast(SecurityLevel.CLASSICAL_128));
  }

  @Test
  void codesAreStable() {
    int[] codes = {0, 1, 2, 3, 255};
    for (int i = 0; i < codes.length; i++) {
      assertEquals(SecurityLevel.values()[i], SecurityLevel.ofCode(codes[i]));
    }
    assertThrows(MalformedException.class, () -> SecurityLevel.ofCode(4));
  }
}
