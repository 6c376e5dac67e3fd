// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

/** Matrices for tests in the sparse form, from dense entries. */
final class SparseMatrices {
  private SparseMatrices() {}

  /** The matrix whose entries are {@code entries}, row by row; zeros are left out. */
  static Matrix of(int rows, int columns, double[] entries) {
    MatrixBuilder builder = new MatrixBuilder(columns, 0);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        builder.add(j, entries[i * columns + j]);
      }
      builder.endRow();
    }
    return builder.build();
  }
}
