// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutliersTest {
  private static List<double[]> normal(int rows) {
    Random random = new Random(3);
    List<double[]> result = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      result.add(random.doubles(4).map(u -> random.nextGaussian()).toArray());
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e4, -1e10, 1e38, -3e38})
  void aValueFarOutIsNamedWithItsRowAndFeature(double value) {
    List<double[]> rows = normal(60);
    rows.get(17)[2] = value;
    String note = Outliers.note(rows, false).orElseThrow();
    assertTrue(note.startsWith("row 17 of the 60 sample rows has ") && note.contains(" as feature 2 "), note);
    rows.get(40)[1] = -1000;
    assertTrue(Outliers.note(rows, false).orElseThrow().contains("1 other row is like it"), Outliers.note(rows, false).orElseThrow());
  }

  @Test
  void heavyTailsAndSparseFeaturesAreNoOutliers() {
    Random random = new Random(4);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 400; r++) {
      rows.add(new double[] {Math.exp(1.5 * random.nextGaussian()), r == 7 ? 1 : 0, 5, -Math.log(1 - random.nextDouble())});
    }
    assertEquals(Optional.empty(), Outliers.note(rows, false));
    assertEquals(Optional.empty(), Outliers.note(rows.subList(0, 5), false));
  }
}
