// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import dev.tacet.he.Parameters;
import java.util.Arrays;

/**
 * Counts what the engine does for a polynomial: the same recursion as native/src/circuits/polynomial.cpp, on which coefficients are
 * zero. Products that are added up share one relinearization.
 */
public final class PolynomialWork {
  private static final int PRODUCTS_PER_SWITCH = 6;

  private final boolean chebyshev;
  private final int baby;
  private final boolean[] used;
  // by levels below the argument's, of the operands
  private final int[] products;
  private final int[] sums;
  private final int[] elements;
  private final int[] terms;
  private final int[] rescales;

  private PolynomialWork(boolean chebyshev, int baby, int size) {
    this.chebyshev = chebyshev;
    this.baby = baby;
    this.used = new boolean[size];
    int depths = ceilLog2(size) + 1;
    products = new int[depths];
    sums = new int[depths];
    elements = new int[depths];
    terms = new int[depths];
    rescales = new int[depths];
  }

  /** Counts the work of one evaluation. */
  public static PolynomialWork of(double[] coefficients, boolean chebyshev) {
    boolean[] nonzero = new boolean[coefficients.length];
    for (int i = 0; i < nonzero.length; i++) {
      nonzero[i] = coefficients[i] != 0;
    }
    PolynomialWork best = null;
    int least = Integer.MAX_VALUE;
    for (int baby = 2; baby < 2 * nonzero.length; baby *= 2) {
      PolynomialWork work = new PolynomialWork(chebyshev, baby, nonzero.length);
      int depth = ceilLog2(nonzero.length);
      work.rescales[depth - 1]++;
      work.count(nonzero, depth, false);
      work.countElements();
      int cost = Arrays.stream(work.products).sum() + PRODUCTS_PER_SWITCH * work.relinearizations();
      if (cost < least) {
        least = cost;
        best = work;
      }
    }
    return best;
  }

  /** Returns the relinearizations of one evaluation. */
  public int relinearizations() {
    return Arrays.stream(sums).sum() + Arrays.stream(elements).sum();
  }

  /** Returns the products of two ciphertexts of one evaluation. */
  public int products() {
    return Arrays.stream(products).sum() + Arrays.stream(elements).sum();
  }

  /** Returns the work at parameters, for an argument at a level. */
  public Work at(Parameters parameters, int level) {
    Work work = Work.NONE;
    for (int below = 0; below < products.length && below <= level; below++) {
      LevelWork here = new LevelWork(parameters, level - below);
      work = work.plus(here.keySwitch(true, true).plus(here.words(4)).plus(Work.call()).times(elements[below]))
          .plus(here.keySwitch(false, true).plus(Work.call()).times(sums[below]))
          .plus(here.words(9).plus(Work.call()).times(products[below]))
          .plus(here.terms(terms[below], 2, 0))
          .plus(here.rescale(2).plus(Work.call()).times(Math.max(0, rescales[below] - sums[below])));
    }
    return work;
  }

  /**
   * Returns the limbs that one evaluation holds for an argument at a level: its basis, and for every depth of the recursion a basis
   * element at that depth's level and a sum of three components before and after a step.
   */
  public long heldLimbs(int level) {
    long limbs = 0;
    for (int below = 0; below < elements.length && below <= level; below++) {
      limbs += 2L * elements[below] * (level - below) + (2 + 3) * (level + 1L - below);
    }
    return limbs + 3 * (level + 1L);
  }

  /** The work of p at a depth below the argument; its operands lie a level above that. */
  private void count(boolean[] p, int depth, boolean counted) {
    int degree = degree(p);
    if (degree <= 1 || degree < baby && ceilLog2(degree) + 1 <= depth) {
      for (int i = 1; i <= degree; i++) {
        used[i] |= p[i];
        terms[depth - 1] += p[i] ? 1 : 0;
      }
      return;
    }
    int g = Integer.highestOneBit(degree);
    used[g] = true;
    boolean[] remainder = Arrays.copyOf(p, g);
    boolean[] quotient = Arrays.copyOfRange(p, g, degree + 1);
    for (int i = 1; chebyshev && i < quotient.length; i++) {
      remainder[g - i] |= quotient[i];
    }
    boolean product = degree(quotient) > 0;
    if (product) {
      products[depth - 1]++;
      sums[depth - 1] += counted ? 0 : 1;
      rescales[depth - 2]++;
      count(quotient, depth - 1, false);
    } else {
      terms[depth - 1]++;
    }
    count(remainder, depth, counted || product);
  }

  private void countElements() {
    for (int i = used.length - 1; i >= 2; i--) {
      if (used[i]) {
        elements[ceilLog2(i) - 1]++;
        int high = Integer.highestOneBit(i - 1);
        used[high] = true;
        used[i - high] = true;
        used[chebyshev ? 2 * high - i : high] = true;
      }
    }
  }

  private static int degree(boolean[] p) {
    int degree = p.length - 1;
    while (degree > 0 && !p[degree]) {
      degree--;
    }
    return degree;
  }

  private static int ceilLog2(int x) {
    return x <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(x - 1);
  }
}
