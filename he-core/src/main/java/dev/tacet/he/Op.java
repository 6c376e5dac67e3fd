// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/**
 * The op table of programs. All but MATRIX_PRODUCT act on arrays element by element. Codes are stable: they are the bytes of the PROGRAM blob and the numbers of the native executor.
 * An op that this version cannot run is refused by the checker by name.
 */
public enum Op {
  /** A ciphertext of the caller; attribute index. */
  INPUT(0, true),
  /** A ciphertext handed back; attribute index; type of its argument. */
  OUTPUT(1, true),
  /** Sum; equal level and scale. */
  ADD(2, true),
  /** Sum with a constant vector, encoded at the operand's scale. */
  ADD_PLAIN(3, true),
  /** Sum with one number in every slot, encoded at the operand's scale. */
  ADD_SCALAR(4, true),
  /** Difference; equal level and scale. */
  SUB(5, true),
  /** Negation. */
  NEGATE(6, true),
  /** Product of two 2-component values of equal level: 3 components, scales multiplied. */
  MULTIPLY(7, true),
  /** Product of a 2-component value with itself. */
  SQUARE(8, true),
  /** Product with a constant vector encoded at plainScale; of coefficients, with the polynomial whose coefficients it holds. */
  MULTIPLY_PLAIN(9, true),
  /** Product with round(value * plainScale); at plainScale 1 the value must be an integer. */
  MULTIPLY_SCALAR(10, true),
  /** Product with a power of X. */
  MULTIPLY_MONOMIAL(11, false),
  /** Slot j of the result is slot j+steps of the operand. */
  ROTATE(12, true),
  /** Sum over i < count of the operand rotated by i*step; count a power of two. */
  ROTATE_SUM(13, true),
  /** Complex conjugate of every slot. */
  CONJUGATE(14, true),
  /** Diagonals of a matrix: z[j] = sum over d < D = min(inPeriod, outPeriod) of
   * W[j mod outPeriod][(j+d) mod inPeriod] * x[j+d]. When outPeriod < inPeriod the product is the ROTATE_SUM of z by outPeriod,
   * inPeriod/outPeriod times, which is an instruction of its own. With a constant of kind {@link Diagonals}, the map that it holds. */
  LINEAR_TRANSFORM(15, true),
  /** A polynomial of degree d >= 1 of every slot; ceil(log2(d+1)) levels; the declared type gives the target scale. */
  POLYNOMIAL(16, true),
  /** An affine map between arrays: element r of the result is the sum over c of W[r][c] times element c, plus bias r, in every
   * slot; W is encoded at plainScale, the bias at the result's scale. */
  MATRIX_PRODUCT(17, true),
  /** 3 components to 2. */
  RELINEARIZE(18, true),
  /** Division by the last prime q_level: level - 1, scale / q_level. */
  RESCALE(19, true),
  /** Change of modulus chain. */
  MOD_SWITCH(20, false),
  /** Removal of chain primes down to the declared level; same scale. */
  DROP_LEVEL(21, true),
  /** Change of ring degree. */
  RING_SWITCH(22, false),
  /** The coefficients whose {@link Indexes} are given, of a 2-component value in coefficients; only an OUTPUT takes it. */
  EXTRACT(23, true),
  /** Random values in slots that are not outputs. */
  MASK_RANDOM(24, false),
  /** Re-randomised by an encryption of zero, which is an input, and flooded with noise of {@link ModelPrivacy#deviation}(scalar) units
   * of the last place. */
  FLOOD(25, true),
  /** Recovery of levels. */
  BOOTSTRAP(26, false),
  /** a + i b, of slots that are real: both in one ciphertext. Equal levels and scales; STANDARD only; only an OUTPUT takes it. */
  COMPLEX(27, true),
  /** Mean of the operand rotated by the multiples of step, count of them, step * count all slots; see docs/formats.md. */
  ROTATE_MEAN(28, true);

  private static final Op[] TABLE = values();

  private final int code;
  private final boolean implemented;

  Op(int code, boolean implemented) {
    this.code = code;
    this.implemented = implemented;
  }

  /** Returns the stable code. */
  public int code() {
    return code;
  }

  /** Returns whether this version can run it. */
  public boolean implemented() {
    return implemented;
  }

  /**
   * Returns the op with this code.
   *
   * @throws MalformedException if there is none
   */
  public static Op ofCode(int code) {
    if (code < 0 || code >= TABLE.length) {
      throw new MalformedException("opcode " + code + " is outside 0.." + (TABLE.length - 1));
    }
    return TABLE[code];
  }

  /** Returns how many values the op takes: 0, 1 or 2. */
  public int arity() {
    return switch (this) {
      case INPUT -> 0;
      case ADD, SUB, MULTIPLY, COMPLEX, FLOOD -> 2;
      default -> 1;
    };
  }
}
