// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.Arrays;

/** Makes a {@link Matrix} row by row from the entries that are not zero. */
public final class MatrixBuilder {
  private final int columns;
  private double[] values;
  private int[] positions;
  private int[] starts = new int[16];
  private int rows;
  private int size;

  /**
   * Starts a matrix without rows.
   *
   * @param columns the number of columns
   * @param expected how many entries will come, as far as is known
   */
  public MatrixBuilder(int columns, int expected) {
    this.columns = columns;
    this.values = new double[Math.max(expected, 16)];
    this.positions = new int[values.length];
  }

  /**
   * Adds an entry to the current row; zeros are left out.
   *
   * @param column beyond that of the row's last entry
   * @throws IllegalArgumentException if the column is outside or not beyond the last, or there are more than
   *     {@link Matrix#MAX_STORED} entries
   */
  public void add(int column, double value) {
    if (value == 0) {
      return;
    }
    if (column < 0 || column >= columns || size > starts[rows] && positions[size - 1] >= column) {
      throw new IllegalArgumentException("column " + column + " of row " + rows + " must lie in 0.." + (columns - 1)
          + " and beyond that of the entry before it");
    }
    if (size == values.length) {
      if (size >= Matrix.MAX_STORED) {
        throw new IllegalArgumentException("a matrix of " + columns + " columns has more than " + Matrix.MAX_STORED
            + " entries that are not zero, reached in row " + rows);
      }
      int room = (int) Math.min(Matrix.MAX_STORED, size + (long) size / 2);
      values = Arrays.copyOf(values, room);
      positions = Arrays.copyOf(positions, room);
    }
    values[size] = value;
    positions[size++] = column;
  }

  /** Ends the current row and starts the next. */
  public void endRow() {
    if (rows + 2 > starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
    }
    starts[++rows] = size;
  }

  /** Returns the matrix of the rows that were ended, in the smaller of the two forms. */
  public Matrix build() {
    return Matrix.sparse(rows, columns, size == values.length ? values : Arrays.copyOf(values, size),
        Arrays.copyOf(starts, rows + 1), size == values.length ? positions : Arrays.copyOf(positions, size));
  }
}
