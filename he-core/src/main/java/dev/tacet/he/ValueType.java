// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Objects;

/**
 * The type of a ciphertext inside a program.
 *
 * @param encoding how the numbers sit in the polynomial
 * @param level index of the last chain prime it still has, 0..63
 * @param components 2, or 3 after a multiplication until it is relinearized
 * @param scale exact scale of its numbers
 */
public record ValueType(Encoding encoding, int level, int components, Scale scale) {
  /** Validates the ranges. */
  public ValueType {
    Objects.requireNonNull(encoding, "encoding");
    Objects.requireNonNull(scale, "scale");
    if (level < 0 || level >= Parameters.MAX_CHAIN_LENGTH) {
      throw new IllegalArgumentException("level " + level + " is outside 0.." + (Parameters.MAX_CHAIN_LENGTH - 1));
    }
    if (components < 2 || components > 3) {
      throw new IllegalArgumentException(components + " components, must be 2 or 3");
    }
  }

  /** Returns the type of a fresh ciphertext in slots. */
  public static ValueType slots(int level, Scale scale) {
    return new ValueType(Encoding.SLOTS, level, 2, scale);
  }

  void requireIn(Parameters parameters) {
    if (level > parameters.maxLevel()) {
      throw new IllegalArgumentException("level " + level + " is above the parameters' " + parameters.maxLevel());
    }
    scale.requirePrimesOf(parameters);
  }

  void writeTo(BoundedWriter out) {
    out.u8(encoding.code()).u8(level).u8(components);
    scale.writeTo(out);
  }

  static ValueType readFrom(BoundedReader in) {
    Encoding encoding = Encoding.ofCode(in.u8("encoding"));
    int level = in.u8("level", 0, Parameters.MAX_CHAIN_LENGTH - 1);
    int components = in.u8("components", 2, 3);
    return new ValueType(encoding, level, components, Scale.readFrom(in));
  }
}
