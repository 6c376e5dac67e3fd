// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import dev.tacet.he.Parameters;

/**
 * The work of the engine's operations at one level, counted as native/src/rlwe/key_switch.cpp, native/src/ring/mod_switch.cpp and
 * native/src/circuits/linear_transform.cpp do it. Ciphertexts have two components unless a method says else.
 */
public final class LevelWork {
  /** Passes of a decomposition: back from the evaluation domain, and to each prime. */
  private static final int DECOMPOSITION_CALLS = 2;

  /** Passes of a division: back, and what is subtracted. */
  private static final int DIVISION_CALLS = 2;

  private final double degree;
  private final int logDegree;
  private final int limbs;
  private final int special;
  private final int digits;
  private final int digitSize;

  /** Prepares the counts at a level. */
  public LevelWork(Parameters parameters, int level) {
    degree = parameters.ringDegree();
    logDegree = parameters.logRingDegree();
    limbs = level + 1;
    special = parameters.specialPrimes().length;
    digits = parameters.digits(level);
    digitSize = parameters.digitSize();
  }

  private Work transforms(double count) {
    return Work.transforms(count, degree, logDegree);
  }

  private Work conversions(double count) {
    return new Work(0, count * degree, 0, 0, 0, 0, 0, 0);
  }

  /** Element-wise arithmetic on so many polynomials. */
  public Work words(double polynomials) {
    return Work.words(polynomials * limbs * degree);
  }

  /** Digits of a polynomial, converted to every prime. */
  public Work decomposition() {
    double converted = (double) digits * (limbs + special) - limbs;  // a digit is not converted to its own primes
    return transforms(limbs + converted).plus(conversions(converted * Math.min(digitSize, limbs))).plus(Work.calls(DECOMPOSITION_CALLS));
  }

  /** Digits times one key. */
  public Work keyProduct() {
    return new Work(0, 0, digits * (limbs + special) * degree, 0, 0, 0, 0, 0);
  }

  /** Division of so many polynomials by the special primes, and by the highest prime too. */
  private Work division(int polynomials, boolean rescale) {
    int divided = special + (rescale ? 1 : 0);
    int left = limbs - (rescale ? 1 : 0);
    return transforms((double) polynomials * (divided + left)).plus(conversions((double) polynomials * divided * left))
        .plus(Work.words((double) polynomials * left * degree)).plus(Work.calls(DIVISION_CALLS));
  }

  /** Division of so many polynomials by the special primes. */
  public Work modDown(int polynomials) {
    return division(polynomials, false);
  }

  /** A key switch of one polynomial and all that it is fused with. */
  public Work keySwitch(boolean product, boolean rescale) {
    Work work = decomposition().plus(keyProduct()).plus(division(2, rescale));
    return product ? work.plus(words(7)) : work.plus(words(2));
  }

  /** A rescale of so many polynomials. */
  public Work rescale(int polynomials) {
    return transforms((double) polynomials * limbs).plus(conversions((double) polynomials * (limbs - 1)))
        .plus(Work.words((double) polynomials * (limbs - 1) * degree));
  }

  /** A baby step from digits that are there. */
  public Work babyStep() {
    return keyProduct().plus(Work.words(2 * (limbs + special) * degree));
  }

  /** The rotation of a giant step's sum. */
  public Work giantStep() {
    return modDown(1).plus(decomposition()).plus(keyProduct()).plus(Work.words(4 * (limbs + special) * degree));
  }

  /** What pairs of giant steps take: a rotation and a product before them, a conjugation of their sum after. */
  public Work pairing() {
    return keySwitch(false, false).plus(words(4)).plus(giantStep());
  }

  /** A diagonal, in the sum of its giant step. */
  public Work diagonal() {
    return new Work(0, 0, 0, (limbs + special) * degree, 0, 0, 0, 0);
  }

  /** A linear transform of so many diagonals, rotations by baby steps and rotations of sums by giant steps, in pairs or not. */
  public Work transform(int diagonals, int babies, int giants, boolean paired) {
    Work work = diagonal().times(diagonals).plus(babyStep().times(babies)).plus(giantStep().times(giants)).plus(modDown(2));
    work = paired ? work.plus(pairing()) : work;
    return babies > 0 ? work.plus(decomposition()) : work;
  }

  /** Products of a matrix product, of so many terms that are not zero and components. */
  public Work terms(double count, int components, int smallLimbs) {
    double each = count * components * degree;
    return new Work(0, 0, 0, 0, 0, each * (limbs - smallLimbs), each * smallLimbs, 0);
  }
}
