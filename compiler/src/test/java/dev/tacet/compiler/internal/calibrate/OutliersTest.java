// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutliersTest {
  private static Network vector(int... shape) {
    TestModels model = TestModels.of(shape).indexes("flat", -1, Arrays.stream(shape).reduce(1, (a, b) -> a * b)).node("Reshape", "x flat", "y");
    return Lowering.lower(OnnxReader.read(model.source("y")), 0);
  }

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
    String note = Outliers.note(vector(4), rows, false).orElseThrow();
    assertTrue(note.startsWith("row 17 of the 60 sample rows has ") && note.contains(" as feature 2 "), note);
    rows.get(40)[1] = -1000;
    assertTrue(Outliers.note(vector(4), rows, false).orElseThrow().contains("1 other row is like it"), Outliers.note(vector(4), rows, false).orElseThrow());
  }

  @Test
  void heavyTailsAndSparseFeaturesAreNoOutliers() {
    Random random = new Random(4);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 400; r++) {
      rows.add(new double[] {Math.exp(1.5 * random.nextGaussian()), r == 7 ? 1 : 0, 5, -Math.log(1 - random.nextDouble())});
    }
    assertEquals(Optional.empty(), Outliers.note(vector(4), rows, false));
    assertEquals(Optional.empty(), Outliers.note(vector(4), rows.subList(0, 5), false));
  }

  /** Border pixels of digits: nearly always black, and white in a row or two. */
  private static List<double[]> digits() {
    Random random = new Random(5);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 300; r++) {
      double[] row = new double[100];
      for (int j = 0; j < row.length; j++) {
        row[j] = j < 30 ? r % 20 == 0 ? 4 : 0 : random.nextInt(256);
      }
      rows.add(row);
    }
    rows.get(12)[3] = 254;
    return rows;
  }

  @Test
  void aPixelMayTakeWhatOthersDo() {
    assertEquals(Optional.empty(), Outliers.note(vector(1, 10, 10), digits(), false));
    assertEquals(Optional.empty(), Outliers.note(vector(100), digits(), false));
    List<double[]> mistaken = digits();
    mistaken.get(77)[40] = 1e5;
    String note = Outliers.note(vector(1, 10, 10), mistaken, false).orElseThrow();
    assertTrue(note.startsWith("row 77 of the 300 sample rows has ") && note.contains(" as feature 40 ") && !note.contains("like it"), note);
  }

  @Test
  void columnsOfOtherUnitsAreJudgedByThemselves() {
    Random random = new Random(6);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 100; r++) {
      double[] row = random.doubles(80).toArray();
      for (int j = 0; j < row.length; j++) {
        row[j] *= Math.pow(10, j % 5);
      }
      rows.add(row);
    }
    rows.get(9)[0] = 300;
    assertTrue(Outliers.note(vector(80), rows, false).orElseThrow().contains(" as feature 0 "));
  }
}
