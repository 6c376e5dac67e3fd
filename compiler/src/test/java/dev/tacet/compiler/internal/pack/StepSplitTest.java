// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Giant steps at equal distances: those that are missing, and their number. */
final class StepSplitTest {
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void theNumberOfMissingStepsIsThatOfTheSet(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 1000; round++) {
      int distance = random.nextInt(1, 9);
      TreeSet<Integer> giants = new TreeSet<>();
      for (int count = random.nextInt(1, 12); count > 0; count--) {
        giants.add(distance * random.nextInt(-6, 20));
      }
      Set<Integer> missing = StepSplit.missing(giants);
      assertEquals(missing.size(), StepSplit.missingCount(giants), giants + " lack " + missing);
    }
  }
}
