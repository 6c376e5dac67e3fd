// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Arrays;

/**
 * Numbers of the coefficients that {@link Op#EXTRACT} keeps.
 *
 * <p>Wire form: {@code u8 5 | u32 count | u16[count]}.
 *
 * @param values ascending, from 0, below the ring degree; at least one
 */
public record Indexes(int[] values) implements Constant {
  /** Validates and copies. */
  public Indexes {
    values = values.clone();
    if (values.length == 0) {
      throw new IllegalArgumentException("no index is given");
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0 || values[i] >= MAX_PERIOD || i > 0 && values[i] <= values[i - 1]) {
        throw new IllegalArgumentException(
            "index number " + i + " is " + values[i] + ", indexes must ascend and be less than " + MAX_PERIOD);
      }
    }
  }

  @Override
  public int[] values() {
    return values.clone();
  }

  /** Returns the largest index. */
  public int last() {
    return values[values.length - 1];
  }

  @Override
  public void writeTo(BoundedWriter out) {
    out.u8(5).u32(values.length);
    for (int value : values) {
      out.u16(value);
    }
  }

  /** Reads the wire form behind the kind. */
  static Indexes readFrom(BoundedReader in) {
    int count = in.u32("index count", 1, MAX_PERIOD);
    in.needItems("indexes", count, 2);
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = in.u16("index");
    }
    return new Indexes(values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Indexes i && Arrays.equals(values, i.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "Indexes[" + values.length + " from " + values[0] + " to " + last() + "]";
  }
}
