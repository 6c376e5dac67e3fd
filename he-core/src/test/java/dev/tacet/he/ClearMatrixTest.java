// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine's products have the bits of those in Java, and of one vector alone. */
final class ClearMatrixTest {
  private static double[] numbers(SplittableRandom random, int count) {
    return random.doubles(count, -1, 1).toArray();
  }

  @ParameterizedTest(name = "{0} x {1}")
  @CsvSource({"1, 1", "1, 9", "3, 1", "7, 5", "8, 8", "9, 33", "31, 100", "5, 9000", "2, 40000"})
  void denseProductsAreThoseOfSingleVectors(int rows, int columns) {
    SplittableRandom random = new SplittableRandom(rows * 31L + columns);
    double[] entries = numbers(random, rows * columns);
    for (int lanes : new int[] {1, 2, 8, 16, 32, 64}) {
      double[] x = numbers(random, columns * lanes);
      double[] before = numbers(random, rows * lanes);
      double[] expected = before.clone();
      for (int i = 0; i < rows; i++) {
        for (int l = 0; l < lanes; l++) {
          double total = 0;
          for (int j = 0; j < columns; j++) {
            total += entries[i * columns + j] * x[j * lanes + l];
          }
          expected[i * lanes + l] += total;
        }
      }
      double[] engine = before.clone();
      ClearMatrix.multiplyAdd(engine, x, lanes, null, null, entries);
      assertArrayEquals(expected, engine, lanes + " vectors");
      double[] java = before.clone();
      ClearMatrix.withoutEngine(java, x, lanes, null, null, entries);
      assertArrayEquals(expected, java, lanes + " vectors, in Java");
    }
  }

  @ParameterizedTest(name = "{0} rows of at most {2} of {1} columns")
  @CsvSource({"1, 1, 1", "5, 7, 0", "17, 40, 6", "64, 1000, 25", "9, 5000, 4000", "3, 70000, 30000"})
  void sparseProductsAreThoseInJava(int rows, int columns, int most) {
    SplittableRandom random = new SplittableRandom(rows * 37L + columns);
    int[] starts = new int[rows + 1];
    for (int i = 0; i < rows; i++) {
      starts[i + 1] = starts[i] + random.nextInt(most + 1);
    }
    int[] positions = random.ints(starts[rows], 0, columns).toArray();
    double[] entries = numbers(random, positions.length);
    for (int lanes : new int[] {1, 4, 8, 16, 32, 64}) {
      double[] x = numbers(random, columns * lanes);
      double[] engine = numbers(random, rows * lanes);
      double[] java = engine.clone();
      ClearMatrix.multiplyAdd(engine, x, lanes, starts, positions, entries);
      ClearMatrix.withoutEngine(java, x, lanes, starts, positions, entries);
      assertArrayEquals(java, engine, lanes + " vectors");
    }
  }

  @Test
  void nothingTimesNothingIsNothing() {
    double[] sums = {1, 2};
    ClearMatrix.multiplyAdd(sums, new double[0], 2, null, null, new double[0]);
    assertArrayEquals(new double[] {1, 2}, sums);
    ClearMatrix.multiplyAdd(new double[0], new double[4], 2, new int[] {0}, new int[0], new double[0]);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    double[] one = {1};
    double[] two = {1, 2};
    refused(new double[4], new double[4], 2, null, null, new double[3]);
    refused(new double[4], new double[4], 3, null, null, new double[4]);
    refused(new double[4], new double[4], 0, null, null, new double[4]);
    refused(new double[4], new double[4], -2, null, null, new double[4]);
    refused(new double[3], new double[4], 2, null, null, new double[4]);
    refused(new double[4], new double[3], 2, null, null, new double[4]);
    refused(new double[2], new double[2], 1, new int[] {0, 1}, new int[1], one);
    refused(new double[2], new double[2], 1, new int[] {0, 1, 2}, new int[1], two);
    refused(new double[2], new double[2], 1, new int[] {0, 1, 2}, null, two);
    refused(new double[2], new double[2], 1, new int[] {0, 1, 3}, new int[2], two);
    refused(new double[2], new double[2], 1, new int[] {1, 1, 2}, new int[2], two);
    refused(new double[2], new double[2], 1, new int[] {0, 2, 1}, new int[2], two);
    refused(new double[2], new double[2], 1, new int[] {-1, 1, 2}, new int[2], two);
    refused(new double[2], new double[2], 1, new int[] {0, 1, 2}, new int[] {0, 2}, two);
    refused(new double[2], new double[2], 1, new int[] {0, 1, 2}, new int[] {0, -1}, two);
  }

  private static void refused(double[] sums, double[] x, int lanes, int[] starts, int[] positions, double[] entries) {
    assertThrows(IllegalArgumentException.class, () -> ClearMatrix.multiplyAdd(sums, x, lanes, starts, positions, entries));
  }
}
