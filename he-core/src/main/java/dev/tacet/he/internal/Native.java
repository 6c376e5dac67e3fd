// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.nio.ByteBuffer;

/**
 * The native functions, all of them. Addresses are those of {@link NativeHandle}; only {@link Engine} calls these, with every
 * handle leased. Buffers are direct; a null or zero where a handle is optional means none.
 *
 * <p>Errors: IllegalArgumentException for an argument that the operation cannot take, MalformedException, MissingKeyException,
 * CancelledException, UnsupportedException, OutOfMemoryError, and IllegalStateException for anything else.
 */
final class Native {
  /** Number of this interface; a library that answers another one to {@link #abiVersion()} is not used. */
  static final int ABI_VERSION = 4;

  private Native() {}

  static native int abiVersion();

  /** Registers the functions below; called once, after the versions were found equal. */
  static native void bind();

  /** Returns the name of the kernel table in use. */
  static native String kernels();

  /** Frees an object of any kind. */
  static native void destroy(long object);

  static native long contextCreate(ByteBuffer parameters, int offset, int length);

  /** Reads one blob of {@code kind}: SECRET_KEY, PUBLIC_KEY, CIPHERTEXT, or PROGRAM (checked, its constants encoded). */
  static native long load(long context, int kind, ByteBuffer blob, int offset, int length);

  /** Writes an object's blob, which must take just {@code length} bytes; with a null buffer it only returns the size. */
  static native long store(long object, ByteBuffer blob, int offset, int length);

  /**
   * Returns encoding, level, components, seeded (one byte each), the scale's wire form, and of an extracted ciphertext the indexes of
   * its coefficients in two bytes each.
   */
  static native byte[] describe(long ciphertextOrPlaintext);

  /** Returns the bytes of native memory of an evaluation key set or a program, or 1 or 0 for a secret key: locked or not. */
  static native long measure(long object);

  static native long secretKeyCreate(long context, ByteBuffer secretSeed);

  /** Copies a form of the secret: 0 the seed, 1 the ternary coefficients, 2 the evaluation form's 64-bit words. */
  static native byte[] secretKeyForm(long secretKey, int form);

  static native long publicKeyCreate(long secretKey, ByteBuffer publicSeed, ByteBuffer secretSeed);

  static native long evaluationKeyCreate(
      long secretKey, int galoisElement, int level, ByteBuffer publicSeed, ByteBuffer secretSeed);

  static native long keySetCreate(long context);

  /** Reads one evaluation key, expands it, and adds it to a set that nobody uses yet. */
  static native void keySetAdd(long keySet, ByteBuffer blob, int offset, int length);

  /** Encodes slots (imaginary may be null) or, for encoding 1, coefficients. */
  static native long encode(long context, int encoding, double[] real, double[] imaginary, int level, byte[] scale);

  /** Decodes; returns log2 of the largest coefficient, log2 of the modulus, and 8 * coefficient / modulus. */
  static native double[] decode(long plaintext, double[] real, double[] imaginary);

  /** Encrypts under a secret key (with a public seed) or a public key (without). */
  static native long encrypt(long key, long plaintext, ByteBuffer publicSeed, ByteBuffer secretSeed);

  static native long decrypt(long secretKey, long ciphertext);

  /**
   * Runs one operation of the op table.
   *
   * @param operands ciphertexts, then for addPlain and multiplyPlain one plaintext
   * @param integer steps, level or step
   * @param count count of rotateSum, basis of polynomial
   * @param numbers the scalar, or the polynomial's coefficients
   * @param scale wire form of the plain scale, or of the polynomial's target scale; may be null
   */
  static native long apply(
      long context, long keySet, int opcode, long[] operands, long integer, long count, double[] numbers, byte[] scale);

  /**
   * Multiplies {@code rows} interleaved rows of slots, all of a power of two, by a sparse map in the clear, as SparseRows has it. Entries
   * {@code starts[s] .. starts[s + 1] - 1} write slot {@code s} of the period. Buffers in the machine's byte order: 32-bit starts and
   * offsets, doubles.
   */
  static native void sparseProduct(double[] out, double[] x, int rows, ByteBuffer starts, ByteBuffer offsets, ByteBuffer values);

  /**
   * Adds a real matrix times {@code lanes} interleaved vectors, a power of two, to their sums. Without starts and positions {@code values} has
   * every entry, row by row; with them entries {@code starts[i] .. starts[i + 1] - 1} are those of row i.
   */
  static native void matrixProduct(double[] sums, double[] x, int lanes, int[] starts, int[] positions, double[] values);

  /**
   * Runs a program; fills one entry per layer of {@code layerNanos} and returns the outputs' addresses.
   *
   * @param randomness a seed of this run alone, for a program that floods its answers; may be null for others
   */
  static native long[] run(
      long program, long keySet, long[] inputs, ByteBuffer cancelFlag, ByteBuffer randomness, long[] layerNanos);
}
