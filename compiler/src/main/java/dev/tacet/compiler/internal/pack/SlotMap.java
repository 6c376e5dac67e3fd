// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import java.util.Arrays;

/**
 * Where the elements of a vector lie: element i in slot slots[i] of every period; the other slots hold nothing that is read.
 *
 * @param period a power of two
 * @param slots distinct, below the period
 */
public record SlotMap(int period, int[] slots) {
  /** Makes the map and checks that no two elements share a slot. */
  public SlotMap {
    slots = slots.clone();
    boolean[] taken = new boolean[period];
    for (int slot : slots) {
      if (slot < 0 || slot >= period || taken[slot]) {
        throw new IllegalArgumentException("slot " + slot + " of a period of " + period + " is outside it or taken twice");
      }
      taken[slot] = true;
    }
  }

  /** Element i in slot i, with the least period. */
  public static SlotMap natural(int size) {
    return natural(size, Integer.highestOneBit(Math.max(1, 2 * size - 1)));
  }

  /** Element i in slot i. */
  public static SlotMap natural(int size, int period) {
    int[] slots = new int[size];
    Arrays.setAll(slots, i -> i);
    return new SlotMap(period, slots);
  }

  @Override
  public int[] slots() {
    return slots.clone();
  }

  /** Returns the slot of one element. */
  public int slot(int element) {
    return slots[element];
  }

  /** Returns one period of slots with these elements in their places, zeros elsewhere and nothing after the last. */
  public double[] place(double[] elements) {
    int last = Arrays.stream(slots).max().orElse(0);
    double[] result = new double[last + 1];
    for (int i = 0; i < elements.length; i++) {
      result[slots[i]] = elements[i];
    }
    return result;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SlotMap map && period == map.period && Arrays.equals(slots, map.slots);
  }

  @Override
  public int hashCode() {
    return 31 * period + Arrays.hashCode(slots);
  }
}
