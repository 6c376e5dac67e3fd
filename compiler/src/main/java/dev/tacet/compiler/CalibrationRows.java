// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads sample rows from a file of {@link CsvRows}. */
public final class CalibrationRows {
  /** The most rows that are read; later ones are ignored. */
  public static final int MAX_ROWS = 5000;

  private CalibrationRows() {}

  /**
   * Reads rows.
   *
   * @param file comma-separated numbers, one row a line
   * @return at most {@link #MAX_ROWS} rows
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it holds no row, or what is no row; the message names line and column, not the field
   */
  public static List<double[]> read(Path file) throws IOException {
    return readNamed(file).rows();
  }

  /** As {@link #read}, with the header. */
  static CsvRows readNamed(Path file) throws IOException {
    String name = file.getFileName().toString();
    CsvRows rows = CsvRows.parse(name, CsvRows.text(name, Files.readAllBytes(file)), MAX_ROWS);
    if (rows.rows().isEmpty()) {
      throw new IllegalArgumentException(name + " holds no rows");
    }
    return rows;
  }
}
