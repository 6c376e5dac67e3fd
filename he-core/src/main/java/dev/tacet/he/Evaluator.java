// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeObject;
import java.util.List;

/**
 * Single operations on ciphertexts, for tests and small computations; a model runs as an {@link ExecutableProgram}.
 *
 * <p>Every operation returns a new ciphertext and throws IllegalArgumentException naming levels, scales or components that do not
 * fit, and MissingKeyException naming the Galois element and level that the key set lacks. Safe to use from many threads.
 */
public final class Evaluator {
  private final Context context;
  private final EvaluationKeySet keys;

  /** Makes an evaluator for operations that need no key. */
  public Evaluator(Context context) {
    this(context, null);
  }

  /**
   * Makes an evaluator.
   *
   * @param keys may be null
   */
  public Evaluator(Context context, EvaluationKeySet keys) {
    this.context = context;
    this.keys = keys;
  }

  /** Returns a + b; equal levels and scales. */
  public Ciphertext add(Ciphertext a, Ciphertext b) {
    return apply(Op.ADD, List.of(a, b));
  }

  /** Returns a + b; the plaintext has the same scale and at least the same level. */
  public Ciphertext addPlain(Ciphertext a, Plaintext b) {
    return apply(Op.ADD_PLAIN, List.of(a, b));
  }

  /** Returns a with a number added to every slot. */
  public Ciphertext addScalar(Ciphertext a, double value) {
    return apply(Op.ADD_SCALAR, List.of(a), 0, 0, new double[] {value}, null);
  }

  /** Returns a - b; equal levels and scales. */
  public Ciphertext sub(Ciphertext a, Ciphertext b) {
    return apply(Op.SUB, List.of(a, b));
  }

  /** Returns -a. */
  public Ciphertext negate(Ciphertext a) {
    return apply(Op.NEGATE, List.of(a));
  }

  /** Returns a * b with 3 components and the product of the scales; 2 components each and equal levels. */
  public Ciphertext multiply(Ciphertext a, Ciphertext b) {
    return apply(Op.MULTIPLY, List.of(a, b));
  }

  /** Returns a * a as {@link #multiply} does. */
  public Ciphertext square(Ciphertext a) {
    return apply(Op.SQUARE, List.of(a));
  }

  /** Returns a * b with the product of the scales; the plaintext has at least the same level. */
  public Ciphertext multiplyPlain(Ciphertext a, Plaintext b) {
    return apply(Op.MULTIPLY_PLAIN, List.of(a, b));
  }

  /** Returns a times round(value * plainScale), the scale times plainScale; at scale 1 the value must be an integer. */
  public Ciphertext multiplyScalar(Ciphertext a, double value, Scale plainScale) {
    return apply(Op.MULTIPLY_SCALAR, List.of(a), 0, 0, new double[] {value}, plainScale);
  }

  /** Returns a ciphertext of 3 components as one of 2; needs the relinearization key. */
  public Ciphertext relinearize(Ciphertext a) {
    return apply(Op.RELINEARIZE, List.of(a));
  }

  /** Returns a divided by its last prime: level - 1, scale / q_level. */
  public Ciphertext rescale(Ciphertext a) {
    return apply(Op.RESCALE, List.of(a));
  }

  /** Returns a at a lower level with the same scale. */
  public Ciphertext dropLevel(Ciphertext a, int level) {
    return apply(Op.DROP_LEVEL, List.of(a), level, 0, null, null);
  }

  /** Returns the ciphertext whose slot j is slot j + steps of a; needs the rotation's key unless steps is 0. */
  public Ciphertext rotate(Ciphertext a, int steps) {
    return apply(Op.ROTATE, List.of(a), steps, 0, null, null);
  }

  /** Returns the sum over i < count of a rotated by i * step; count is a power of two; needs the keys of step * 2^k. */
  public Ciphertext rotateSum(Ciphertext a, int step, int count) {
    return apply(Op.ROTATE_SUM, List.of(a), step, count, null, null);
  }

  /** Returns the complex conjugate; needs the conjugation key. */
  public Ciphertext conjugate(Ciphertext a) {
    return apply(Op.CONJUGATE, List.of(a));
  }

  /**
   * Returns sum c_i B_i(a), where B_i is x^i or, if {@code chebyshev}, T_i on [-1, 1]; ceil(log2(degree + 1)) levels lower.
   *
   * @param coefficients c_0 to c_degree, degree at least 1
   * @param target the exact scale of the result
   */
  public Ciphertext polynomial(Ciphertext a, boolean chebyshev, double[] coefficients, Scale target) {
    return apply(Op.POLYNOMIAL, List.of(a), 0, chebyshev ? 1 : 0, coefficients, target);
  }

  private Ciphertext apply(Op op, List<? extends NativeObject> operands) {
    return apply(op, operands, 0, 0, null, null);
  }

  private Ciphertext apply(
      Op op, List<? extends NativeObject> operands, long integer, long count, double[] numbers, Scale scale) {
    byte[] scaleBytes = scale == null ? null : Plaintext.scaleBytes(context, scale);
    return new Ciphertext(
        context, Engine.apply(context, keys, op.code(), operands, integer, count, numbers, scaleBytes));
  }
}
