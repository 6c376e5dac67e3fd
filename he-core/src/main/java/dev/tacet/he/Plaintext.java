// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedWriter;
import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.internal.NativeObject;

/** Encoded numbers: a polynomial of exact integers with a level and a scale. Immutable. */
public final class Plaintext extends NativeObject {
  private final Context context;
  private final ValueType type;

  /** Takes over a handle; for the library's own use, since handles come from its internals only. */
  public Plaintext(Context context, NativeHandle handle) {
    super(handle);
    this.context = context;
    this.type = Ciphertext.typeOf(handle);
  }

  /**
   * Encodes real slots.
   *
   * @param slots at most {@link Parameters#slots()} numbers; the other slots are zero
   * @throws IllegalArgumentException naming the slot and the bound for NaN, infinity or overflow, or for a bad level or scale
   */
  public static Plaintext encode(Context context, double[] slots, int level, Scale scale) {
    return encode(context, slots, null, level, scale);
  }

  /**
   * Encodes complex slots.
   *
   * @param imaginary as many as {@code real}, or null for zeros; zeros in ring type CONJUGATE_INVARIANT, whose slots are real
   * @throws IllegalArgumentException naming the slot and the bound for NaN, infinity or overflow, or for a bad level or scale;
   *     naming the slot that has an imaginary part where slots are real
   */
  public static Plaintext encode(Context context, double[] real, double[] imaginary, int level, Scale scale) {
    return new Plaintext(
        context, Engine.encode(context, Encoding.SLOTS.code(), real, imaginary, level, scaleBytes(context, scale)));
  }

  /**
   * Encodes coefficients, at most N of them: of X^i or, in ring type CONJUGATE_INVARIANT, of 1 and X^i + X^-i. Errors as
   * {@link #encode(Context, double[], int, Scale)}.
   */
  public static Plaintext encodeCoefficients(Context context, double[] coefficients, int level, Scale scale) {
    return new Plaintext(
        context,
        Engine.encode(context, Encoding.COEFFICIENTS.code(), coefficients, null, level, scaleBytes(context, scale)));
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }

  /** Returns how the numbers sit in the polynomial. */
  public Encoding encoding() {
    return type.encoding();
  }

  /** Returns the level. */
  public int level() {
    return type.level();
  }

  /** Returns the exact scale. */
  public Scale scale() {
    return type.scale();
  }

  /**
   * Decodes.
   *
   * @return real and imaginary parts of every slot (zeros where slots are real); or the N coefficients, without imaginary parts
   */
  public Decoded decode() {
    int n = context.parameters().ringDegree();
    boolean slots = encoding() == Encoding.SLOTS;
    double[] real = new double[slots ? context.parameters().slots() : n];
    double[] imaginary = new double[slots ? real.length : 0];
    double[] statistics = Engine.decode(this, real, slots ? imaginary : null);
    return new Decoded(real, imaginary, statistics[0], statistics[1]);
  }

  /**
   * What {@link #decode()} returns.
   *
   * @param real one number per slot or coefficient
   * @param imaginary one number per slot, or none
   * @param coefficientLog2 log2 of the largest coefficient in magnitude, negative infinity when all are zero
   * @param modulusLog2 log2 of the modulus at this level
   */
  public record Decoded(double[] real, double[] imaginary, double coefficientLog2, double modulusLog2) {}

  static byte[] scaleBytes(Context context, Scale scale) {
    scale.requirePrimesOf(context.parameters());
    BoundedWriter out = new BoundedWriter();
    scale.writeTo(out);
    return out.toBytes();
  }
}
