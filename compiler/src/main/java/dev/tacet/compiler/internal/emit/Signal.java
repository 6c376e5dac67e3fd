// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.pack.SlotMap;
import dev.tacet.he.ProgramBuilder;

/**
 * A value of the program with what it means.
 *
 * @param value the ciphertext
 * @param map where its elements lie
 * @param copyShift how far each copy of the period is rotated against the one before; 0 where they are alike
 * @param factor element i of the node's value is factor[i] * its slot + offset[i]
 * @param offset see factor
 * @param deviation predicted standard deviation of the noise in one slot that is drawn anew for every slot, in slot units
 * @param common the same of the rounding of constants, which every copy of the period has alike
 */
record Signal(
    ProgramBuilder.Value value, SlotMap map, int copyShift, double[] factor, double[] offset, double deviation, double common) {
  /** Returns the deviation of both together in one slot. */
  double slotDeviation() {
    return Math.hypot(deviation, common);
  }
}
