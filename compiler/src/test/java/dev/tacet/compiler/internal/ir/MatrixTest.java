// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every operation gives what plain loops over dense arrays give, in either form. */
class MatrixTest {
  private static double[] entries(SplittableRandom random, int count, double filled) {
    double[] result = new double[count];
    for (int i = 0; i < count; i++) {
      result[i] = random.nextDouble() < filled ? random.nextInt(1, 9) : 0;
    }
    return result;
  }

  @ParameterizedTest
  @CsvSource({"0.05,0.05", "0.05,0.9", "0.9,0.05", "0.9,0.9", "0.3,0.3"})
  void operationsGiveWhatPlainLoopsGive(double filledLeft, double filledRight) {
    SplittableRandom random = new SplittableRandom(11);
    for (int trial = 0; trial < 20; trial++) {
      int rows = random.nextInt(1, 12);
      int inner = random.nextInt(1, 12);
      int columns = random.nextInt(1, 12);
      double[] a = entries(random, rows * inner, filledLeft);
      double[] b = entries(random, inner * columns, filledRight);
      double[] c = entries(random, rows * inner, filledRight);
      double[] product = new double[rows * columns];
      for (int i = 0; i < rows; i++) {
        for (int k = 0; k < inner; k++) {
          for (int j = 0; j < columns; j++) {
            product[i * columns + j] += a[i * inner + k] * b[k * columns + j];
          }
        }
      }
      Matrix left = SparseMatrices.of(rows, inner, a);
      assertArrayEquals(a, left.toDense());
      assertArrayEquals(product, SparseMatrices.of(inner, columns, b).multipliedBy(left).toDense());
      assertArrayEquals(product, Matrix.dense(inner, columns, b).multipliedBy(left).toDense());
      assertArrayEquals(product, SparseMatrices.of(inner, columns, b).multipliedBy(Matrix.dense(rows, inner, a)).toDense());
      double[] sum = new double[rows * inner];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = a[i] + c[i];
      }
      assertArrayEquals(sum, left.plus(SparseMatrices.of(rows, inner, c)).toDense());
      assertArrayEquals(sum, left.plus(Matrix.dense(rows, inner, c)).toDense());
      double[] x = entries(random, inner, 1);
      double[] value = new double[rows];
      double[] rowFactors = entries(random, rows, 1);
      double[] scaled = new double[a.length];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < inner; j++) {
          value[i] += a[i * inner + j] * x[j];
          scaled[i * inner + j] = a[i * inner + j] * rowFactors[i] * x[j];
          assertEquals(a[i * inner + j], left.get(i, j));
        }
      }
      double[] found = new double[rows];
      left.multiplyAdd(x, found);
      assertArrayEquals(value, found);
      assertArrayEquals(scaled, left.scaled(rowFactors, x).toDense());
      double[] stacked = java.util.Arrays.copyOf(a, 2 * a.length);
      System.arraycopy(c, 0, stacked, a.length, c.length);
      assertArrayEquals(stacked, Matrix.stack(List.of(left, SparseMatrices.of(rows, inner, c))).toDense());
    }
  }

  @Test
  void entriesAreVisitedInOrderAndZerosAreNot() {
    for (Matrix matrix : List.of(Matrix.dense(2, 3, new double[] {0, 5, 0, 7, 0, 8}),
        Matrix.picking(3, new int[] {1, 2}, new double[] {5, 0}).plus(Matrix.dense(2, 3, new double[] {0, 0, 0, 7, 0, 8})))) {
      StringBuilder visited = new StringBuilder();
      matrix.forEach((i, j, value) -> visited.append(i).append(j).append((int) value).append(' '));
      assertEquals("015 107 128 ", visited.toString());
      assertEquals(3, matrix.nonzeros());
    }
  }

  @Test
  void diagonalsAndSelectionsStaySparseUnderProductsAndSums() {
    Matrix half = Matrix.identity(4).scaled(new double[] {0.5, 0, 2, 1}, null);
    assertTrue(half.isDiagonal());
    assertTrue(half.multipliedBy(half).isDiagonal());
    assertTrue(half.plus(Matrix.identity(4)).isDiagonal());
    assertArrayEquals(new double[] {0.25, 0, 4, 1}, half.multipliedBy(half).diagonal());
    assertFalse(Matrix.picking(4, new int[] {1, 0, 2, 3}, new double[] {1, 1, 1, 1}).isDiagonal());
    assertFalse(Matrix.dense(1, 1, new double[] {3}).isDiagonal());
    assertFalse(half.multipliedBy(Matrix.dense(4, 4, new double[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})).isSparse());
  }

  @Test
  void aMatrixThatWouldFillTheMemoryTakesNoneWhileItIsSparse() {
    int size = 1 << 20;
    Matrix shifted = Matrix.identity(size).multipliedBy(Matrix.picking(size, new int[] {size - 1, 0}, new double[] {1, 1}));
    assertTrue(shifted.isSparse());
    assertEquals(2, shifted.nonzeros());
    assertThrows(IllegalArgumentException.class, () -> Matrix.identity(size).toDense());
  }

  @Test
  void aBuilderTakesColumnsInOrderOnly() {
    MatrixBuilder builder = new MatrixBuilder(3, 1);
    builder.add(1, 2);
    assertThrows(IllegalArgumentException.class, () -> builder.add(1, 2));
    assertThrows(IllegalArgumentException.class, () -> builder.add(3, 2));
    builder.endRow();
    builder.add(0, 4);
    builder.endRow();
    assertArrayEquals(new double[] {0, 2, 0, 4, 0, 0}, builder.build().toDense());
  }
}
