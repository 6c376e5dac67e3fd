// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Objects;

/**
 * The type of a value inside a program: a ciphertext, or an array of ciphertexts of one type.
 *
 * @param encoding how the numbers sit in the polynomial
 * @param level index of the last chain prime it still has, 0..63
 * @param components 2, or 3 after a multiplication until it is relinearized
 * @param scale exact scale of its numbers
 * @param length ciphertexts, 1..4096
 */
public record ValueType(Encoding encoding, int level, int components, Scale scale, int length) {
  /** Most ciphertexts of one value. */
  public static final int MAX_LENGTH = 4096;

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
    if (length < 1 || length > MAX_LENGTH) {
      throw new IllegalArgumentException("array of " + length + ", must be 1.." + MAX_LENGTH);
    }
  }

  /** The type of one ciphertext. */
  public ValueType(Encoding encoding, int level, int components, Scale scale) {
    this(encoding, level, components, scale, 1);
  }

  /** Returns the type of a fresh ciphertext in slots. */
  public static ValueType slots(int level, Scale scale) {
    return new ValueType(Encoding.SLOTS, level, 2, scale);
  }

  /** Returns the type of an array of such ciphertexts. */
  public ValueType withLength(int ciphertexts) {
    return new ValueType(encoding, level, components, scale, ciphertexts);
  }

  /** Returns the same with another number of components. */
  ValueType withComponents(int number) {
    return new ValueType(encoding, level, number, scale, length);
  }

  /** Returns the same at another level. */
  ValueType withLevel(int other) {
    return new ValueType(encoding, other, components, scale, length);
  }

  /** Returns the same at another scale. */
  ValueType withScale(Scale other) {
    return new ValueType(encoding, level, components, other, length);
  }

  void requireIn(Parameters parameters) {
    if (level > parameters.maxLevel()) {
      throw new IllegalArgumentException("level " + level + " is above the parameters' " + parameters.maxLevel());
    }
    scale.requirePrimesOf(parameters);
  }

  /** Writes the wire form; the length only in a program with arrays. */
  void writeTo(BoundedWriter out, boolean withLength) {
    out.u8(encoding.code()).u8(level).u8(components);
    scale.writeTo(out);
    if (withLength) {
      out.u16(length);
    }
  }

  static ValueType readFrom(BoundedReader in, boolean withLength) {
    Encoding encoding = Encoding.ofCode(in.u8("encoding"));
    int level = in.u8("level", 0, Parameters.MAX_CHAIN_LENGTH - 1);
    int components = in.u8("components", 2, 3);
    Scale scale = Scale.readFrom(in);
    return new ValueType(encoding, level, components, scale, withLength ? in.u16("array length", 1, MAX_LENGTH) : 1);
  }
}
