// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows evaluated together give the same bits as rows evaluated one by one. */
class LinearFormTest {
  private static double[] numbers(SplittableRandom random, int count, double filled) {
    double[] result = new double[count];
    for (int i = 0; i < count; i++) {
      result[i] = random.nextDouble() < filled ? random.nextDouble(-1, 1) : 0;
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 7, 8, 24, 63, 64, 65, 200})
  void manyRowsGiveTheBitsOfSingleRows(int count) {
    SplittableRandom random = new SplittableRandom(count);
    LinearForm form = new LinearForm(
        Map.of(0, Matrix.dense(9, 11, numbers(random, 99, 1)), 2, SparseMatrices.of(9, 40, numbers(random, 360, 0.1))),
        numbers(random, 9, 1));
    List<double[][]> rows = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      rows.add(new double[][] {numbers(random, 11, 1), null, numbers(random, 40, 1)});
    }
    List<double[]> together = form.evaluateAll(rows);
    assertEquals(count, together.size());
    for (int r = 0; r < count; r++) {
      assertArrayEquals(form.evaluate(rows.get(r)), together.get(r), "row " + r);
    }
  }

  @Test
  void normsOfRowsAreThoseOfTheScaledMatrix() {
    SplittableRandom random = new SplittableRandom(5);
    double[] factors = numbers(random, 7, 1);
    for (Matrix matrix : List.of(Matrix.dense(3, 7, numbers(random, 21, 1)), SparseMatrices.of(3, 7, numbers(random, 21, 0.2)))) {
      double[] expected = new double[3];
      matrix.scaled(null, factors).forEach((i, j, value) -> expected[i] += value * value);
      assertArrayEquals(expected, matrix.squaredRowNorms(factors), 1e-15);
    }
  }
}
