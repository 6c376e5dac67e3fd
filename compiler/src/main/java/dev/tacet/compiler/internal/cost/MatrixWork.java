// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts what the engine does for a coefficient of a matrix product: the same blocks as native/src/circuits/matrix_blocks.cpp, which leave
 * most zeros of a convolution out. Rows are read four at a time, and copying a column of the encrypted factor takes as long as two products.
 */
final class MatrixWork {
  private static final int PANEL_ROWS = 4;
  private static final int COPY = 2;
  private static final int CALL = 8;
  private static final double WORTHWHILE = 0.75;

  /** Rows with the columns that one of them uses. */
  private record Block(int rows, BitSet columns) {
    long products() {
      return MatrixWork.products(rows, columns.cardinality());
    }
  }

  private MatrixWork() {}

  /**
   * Returns the products that one coefficient of one component and prime takes, everything else counted as products too.
   *
   * @param weights row by row
   */
  static long products(int rows, int columns, double[] weights) {
    List<Block> blocks = new ArrayList<>();
    for (Block next : bySupport(rows, columns, weights)) {
      Block last = blocks.isEmpty() ? null : blocks.get(blocks.size() - 1);
      if (last != null) {
        BitSet both = (BitSet) last.columns.clone();
        both.or(next.columns);
        Block joined = new Block(last.rows + next.rows, both);
        if (joined.products() <= last.products() + next.products()) {
          blocks.set(blocks.size() - 1, joined);
          continue;
        }
      }
      blocks.add(next);
    }
    long apart = blocks.stream().mapToLong(Block::products).sum();
    long whole = products(rows, columns);
    return apart > WORTHWHILE * whole ? whole : apart;
  }

  private static long products(int rows, int columns) {
    int padded = (rows + PANEL_ROWS - 1) / PANEL_ROWS * PANEL_ROWS;
    return (long) (padded + COPY) * columns + CALL;
  }

  /** Rows that use the same columns, in the order of the first of them; a row of zeros uses the first column. */
  private static List<Block> bySupport(int rows, int columns, double[] weights) {
    Map<BitSet, Integer> numbers = new HashMap<>();
    List<Block> blocks = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      BitSet used = new BitSet(columns);
      for (int c = 0; c < columns; c++) {
        if (weights[r * columns + c] != 0) {
          used.set(c);
        }
      }
      if (used.isEmpty()) {
        used.set(0);
      }
      Integer number = numbers.putIfAbsent(used, blocks.size());
      if (number == null) {
        blocks.add(new Block(1, used));
      } else {
        blocks.set(number, new Block(blocks.get(number).rows + 1, blocks.get(number).columns));
      }
    }
    return blocks;
  }
}
