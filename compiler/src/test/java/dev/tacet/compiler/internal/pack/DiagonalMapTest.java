// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CostProfile;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.he.Diagonals;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiagonalMapTest {
  private static final Parameters PARAMETERS = ModulusChain.select(11, RingType.STANDARD, 40, 30, 2, 40, 1)
      .security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  private static final int SLOTS = 1024;

  /** A random injective map. */
  private static SlotMap scattered(int size, int period, Random random) {
    int[] all = IntStream.range(0, period).toArray();
    for (int i = 0; i < size; i++) {
      int other = i + random.nextInt(period - i);
      int kept = all[i];
      all[i] = all[other];
      all[other] = kept;
    }
    return new SlotMap(period, java.util.Arrays.copyOf(all, size));
  }

  private static Matrix matrix(int rows, int columns, double density, Random random) {
    double[] entries = new double[rows * columns];
    java.util.Arrays.setAll(entries, i -> random.nextDouble() < density ? random.nextDouble() - 0.5 : 0);
    entries[0] = 1;
    return Matrix.dense(rows, columns, entries);
  }

  /** What the program computes: the constant's terms, then the sum over the folded period. */
  private static double[] run(DiagonalMap map, Matrix matrix, int outPeriod, double[] slots) {
    Set<Integer> keys = new HashSet<>();
    StepCosts costs = new StepCosts(CostProfile.embedded(), PARAMETERS, 2);
    Diagonals constant = map.splits().cheapest(matrix, costs, true, keys, 1);
    assertEquals(map.size(), constant.terms().size());
    assertEquals(constant.rotations(), map.splits().cheapest(null, costs, true, new HashSet<>(), 1).rotations());
    assertTrue(keys.containsAll(constant.rotations()));
    double[] z = new double[SLOTS];
    for (Diagonals.Term term : constant.terms()) {
      int[] places = term.slots();
      double[] values = term.values();
      for (int i = 0; i < places.length; i++) {
        for (int j = places[i]; j < SLOTS; j += constant.period()) {
          z[j] += values[i] * slots[Math.floorMod(j + term.giant() + term.baby(), SLOTS)];
        }
      }
    }
    double[] folded = new double[SLOTS];
    for (int j = 0; j < SLOTS; j++) {
      for (int k = 0; k < map.fold(); k++) {
        folded[j] += z[(j + k * outPeriod) % SLOTS];
      }
    }
    return folded;
  }

  private static void check(Matrix matrix, SlotMap out, double[] x, double[] slots) {
    double[] expected = new double[SLOTS];
    double[] y = new double[matrix.rows()];
    matrix.multiplyAdd(x, y);
    for (int r = 0; r < y.length; r++) {
      for (int j = out.slot(r); j < SLOTS; j += out.period()) {
        expected[j] = y[r];
      }
    }
    for (int j = 0; j < SLOTS; j++) {
      assertEquals(expected[j], slots[j], 1e-9, "slot " + j);
    }
  }

  @ParameterizedTest
  @CsvSource({"10,30,16,32,1", "30,10,32,16,1", "7,7,8,8,0.3", "3,60,64,256,1", "60,3,256,64,0.5", "1,1,1,1,1", "20,300,1024,1024,0.05"})
  void aMatrixBetweenAnyMapsIsItsProductInEveryCopyAndZeroElsewhere(int rows, int columns, int q, int p, double density) {
    Random random = new Random(rows * 31L + columns);
    Matrix matrix = matrix(rows, columns, density, random);
    SlotMap in = scattered(columns, p, random);
    SlotMap out = scattered(rows, q, random);
    double[] x = random.doubles(columns).toArray();
    double[] slots = new double[SLOTS];
    for (int c = 0; c < columns; c++) {
      for (int j = in.slot(c); j < SLOTS; j += p) {
        slots[j] = x[c];
      }
    }
    DiagonalMap map = DiagonalMap.between(matrix, in, out);
    assertTrue(map.size() <= Math.min(p, q));
    check(matrix, out, x, run(map, matrix, q, slots));
  }

  @ParameterizedTest
  @CsvSource({"10,30,16,32", "16,100,16,128", "60,250,64,256", "100,500,128,512"})
  void copiesThatAreRotatedAgainstEachOtherTakeAsManyTimesFewerDiagonals(int rows, int columns, int q, int p) {
    Random random = new Random(rows);
    Matrix matrix = matrix(rows, columns, 1, random);
    SlotMap in = scattered(columns, p, random);
    SlotMap out = scattered(rows, q, random);
    int shift = Math.max(1, q / (SLOTS / p));
    double[] x = random.doubles(columns).toArray();
    double[] period = new double[p];
    for (int c = 0; c < columns; c++) {
      period[in.slot(c)] = x[c];
    }
    double[] slots = new double[SLOTS];
    java.util.Arrays.setAll(slots, j -> period[(j + j / p * shift) % p]);
    DiagonalMap map = DiagonalMap.fromShiftedCopies(matrix, in, shift, out, SLOTS);
    assertEquals(shift, map.size());
    check(matrix, out, x, run(map, matrix, q, slots));
  }

  @Test
  void twoElementsInOneSlotAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new SlotMap(4, new int[] {1, 1}));
    assertThrows(IllegalArgumentException.class, () -> new SlotMap(4, new int[] {4}));
  }
}
