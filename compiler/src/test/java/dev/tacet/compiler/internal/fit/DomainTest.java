// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.internal.ir.BinaryFunction;
import dev.tacet.compiler.internal.ir.UnaryFunction;
import dev.tacet.compiler.internal.ir.Univariate;
import org.junit.jupiter.api.Test;

/** Intervals are widened no further than functions are defined. */
class DomainTest {
  private static Univariate of(UnaryFunction function) {
    return new Univariate.Unary(function, 0, 0, Univariate.X);
  }

  @Test
  void rootsLogarithmsAndReciprocalsAreWidenedHalfTheWayToTheirEnd() {
    for (UnaryFunction function : new UnaryFunction[] {UnaryFunction.SQRT, UnaryFunction.LOG, UnaryFunction.RECIPROCAL}) {
      assertEquals(0.5, Domain.widened(of(function), 1, -2, 4), 0.02, function.name());
      assertEquals(7, Domain.widened(of(function), 4, 7, 1), function.name());
    }
    assertEquals(-0.5, Domain.widened(of(UnaryFunction.RECIPROCAL), -1, 2, -4), 0.02);
  }

  @Test
  void evenPowersOfReciprocalsEndWhereTheirPoleIsAndSharpPeaksAreNone() {
    Univariate inverseSquare = new Univariate.Binary(BinaryFunction.POW, Univariate.X, new Univariate.Constant(-2));
    assertEquals(0.5, Domain.widened(inverseSquare, 1, -2.03, 4), 0.02);
    assertFalse(Domain.holds(inverseSquare, -3.1, 3));
    Univariate square = new Univariate.Binary(BinaryFunction.MUL, Univariate.X, Univariate.X);
    Univariate peak = new Univariate.Unary(UnaryFunction.RECIPROCAL, 0, 0,
        new Univariate.Binary(BinaryFunction.ADD, square, new Univariate.Constant(1e-4)));
    assertTrue(Domain.holds(peak, -3.1, 3));
  }

  @Test
  void smoothFunctionsAndStepsHaveNoEnd() {
    for (UnaryFunction function : new UnaryFunction[] {UnaryFunction.TANH, UnaryFunction.EXP, UnaryFunction.SIGN, UnaryFunction.SIN}) {
      assertEquals(-9, Domain.widened(of(function), -1, -9, 6), function.name());
      assertTrue(Domain.holds(of(function), -9.1, 9), function.name());
    }
  }

  /** x * sigmoid(x) is nearly 0 at most points of a long negative interval, and its sign changes at 0. */
  @Test
  void aFunctionThatIsNearlyZeroAlmostEverywhereHasNoPoleWhereItsSignChanges() {
    Univariate silu = new Univariate.Binary(BinaryFunction.MUL, Univariate.X, of(UnaryFunction.SIGMOID));
    assertEquals(-60, Domain.widened(silu, -5, -60, 4));
    assertTrue(Domain.holds(silu, -61.3, 4.1));
    assertTrue(Domain.holds(silu, -64, 64 / 7.0));
  }

  @Test
  void aPoleInsideTheSeenRangeIsFound() {
    assertFalse(Domain.holds(of(UnaryFunction.RECIPROCAL), -3.1, 3));
    assertFalse(Domain.holds(of(UnaryFunction.SQRT), -3.1, 3));
    assertFalse(Domain.holds(of(UnaryFunction.EXP), 0, 40));
  }
}
