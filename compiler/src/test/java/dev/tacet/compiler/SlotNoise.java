// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleSupplier;

/** The noise that the tests on the engine allow. */
final class SlotNoise {
  private SlotNoise() {
  }

  /**
   * Noise has to be within the slot error, 32 deviations of it, and within a half of that with this key or with the next. The noise of a
   * slot is a product of normal numbers of the key and of the ciphertext: the part beyond t deviations falls as exp(-t) in the
   * conjugate-invariant ring, and about so with the polynomials of the other. Of 400 runs of a batch of convolutions, whose median
   * was 0.37, 5 had a slot beyond a half and none beyond 0.54. Other keys do not repeat such a slot; noise that was predicted too small
   * comes again.
   *
   * @param run makes keys, runs, and returns the largest noise in a slot of any output as a part of the slot error
   */
  static void isWithinHalfOfTheSlotError(DoubleSupplier run) {
    double worst = run.getAsDouble();
    assertTrue(worst < 1, "noise is " + worst + " of the slot error that the checks allow");
    if (worst > 0.5) {
      double again = run.getAsDouble();
      assertTrue(again <= 0.5, "noise is " + worst + " of the slot error that the checks allow, and " + again + " with other keys");
    }
  }
}
