// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import dev.tacet.compiler.CostProfile;

/**
 * Amounts of the few things that the engine's time goes to. A word is one residue of one coefficient.
 *
 * @param butterflies butterflies of transforms
 * @param conversions products of a word of a digit or of a divided part with the base conversion's constants
 * @param keyWords words of digits, each multiplied with both halves of a key
 * @param diagonalWords words of encoded diagonals, each read from memory and multiplied with both halves of a baby step
 * @param words words that element-wise arithmetic or a permutation writes
 * @param terms products of a matrix product that take two multiplications each
 * @param smallTerms those that take one
 * @param calls passes over all limbs that threads start and end together
 */
public record Work(
    double butterflies, double conversions, double keyWords, double diagonalWords, double words, double terms,
    double smallTerms, double calls) {
  /** Nothing to do. */
  public static final Work NONE = new Work(0, 0, 0, 0, 0, 0, 0, 0);

  /** The number of the amounts. */
  public static final int KINDS = 8;

  static Work transforms(double count, double degree, int logDegree) {
    return new Work(count * degree / 2 * logDegree, 0, 0, 0, 0, 0, 0, 0);
  }

  static Work words(double count) {
    return new Work(0, 0, 0, 0, count, 0, 0, 0);
  }

  static Work call() {
    return calls(1);
  }

  static Work calls(int count) {
    return new Work(0, 0, 0, 0, 0, 0, 0, count);
  }

  /** Returns both together. */
  public Work plus(Work o) {
    return new Work(butterflies + o.butterflies, conversions + o.conversions, keyWords + o.keyWords,
        diagonalWords + o.diagonalWords, words + o.words, terms + o.terms, smallTerms + o.smallTerms, calls + o.calls);
  }

  /** Returns this so many times. */
  public Work times(double k) {
    return new Work(k * butterflies, k * conversions, k * keyWords, k * diagonalWords, k * words, k * terms, k * smallTerms,
        k * calls);
  }

  /** Returns the amounts in the order of the components. */
  public double[] amounts() {
    return new double[] {butterflies, conversions, keyWords, diagonalWords, words, terms, smallTerms, calls};
  }

  /** Returns the nanoseconds that a machine of these rates takes. */
  public double nanos(CostProfile.Rates rates) {
    double[] amounts = amounts();
    double[] each = rates.toArray();
    double sum = 0;
    for (int i = 0; i < KINDS; i++) {
      sum += amounts[i] * each[i];
    }
    return sum;
  }
}
