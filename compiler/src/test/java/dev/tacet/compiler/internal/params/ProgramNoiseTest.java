// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CostCalibration;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Noise of rows that are interleaved. */
class ProgramNoiseTest {
  private static final Program PROGRAM = CostCalibration.programs(14).get(0);
  private static final int SLOTS = PROGRAM.parameters().slots();
  private static final int ROWS = 16;

  private static double[] ofInput(int rows, boolean uneven) {
    return new ProgramNoise(PROGRAM, ProgramNoise.Kind.SLOTS, ProgramNoise.Encryption.SECRET_KEY, SLOTS, uneven, 1)
        .again(rows, 7).disturb(0, null, new double[rows], true);
  }

  private static double rootMeanSquare(double[] values) {
    return Math.sqrt(Arrays.stream(values).map(v -> v * v).average().orElseThrow());
  }

  /** Slots that lie far apart have noise of their own: means over copies would keep it else. */
  @Test
  void noSlotHasTheNoiseOfAnother() {
    double[] noise = ofInput(ROWS, false);
    assertEquals(SLOTS * ROWS, noise.length);
    for (int distance = 1; distance < SLOTS; distance *= 2) {
      double product = 0;
      for (int i = 0; i + distance * ROWS < noise.length; i++) {
        product += noise[i] * noise[i + distance * ROWS];
      }
      double correlation = product / (noise.length - distance * ROWS) / Math.pow(rootMeanSquare(noise), 2);
      assertTrue(Math.abs(correlation) < 0.05, "slots " + distance + " apart: " + correlation);
    }
  }

  @Test
  void interleavedRowsHaveNoiseOfTheSizeOfOne() {
    assertEquals(1, rootMeanSquare(ofInput(ROWS, false)) / rootMeanSquare(ofInput(1, false)), 0.05);
    assertEquals(1, rootMeanSquare(ofInput(ROWS, true)) / rootMeanSquare(ofInput(ROWS, false)), 0.1, "factors have a mean square of 1");
  }

  /** Rounding of constants adds in proportion to the values of a row, and not of a row beside it that has left its interval. */
  @Test
  void aRowOfHugeValuesDoesNotDisturbTheRowsBesideIt() {
    int transform = PROGRAM.instructions().stream().map(in -> in.op()).toList().indexOf(Op.LINEAR_TRANSFORM);
    double[] argument = new double[SLOTS * ROWS];
    Arrays.fill(argument, 0.5);
    double[] usual = ofTransform(transform, argument);
    for (int i = 3; i < argument.length; i += ROWS) {
      argument[i] = 1e12;
    }
    double[] beside = ofTransform(transform, argument);
    for (int i = 0; i < usual.length; i++) {
      if (i % ROWS != 3) {
        assertEquals(usual[i], beside[i], "slot " + i / ROWS + " of row " + i % ROWS);
      }
    }
    assertTrue(Math.abs(beside[3]) > 1e6 * Math.abs(usual[3]), beside[3] + " of the row itself, " + usual[3] + " before");
  }

  private static double[] ofTransform(int id, double[] argument) {
    return new ProgramNoise(PROGRAM, ProgramNoise.Kind.SLOTS, ProgramNoise.Encryption.SECRET_KEY, SLOTS, false, 1)
        .again(ROWS, 7).disturb(id, argument, new double[argument.length], true);
  }
}
