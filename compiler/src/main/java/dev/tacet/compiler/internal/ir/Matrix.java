// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.Arrays;

/**
 * An immutable real matrix, held dense or, where each row has at most one entry (scalings, selections, permutations), as
 * one column and one value a row.
 */
public final class Matrix {
  /** The most entries of a dense matrix, 2^27. */
  public static final long MAX_ENTRIES = 1L << 27;

  /** The most multiplications of one product of matrices, 2^36. */
  private static final long MAX_WORK = 1L << 36;

  private final int rows;
  private final int columns;
  private final double[] dense;
  private final int[] picks;
  private final double[] values;

  private static double[] entries(long rows, long columns) {
    if (rows * columns > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "a matrix of " + rows + " x " + columns + " has more than " + MAX_ENTRIES + " entries");
    }
    return new double[(int) (rows * columns)];
  }

  private Matrix(int rows, int columns, double[] dense, int[] picks, double[] values) {
    this.rows = rows;
    this.columns = columns;
    this.dense = dense;
    this.picks = picks;
    this.values = values;
  }

  /**
   * Makes a dense matrix.
   *
   * @param entries rows * columns values, row by row; not copied, so the caller must not change it
   */
  public static Matrix dense(int rows, int columns, double[] entries) {
    if (entries.length != (long) rows * columns) {
      throw new IllegalArgumentException(
          "a " + rows + " x " + columns + " matrix needs " + (long) rows * columns + " entries, got " + entries.length);
    }
    return new Matrix(rows, columns, entries, null, null);
  }

  /**
   * Makes a matrix with one entry a row.
   *
   * @param columns the number of columns
   * @param picks the column of each row's entry
   * @param values the value of each row's entry
   */
  public static Matrix picking(int columns, int[] picks, double[] values) {
    for (int pick : picks) {
      if (pick < 0 || pick >= columns) {
        throw new IllegalArgumentException("column " + pick + " is outside 0.." + (columns - 1));
      }
    }
    return new Matrix(picks.length, columns, null, picks.clone(), values.clone());
  }

  /** Returns the identity of a size. */
  public static Matrix identity(int size) {
    double[] ones = new double[size];
    Arrays.fill(ones, 1);
    return new Matrix(size, size, null, range(size), ones);
  }

  /** Returns the number of rows. */
  public int rows() {
    return rows;
  }

  /** Returns the number of columns. */
  public int columns() {
    return columns;
  }

  /** Returns one entry. */
  public double get(int row, int column) {
    if (dense != null) {
      return dense[row * columns + column];
    }
    return picks[row] == column ? values[row] : 0;
  }

  /** Returns whether the matrix is square and zero off its diagonal. */
  public boolean isDiagonal() {
    return picks != null && rows == columns && Arrays.equals(picks, range(rows));
  }

  /** Returns the diagonal of a square matrix. */
  public double[] diagonal() {
    double[] result = new double[rows];
    for (int i = 0; i < rows; i++) {
      result[i] = get(i, i);
    }
    return result;
  }

  /** Returns all entries, row by row, as a new array. */
  public double[] toDense() {
    if (dense != null) {
      return dense.clone();
    }
    double[] result = entries(rows, columns);
    for (int i = 0; i < rows; i++) {
      result[i * columns + picks[i]] = values[i];
    }
    return result;
  }

  /** Returns this * x, added to sum. */
  public void multiplyAdd(double[] x, double[] sum) {
    for (int i = 0; i < rows; i++) {
      if (picks != null) {
        sum[i] += values[i] * x[picks[i]];
        continue;
      }
      double total = 0;
      int offset = i * columns;
      for (int j = 0; j < columns; j++) {
        total += dense[offset + j] * x[j];
      }
      sum[i] += total;
    }
  }

  /** Returns left * this. */
  public Matrix multipliedBy(Matrix left) {
    if (left.columns != rows) {
      throw new IllegalArgumentException("a " + left.rows + " x " + left.columns + " matrix cannot multiply one of "
          + rows + " x " + columns);
    }
    if (left.picks != null) {
      return selectRows(left);
    }
    if ((double) left.rows * rows * (picks != null ? 1 : columns) > MAX_WORK) {
      throw new IllegalArgumentException("the product of matrices of " + left.rows + " x " + rows + " and " + rows + " x "
          + columns + " takes more than " + MAX_WORK + " multiplications");
    }
    double[] result = entries(left.rows, columns);
    for (int i = 0; i < left.rows; i++) {
      for (int k = 0; k < rows; k++) {
        double factor = left.dense[i * rows + k];
        if (factor == 0) {
          continue;
        }
        if (picks != null) {
          result[i * columns + picks[k]] += factor * values[k];
          continue;
        }
        for (int j = 0; j < columns; j++) {
          result[i * columns + j] += factor * dense[k * columns + j];
        }
      }
    }
    return dense(left.rows, columns, result);
  }

  private Matrix selectRows(Matrix left) {
    if (picks != null) {
      int[] newPicks = new int[left.rows];
      double[] newValues = new double[left.rows];
      for (int i = 0; i < left.rows; i++) {
        newPicks[i] = picks[left.picks[i]];
        newValues[i] = values[left.picks[i]] * left.values[i];
      }
      return new Matrix(left.rows, columns, null, newPicks, newValues);
    }
    double[] result = entries(left.rows, columns);
    for (int i = 0; i < left.rows; i++) {
      for (int j = 0; j < columns; j++) {
        result[i * columns + j] = left.values[i] * dense[left.picks[i] * columns + j];
      }
    }
    return dense(left.rows, columns, result);
  }

  /** Returns this + other. */
  public Matrix plus(Matrix other) {
    if (picks != null && other.picks != null && Arrays.equals(picks, other.picks)) {
      double[] sum = values.clone();
      for (int i = 0; i < rows; i++) {
        sum[i] += other.values[i];
      }
      return new Matrix(rows, columns, null, picks, sum);
    }
    double[] sum = toDense();
    for (int i = 0; i < rows; i++) {
      if (other.picks != null) {
        sum[i * columns + other.picks[i]] += other.values[i];
      } else {
        for (int j = 0; j < columns; j++) {
          sum[i * columns + j] += other.dense[i * columns + j];
        }
      }
    }
    return dense(rows, columns, sum);
  }

  /** Returns the matrix with row i multiplied by rowFactors[i] and column j by columnFactors[j]; null means ones. */
  public Matrix scaled(double[] rowFactors, double[] columnFactors) {
    if (picks != null) {
      double[] scaled = values.clone();
      for (int i = 0; i < rows; i++) {
        scaled[i] *= (rowFactors == null ? 1 : rowFactors[i]) * (columnFactors == null ? 1 : columnFactors[picks[i]]);
      }
      return new Matrix(rows, columns, null, picks, scaled);
    }
    double[] scaled = dense.clone();
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        scaled[i * columns + j] *=
            (rowFactors == null ? 1 : rowFactors[i]) * (columnFactors == null ? 1 : columnFactors[j]);
      }
    }
    return dense(rows, columns, scaled);
  }

  /**
   * Returns the matrix with more rows: row i becomes row offset + i, the others are zero.
   *
   * @param newRows the number of rows of the result
   */
  public Matrix placed(int newRows, int offset) {
    if (offset == 0 && newRows == rows) {
      return this;
    }
    double[] result = entries(newRows, columns);
    System.arraycopy(toDense(), 0, result, offset * columns, rows * columns);
    return dense(newRows, columns, result);
  }

  /** Returns whether every entry is zero. */
  public boolean isZero() {
    for (double value : dense != null ? dense : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether every entry is finite. */
  public boolean isFinite() {
    for (double value : dense != null ? dense : values) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the largest magnitude of an entry; NaN if an entry is NaN. */
  public double largest() {
    double largest = 0;
    for (double value : dense != null ? dense : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static int[] range(int size) {
    int[] result = new int[size];
    for (int i = 0; i < size; i++) {
      result[i] = i;
    }
    return result;
  }
}
