// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import dev.tacet.he.ClearMatrix;
import java.util.Arrays;
import java.util.List;

/**
 * An immutable real matrix, held dense or, where few entries are not zero (convolutions, selections, scalings), as compressed
 * sparse rows: 12 bytes for each stored entry against 8 for every one.
 *
 * <p>Operations choose the smaller form for their results; none of them makes a sparse operand dense on its way.
 */
public final class Matrix {
  /** The most entries of a dense matrix, 2^27. */
  public static final long MAX_ENTRIES = 1L << 27;

  /** The most stored entries of a sparse matrix, 2^26. */
  public static final int MAX_STORED = 1 << 26;

  /** The most multiplications of one product of matrices, 2^34. */
  private static final long MAX_WORK = 1L << 34;

  /** A matrix of which more than one entry in so many is stored is held dense. */
  private static final int SPARSE = 3;

  /** Products of at most so many entries are summed up in a dense result. */
  private static final long SMALL_PRODUCT = 1L << 22;

  /** The most vectors of {@link #multiplyAddLanes}: an entry is read once for all of them, and their elements stay in the second cache. */
  static final int LANES = 32;

  private final int rows;
  private final int columns;
  private final double[] values;
  private final int[] starts;
  private final int[] positions;

  /** What is done with one entry. */
  @FunctionalInterface
  public interface EntryConsumer {
    /** Takes an entry that is not zero. */
    void accept(int row, int column, double value);
  }

  private Matrix(int rows, int columns, double[] values, int[] starts, int[] positions) {
    this.rows = rows;
    this.columns = columns;
    this.values = values;
    this.starts = starts;
    this.positions = positions;
  }

  private static double[] entries(long rows, long columns) {
    if (rows * columns > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "a matrix of " + rows + " x " + columns + " has more than " + MAX_ENTRIES + " entries");
    }
    return new double[(int) (rows * columns)];
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
    return new Matrix(picks.length, columns, values.clone(), range(picks.length + 1), picks.clone());
  }

  /** Returns the identity of a size. */
  public static Matrix identity(int size) {
    double[] ones = new double[size];
    Arrays.fill(ones, 1);
    return new Matrix(size, size, ones, range(size + 1), range(size));
  }

  /** Returns the zero matrix of a size. */
  public static Matrix zero(int rows, int columns) {
    return new Matrix(rows, columns, new double[0], new int[rows + 1], new int[0]);
  }

  /** Makes a matrix of stored entries, in the smaller form; see {@link MatrixBuilder}. */
  static Matrix sparse(int rows, int columns, double[] values, int[] starts, int[] positions) {
    return new Matrix(rows, columns, values, starts, positions).compact();
  }

  /** Returns the matrix in the smaller form; a matrix of at most one entry a row stays sparse. */
  private Matrix compact() {
    long all = (long) rows * columns;
    if (starts == null) {
      return SPARSE * nonzeros() <= all ? toSparse() : this;
    }
    return values.length > rows && (long) SPARSE * values.length > all && all <= MAX_ENTRIES
        ? new Matrix(rows, columns, toDense(), null, null) : this;
  }

  private Matrix toSparse() {
    MatrixBuilder builder = new MatrixBuilder(columns, (int) nonzeros());
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        builder.add(j, values[i * columns + j]);
      }
      builder.endRow();
    }
    return builder.build();
  }

  /** Returns the number of rows. */
  public int rows() {
    return rows;
  }

  /** Returns the number of columns. */
  public int columns() {
    return columns;
  }

  /** Returns whether the matrix is held as compressed sparse rows. */
  public boolean isSparse() {
    return starts != null;
  }

  /** Returns the number of entries that are not zero. */
  public long nonzeros() {
    long count = 0;
    for (double value : values) {
      count += value != 0 ? 1 : 0;
    }
    return count;
  }

  /** Returns one entry; {@link #forEach} is the way to read many. */
  public double get(int row, int column) {
    if (starts == null) {
      return values[row * columns + column];
    }
    int at = Arrays.binarySearch(positions, starts[row], starts[row + 1], column);
    return at < 0 ? 0 : values[at];
  }

  /** Visits every entry that is not zero, row by row, in each row by rising column. */
  public void forEach(EntryConsumer consumer) {
    for (int i = 0; i < rows; i++) {
      forEachInRow(i, consumer);
    }
  }

  /** Visits every entry of one row that is not zero, by rising column. */
  public void forEachInRow(int row, EntryConsumer consumer) {
    int from = starts == null ? row * columns : starts[row];
    int to = starts == null ? from + columns : starts[row + 1];
    for (int at = from; at < to; at++) {
      if (values[at] != 0) {
        consumer.accept(row, starts == null ? at - from : positions[at], values[at]);
      }
    }
  }

  /** Returns whether the matrix is square, sparse, and stores no entry off its diagonal. */
  public boolean isDiagonal() {
    if (starts == null || rows != columns) {
      return false;
    }
    for (int i = 0; i < rows; i++) {
      int stored = starts[i + 1] - starts[i];
      if (stored > 1 || stored == 1 && positions[starts[i]] != i) {
        return false;
      }
    }
    return true;
  }

  private boolean isIdentity() {
    if (!isDiagonal() || values.length != rows) {
      return false;
    }
    for (double value : values) {
      if (value != 1) {
        return false;
      }
    }
    return true;
  }

  /** Returns the diagonal of a square matrix. */
  public double[] diagonal() {
    double[] result = new double[rows];
    for (int i = 0; i < rows; i++) {
      result[i] = get(i, i);
    }
    return result;
  }

  /** Returns all entries, row by row, as a new array: many times the size of a sparse matrix. */
  public double[] toDense() {
    if (starts == null) {
      return values.clone();
    }
    double[] result = entries(rows, columns);
    forEach((i, j, value) -> result[i * columns + j] = value);
    return result;
  }

  /** Returns this * x, added to sum. */
  public void multiplyAdd(double[] x, double[] sum) {
    for (int i = 0; i < rows; i++) {
      double total = 0;
      if (starts == null) {
        int offset = i * columns;
        for (int j = 0; j < columns; j++) {
          total += values[offset + j] * x[j];
        }
      } else {
        int end = starts[i + 1];
        for (int at = starts[i]; at < end; at++) {
          total += values[at] * x[positions[at]];
        }
      }
      sum[i] += total;
    }
  }

  /**
   * Adds this * x to sum for several vectors at once: element i of vector l lies at i * lanes + l. Each vector's sums are the same,
   * bit for bit, as those of {@link #multiplyAdd}.
   *
   * @param lanes the vectors, a power of two, at most {@link #LANES}
   */
  void multiplyAddLanes(double[] x, double[] sum, int lanes) {
    ClearMatrix.multiplyAdd(sum, x, lanes, starts, positions, values);
  }

  /**
   * Returns left * this.
   *
   * @throws IllegalArgumentException if the sizes do not fit, or the product takes more than 2^34 multiplications or has more
   *     entries than a matrix may
   */
  public Matrix multipliedBy(Matrix left) {
    if (left.columns != rows) {
      throw new IllegalArgumentException("a " + left.rows + " x " + left.columns + " matrix cannot multiply one of "
          + rows + " x " + columns);
    }
    if (isIdentity()) {
      return left;
    }
    if (left.work(this) > MAX_WORK) {
      throw new IllegalArgumentException("the product of matrices of " + left.rows + " x " + rows + " and " + rows + " x "
          + columns + " takes more than " + MAX_WORK + " multiplications");
    }
    boolean small = (long) left.rows * columns <= SMALL_PRODUCT;
    if (left.starts == null && starts == null || small && (left.starts == null || starts == null)) {
      double[] result = entries(left.rows, columns);
      left.forEach((i, k, factor) -> addRow(k, factor, result, i * columns));
      return dense(left.rows, columns, result).compact();
    }
    return sparseProduct(left);
  }

  /** The multiplications of this * right. */
  private long work(Matrix right) {
    long[] work = new long[1];
    forEach((i, k, value) -> work[0] += right.stored(k));
    return work[0];
  }

  private int stored(int row) {
    return starts == null ? columns : starts[row + 1] - starts[row];
  }

  /** Adds factor times a row to the entries of sum from an offset on. */
  private void addRow(int row, double factor, double[] sum, int offset) {
    if (starts == null) {
      for (int j = 0, from = row * columns; j < columns; j++) {
        sum[offset + j] += factor * values[from + j];
      }
      return;
    }
    for (int at = starts[row]; at < starts[row + 1]; at++) {
      sum[offset + positions[at]] += factor * values[at];
    }
  }

  /** left * this, row by row through one dense row of sums. */
  private Matrix sparseProduct(Matrix left) {
    MatrixBuilder builder = new MatrixBuilder(columns, Math.max(values.length, left.values.length));
    double[] sums = new double[columns];
    int[] least = {columns};
    int[] most = {-1};
    for (int i = 0; i < left.rows; i++) {
      least[0] = columns;
      most[0] = -1;
      left.forEachInRow(i, (row, k, factor) -> {
        addRow(k, factor, sums, 0);
        if (stored(k) > 0) {
          least[0] = Math.min(least[0], starts == null ? 0 : positions[starts[k]]);
          most[0] = Math.max(most[0], starts == null ? columns - 1 : positions[starts[k + 1] - 1]);
        }
      });
      for (int j = least[0]; j <= most[0]; j++) {
        builder.add(j, sums[j]);
        sums[j] = 0;
      }
      builder.endRow();
    }
    return builder.build();
  }

  /** Returns this + other. */
  public Matrix plus(Matrix other) {
    if (rows != other.rows || columns != other.columns) {
      throw new IllegalArgumentException("a " + rows + " x " + columns + " matrix cannot be added to one of " + other.rows
          + " x " + other.columns);
    }
    if (starts == null || other.starts == null) {
      double[] sum = starts == null ? values.clone() : other.values.clone();
      (starts == null ? other : this).forEach((i, j, value) -> sum[i * columns + j] += value);
      return dense(rows, columns, sum);
    }
    if (Arrays.equals(starts, other.starts) && Arrays.equals(positions, other.positions)) {
      double[] sum = values.clone();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += other.values[i];
      }
      return new Matrix(rows, columns, sum, starts, positions);
    }
    MatrixBuilder builder = new MatrixBuilder(columns, Math.max(values.length, other.values.length));
    for (int i = 0; i < rows; i++) {
      int a = starts[i];
      int b = other.starts[i];
      while (a < starts[i + 1] || b < other.starts[i + 1]) {
        int left = a < starts[i + 1] ? positions[a] : columns;
        int right = b < other.starts[i + 1] ? other.positions[b] : columns;
        builder.add(Math.min(left, right), (left <= right ? values[a++] : 0) + (right <= left ? other.values[b++] : 0));
      }
      builder.endRow();
    }
    return builder.build();
  }

  /** Returns the matrix with row i multiplied by rowFactors[i] and column j by columnFactors[j]; null means ones. */
  public Matrix scaled(double[] rowFactors, double[] columnFactors) {
    double[] scaled = values.clone();
    for (int i = 0; i < rows; i++) {
      int from = starts == null ? i * columns : starts[i];
      int to = starts == null ? from + columns : starts[i + 1];
      double factor = rowFactors == null ? 1 : rowFactors[i];
      for (int at = from; at < to; at++) {
        scaled[at] *= factor * (columnFactors == null ? 1 : columnFactors[starts == null ? at - from : positions[at]]);
      }
    }
    return new Matrix(rows, columns, scaled, starts, positions);
  }

  /** Returns for each row the sum of the squares of its entries, those of column j multiplied by columnFactors[j]. */
  public double[] squaredRowNorms(double[] columnFactors) {
    double[] norms = new double[rows];
    for (int i = 0; i < rows; i++) {
      int from = starts == null ? i * columns : starts[i];
      int to = starts == null ? from + columns : starts[i + 1];
      double sum = 0;
      for (int at = from; at < to; at++) {
        double value = values[at] * columnFactors[starts == null ? at - from : positions[at]];
        sum += value * value;
      }
      norms[i] = sum;
    }
    return norms;
  }

  /**
   * Returns the matrices one below the other.
   *
   * @param parts at least one, with equal numbers of columns
   */
  public static Matrix stack(List<Matrix> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    int columns = parts.get(0).columns;
    long rows = parts.stream().mapToLong(Matrix::rows).sum();
    long nonzeros = parts.stream().mapToLong(Matrix::nonzeros).sum();
    if (nonzeros > rows && SPARSE * nonzeros > rows * columns) {
      double[] result = entries(rows, columns);
      int offset = 0;
      for (Matrix part : parts) {
        int start = offset;
        part.forEach((i, j, value) -> result[(start + i) * columns + j] = value);
        offset += part.rows;
      }
      return dense((int) rows, columns, result);
    }
    MatrixBuilder builder = new MatrixBuilder(columns, (int) Math.min(nonzeros, MAX_STORED));
    for (Matrix part : parts) {
      for (int i = 0; i < part.rows; i++) {
        part.forEachInRow(i, (row, column, value) -> builder.add(column, value));
        builder.endRow();
      }
    }
    return builder.build();
  }

  /** Returns whether every entry is zero. */
  public boolean isZero() {
    for (double value : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether every entry is finite. */
  public boolean isFinite() {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the largest magnitude of an entry; NaN if an entry is NaN. */
  public double largest() {
    double largest = 0;
    for (double value : values) {
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
