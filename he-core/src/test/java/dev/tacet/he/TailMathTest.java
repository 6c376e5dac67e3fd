// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers that the client's end of a model computes, and their error bounds where elements' errors differ. */
class TailMathTest {
  private static Postprocessing tail(TailNode node) {
    return new Postprocessing(node.inputs().stream().distinct().toList(), List.of(node), List.of("out"));
  }

  /** The largest number, not the largest magnitude. */
  @Test
  void divisionByTheLargestMayTurnSigns() {
    Postprocessing tail = tail(TailNode.of(TailOp.NORMALIZE_MAX, "x", "out"));
    assertArrayEquals(new double[] {-2, 1, 0.5}, tail.run(Map.of("x", new double[] {-4, 2, 1})).get("out").toNumbers(), 1e-15);
    assertArrayEquals(new double[] {1, -2, 0.5}, tail.run(Map.of("x", new double[] {2, -4, 1})).get("out").toNumbers(), 1e-15);
  }

  @ParameterizedTest
  @CsvSource({"-1, 2, -0.78693868057473", "-3, 0.5, -0.49876062391167", "0.7, 2, 0.7"})
  void celuStretchesItsExponential(double x, double alpha, double expected) {
    assertEquals(expected, TailFunction.CELU.apply(x, alpha, 0), 1e-13);
  }

  @ParameterizedTest
  @CsvSource({"0.3, 0.3286267594591274", "1.7, 0.9837904585907745", "2.3, 0.9988568234026434", "2.49, 0.9995707121322661",
      "2.51, 0.9996142945182758", "3.4, 0.9999984780066371"})
  void theErrorFunctionIsExactOnBothSidesOfItsTwoForms(double x, double expected) {
    assertEquals(expected, TailFunction.erf(x), 1e-13);
    assertEquals(-expected, TailFunction.erf(-x), 1e-13);
  }

  /** Errors of the two operands differ by orders of magnitude, so that each one's part of the bound is needed. */
  @ParameterizedTest(name = "{0}")
  @EnumSource(value = TailOp.class, names = {"ADD", "SUB", "MUL", "DIV", "MAX", "MIN"})
  void boundsOfTwoOperandsHoldForEveryPerturbation(TailOp op) {
    long seed = 17;
    Random random = new Random(seed);
    Postprocessing tail = tail(new TailNode(op, List.of("x", "y"), "out", new long[0], new double[0], List.of()));
    for (int trial = 0; trial < 5000; trial++) {
      double[] value = {random.nextDouble(-4, 4), random.nextDouble(-4, 4)};
      double[] error = {Math.pow(10, -random.nextInt(6)), Math.pow(10, -random.nextInt(6))};
      double[] moved = {value[0] + (random.nextBoolean() ? 1 : -1) * error[0], value[1] + (random.nextBoolean() ? 1 : -1) * error[1]};
      Postprocessing.Result result = tail.runMeasured(
          Map.of("x", new double[] {value[0]}, "y", new double[] {value[1]}),
          Map.of("x", new double[] {error[0]}, "y", new double[] {error[1]}));
      double there = tail.run(Map.of("x", new double[] {moved[0]}, "y", new double[] {moved[1]})).get("out").toNumbers()[0];
      double change = Math.abs(there - result.outputs().get("out").toNumbers()[0]);
      double bound = result.errorBounds().get("out");
      assertTrue(change <= bound * (1 + 1e-9) + 1e-12, "seed " + seed + " trial " + trial + ": " + change + " > " + bound + " at "
          + Arrays.toString(value) + " +- " + Arrays.toString(error));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(value = TailOp.class, names = {"SUM", "TOP_VALUES"})
  void boundsOfGroupsHoldForEveryPerturbation(TailOp op) {
    long seed = 19;
    Random random = new Random(seed);
    Postprocessing tail = tail(TailNode.withIntegers(op, "x", "out", op == TailOp.SUM ? new long[] {4} : new long[] {4, 1, 1}));
    for (int trial = 0; trial < 5000; trial++) {
      double[] value = random.doubles(4, -1, 1).toArray();
      double[] error = random.doubles(4, 0, 5).map(power -> Math.pow(10, -power)).toArray();
      double[] moved = new double[4];
      Arrays.setAll(moved, i -> value[i] + (random.nextInt(4) == 0 ? -1 : 1) * error[i]);
      Postprocessing.Result result = tail.runMeasured(Map.of("x", value), Map.of("x", error));
      double change = Math.abs(tail.run(Map.of("x", moved)).get("out").toNumbers()[0] - result.outputs().get("out").toNumbers()[0]);
      double bound = result.errorBounds().get("out");
      assertTrue(change <= bound * (1 + 1e-9) + 1e-12, "seed " + seed + " trial " + trial + ": " + change + " > " + bound);
    }
  }
}
