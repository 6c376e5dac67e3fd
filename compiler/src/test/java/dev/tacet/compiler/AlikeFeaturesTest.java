// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Features that take the same values have one range, whatever few sample rows show of each. */
class AlikeFeaturesTest {
  /** Rows of uniform numbers of 0 to a width for each feature. */
  private static List<double[]> rows(double... widths) {
    SplittableRandom random = new SplittableRandom(7);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 60; r++) {
      rows.add(Arrays.stream(widths).map(width -> width == 0 ? 0 : random.nextDouble(width)).toArray());
    }
    return rows;
  }

  private static SignatureInput input(OnnxSource source, List<double[]> rows) {
    return Compiler.compile(source, CompileOptions.defaults().withCalibration(rows).withTask(ModelDescription.Task.REGRESSION)).artifact()
        .signature().inputs().get(0);
  }

  private static OnnxSource squares(int features, int... shape) {
    double[] weights = new double[features];
    Arrays.setAll(weights, i -> Math.sin(i + 1) / features);
    return TestModels.of(shape).indexes("flat", 1, features).constant("w", new long[] {features, 1}, weights).node("Reshape", "x flat", "f")
        .node("MatMul", "f w", "h").node("Mul", "h h", "s").constant("v", new long[] {1, 2}, 1, -0.5).node("MatMul", "s v", "y").source("y");
  }

  @Test
  void aPixelThatIsBlackInAllSampleRowsMayBeBrightInAnother() {
    double[] widths = new double[2 * 36];
    Arrays.fill(widths, 0, 36, 1);
    Arrays.fill(widths, 36, 72, 200); // a channel in other units
    widths[0] = 0;
    widths[40] = 3;
    for (int[] shape : new int[][] {{2, 6, 6}, {2, 36}}) {
      SignatureInput input = input(squares(72, shape), rows(widths));
      assertTrue(input.low()[0] == -1 && input.high()[0] == 1, "a room of its own is as large here");
      assertTrue(input.high()[40] > 195 && input.high()[40] <= 200, input.low()[40] + ".." + input.high()[40]);
      assertEquals(input.low()[40] + input.high()[40], 3, 0.2, "around the middle of its own range");
      assertTrue(input.high()[41] > 370 && input.high()[1] < 2, "what a pixel varied by itself is its room as before");
    }
  }

  @Test
  void theChannelsOfAnImageMayComeLast() {
    double[] widths = new double[72];
    Arrays.setAll(widths, i -> i == 0 ? 0 : i % 2 == 0 ? 1 : 200);
    SignatureInput input = input(squares(72, 6, 6, 2), rows(widths));
    for (int i = 1; i < 72; i++) {
      assertTrue(i % 2 == 0 ? input.high()[i] < 2 : input.high()[i] > 195, i + ": " + input.high()[i]);
    }
  }

  @Test
  void manyFeaturesOfOneVectorAreAlikeIfTheyAre() {
    double[] widths = new double[64];
    Arrays.fill(widths, 16);
    Arrays.fill(widths, 0, 8, 0);
    SignatureInput alike = input(squares(64, 64), rows(widths));
    assertTrue(alike.high()[0] > 15.5 && alike.high()[0] <= 16 && alike.low()[0] == -alike.high()[0], alike.low()[0] + ".." + alike.high()[0]);
    Arrays.setAll(widths, i -> i == 0 ? 0 : i < 40 ? 1 : 1e-4);
    SignatureInput units = input(squares(64, 64), rows(widths));
    assertTrue(units.high()[50] < 1e-3, "four columns in ten are of another unit");
    Arrays.setAll(widths, i -> i == 0 ? 0 : i < 4 ? 100_000 : i % 3 + 1); // an income beside counts
    SignatureInput mixed = input(squares(64, 64), rows(widths));
    assertArrayEquals(new double[] {-1, 1}, new double[] {mixed.low()[0], mixed.high()[0]});
    assertTrue(mixed.high()[5] < 7, "of its own range");
    SignatureInput few = input(squares(8, 8), rows(0, 1, 1, 1, 1, 1, 1, 1));
    assertArrayEquals(new double[] {-1, 1}, new double[] {few.low()[0], few.high()[0]});
  }
}
