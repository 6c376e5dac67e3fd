// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import java.util.Arrays;

/**
 * Counts the relinearizations that the engine makes for a polynomial: the same recursion as native/src/circuits/polynomial.cpp, on
 * which coefficients are zero. Products that are added up share one.
 */
final class PolynomialWork {
  private static final int PRODUCTS_PER_SWITCH = 6;

  private final boolean chebyshev;
  private final int baby;
  private final boolean[] used;
  private int products;
  private int switches;

  private PolynomialWork(boolean chebyshev, int baby, int size) {
    this.chebyshev = chebyshev;
    this.baby = baby;
    this.used = new boolean[size];
  }

  /** Returns the relinearizations of one evaluation. */
  static int relinearizations(double[] coefficients, boolean chebyshev) {
    boolean[] nonzero = new boolean[coefficients.length];
    for (int i = 0; i < nonzero.length; i++) {
      nonzero[i] = coefficients[i] != 0;
    }
    int best = 0;
    int least = Integer.MAX_VALUE;
    for (int baby = 2; baby < 2 * nonzero.length; baby *= 2) {
      PolynomialWork work = new PolynomialWork(chebyshev, baby, nonzero.length);
      work.count(nonzero, ceilLog2(nonzero.length), false);
      int all = work.switches + work.elements();
      if (work.products + PRODUCTS_PER_SWITCH * all < least) {
        least = work.products + PRODUCTS_PER_SWITCH * all;
        best = all;
      }
    }
    return best;
  }

  private void count(boolean[] p, int depth, boolean counted) {
    int degree = degree(p);
    if (degree <= 1 || degree < baby && ceilLog2(degree) + 1 <= depth) {
      for (int i = 1; i <= degree; i++) {
        used[i] |= p[i];
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
      products++;
      switches += counted ? 0 : 1;
      count(quotient, depth - 1, false);
    }
    count(remainder, depth, counted || product);
  }

  private int elements() {
    int count = 0;
    for (int i = used.length - 1; i >= 2; i--) {
      if (used[i]) {
        count++;
        int high = Integer.highestOneBit(i - 1);
        used[high] = true;
        used[i - high] = true;
        used[chebyshev ? 2 * high - i : high] = true;
      }
    }
    return count;
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
