// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts worked out by hand; the shapes are those of native/test/circuits/matrix_blocks_test.cpp. */
class MatrixWorkTest {
  @ParameterizedTest
  @CsvSource({"1, 30, 188", "4, 30, 188", "5, 30, 308", "32, 32, 1096", "12, 20, 288"})
  void aDenseMatrixIsOneBlockWhoseRowsFillPanelsOfFour(int rows, int columns, long expected) {
    double[] weights = new double[rows * columns];
    Arrays.fill(weights, 1);
    assertEquals(expected, MatrixWork.products(rows, columns, weights));
    weights[rows * columns / 2] = 0;
    assertEquals(expected, MatrixWork.products(rows, columns, weights), "a few zeros are not worth blocks");
  }

  @Test
  void channelsOfAPixelLieTogether() {
    assertEquals(36 * ((8 + 2) * 4 + 8), MatrixWork.products(8 * 36, 144, convolution(12, 2, 2, 8)));
  }

  @Test
  void neighboursOfOneMapShareTheirColumns() {
    assertTrue(MatrixWork.products(64, 100, convolution(10, 3, 1, 1)) < 64 * ((4 + 2) * 9 + 8));
  }

  @Test
  void rowsOfZerosAreOneBlock() {
    assertEquals((16 + 2) + 8, MatrixWork.products(16, 50, new double[16 * 50]));
  }

  /** Windows of taps x taps at a stride over a square image, rows by channel. */
  private static double[] convolution(int side, int taps, int stride, int channels) {
    int out = (side - taps) / stride + 1;
    int rows = channels * out * out;
    double[] weights = new double[rows * side * side];
    for (int r = 0; r < rows; r++) {
      int y = r / out % out * stride;
      int x = r % out * stride;
      for (int t = 0; t < taps * taps; t++) {
        weights[r * side * side + (y + t / taps) * side + x + t % taps] = 1 + t;
      }
    }
    return weights;
  }
}
