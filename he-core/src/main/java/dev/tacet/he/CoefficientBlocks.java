// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;

/**
 * How the coefficient packing of a signature lays numbers out.
 *
 * <p>Ciphertext t of an input holds features t * block to (t + 1) * block - 1 in its coefficients from 0 on. A value of the output is
 * the sum over its digits d of 2^(-digitBits * d) times row (value * digits + d): weights of more bits than a product has room for.
 * Ciphertext t of the output holds rows t * rows to (t + 1) * rows - 1, row r in coefficient (r mod rows + 1) * block - 1, and
 * structural zeros in the {@code zeros} coefficients from (rows + 1) * block - 1 on. The product of a block of features with {@code
 * rows} rows of weights, each row reversed, makes just that: it reaches no coefficient beyond (rows + 1) * block - 2.
 *
 * @param block features of one ciphertext, 1..2^16
 * @param rows rows of one ciphertext, 1..4096
 * @param digits rows of one value, 1..{@value #MAX_DIGITS}
 * @param digitBits bits of a digit, 1..40; 0 where there is one digit
 * @param zeros structural zeros of each output ciphertext, {@value #MIN_ZEROS}..255
 */
public record CoefficientBlocks(int block, int rows, int digits, int digitBits, int zeros) {
  /** The fewest structural zeros that a client accepts. */
  public static final int MIN_ZEROS = 16;

  /** The most digits of a value. */
  public static final int MAX_DIGITS = 4;

  private static final int MAX_DIGIT_BITS = 40;

  /** Validates. */
  public CoefficientBlocks {
    Signature.require(block >= 1 && block <= Constant.MAX_PERIOD, "blocks of %d features, must be 1..%d", block, Constant.MAX_PERIOD);
    Signature.require(rows >= 1 && rows <= ValueType.MAX_LENGTH, "%d rows a ciphertext, must be 1..%d", rows, ValueType.MAX_LENGTH);
    Signature.require(
        digits >= 1 && digits <= MAX_DIGITS && (digits == 1 ? digitBits == 0 : digitBits >= 1 && digitBits <= MAX_DIGIT_BITS),
        "%d digits of %d bits, must be one of 0 bits or 2..%d of 1..%d", digits, digitBits, MAX_DIGITS, MAX_DIGIT_BITS);
    Signature.require(zeros >= MIN_ZEROS && zeros <= 255, "%d structural zeros, must be %d..255", zeros, MIN_ZEROS);
  }

  /** Returns how many coefficients are used, the structural zeros included: the least ring degree. */
  public long coefficients() {
    return (rows + 1L) * block - 1 + zeros;
  }

  /** Returns the ciphertexts of an input of so many features. */
  public int inputs(int features) {
    return (features + block - 1) / block;
  }

  /** Returns the ciphertexts of an output of so many values. */
  public int outputs(int values) {
    return (values * digits + rows - 1) / rows;
  }

  /** Returns the coefficients that ciphertext t of an output of so many values has, ascending: the rows, then the zeros. */
  public int[] indexes(int values, int t) {
    int held = Math.min(rows, values * digits - t * rows);
    int[] indexes = new int[held + zeros];
    for (int i = 0; i < held; i++) {
      indexes[i] = (i + 1) * block - 1;
    }
    for (int z = 0; z < zeros; z++) {
      indexes[held + z] = (rows + 1) * block - 1 + z;
    }
    return indexes;
  }

  /** Returns what a value's digit d counts. */
  public double weight(int d) {
    return Math.scalb(1.0, -digitBits * d);
  }

  void writeTo(BoundedWriter out) {
    out.u32(block).u16(rows).u8(digits).u8(digitBits).u8(zeros);
  }

  static CoefficientBlocks readFrom(BoundedReader in) {
    return new CoefficientBlocks(
        in.u32("features of a ciphertext", 1, Constant.MAX_PERIOD), in.u16("rows of a ciphertext"), in.u8("digits"), in.u8("digit bits"),
        in.u8("structural zeros"));
  }
}
