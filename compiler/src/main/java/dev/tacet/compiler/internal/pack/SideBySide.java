// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import java.util.ArrayList;
import java.util.List;

/**
 * Several rows in one ciphertext, side by side: place p of row r is slot p rows + r.
 *
 * <p>A rotation by so many times a number of places moves every row alike, and a constant that has each of its numbers so many times
 * in turn multiplies every row alike. So a program for one row among slots / rows places, with its steps multiplied and its constants
 * spread, computes all rows at once and never lets one reach another.
 *
 * @param rows a power of two; 1 leaves everything as it is
 */
public record SideBySide(int rows) {
  /** Returns the step that moves a number of places. */
  public int step(int places) {
    return Math.multiplyExact(rows, places);
  }

  /** Returns a vector with each number in the places of every row. */
  public Constant.Vector spread(Constant.Vector vector) {
    return rows == 1 ? vector : new Constant.Vector(spread(vector.values()), step(vector.period()));
  }

  /** Returns diagonals with each number in the places of every row, and steps that move places. */
  public Diagonals spread(Diagonals diagonals) {
    if (rows == 1) {
      return diagonals;
    }
    List<Diagonals.Term> terms = new ArrayList<>();
    for (Diagonals.Term term : diagonals.terms()) {
      int[] places = term.slots();
      int[] slots = new int[places.length * rows];
      for (int i = 0; i < slots.length; i++) {
        slots[i] = places[i / rows] * rows + i % rows;
      }
      terms.add(new Diagonals.Term(step(term.giant()), step(term.baby()), slots, spread(term.values())));
    }
    return new Diagonals(step(diagonals.period()), step(diagonals.pair()), terms);
  }

  private double[] spread(double[] numbers) {
    double[] result = new double[numbers.length * rows];
    for (int i = 0; i < result.length; i++) {
      result[i] = numbers[i / rows];
    }
    return result;
  }
}
