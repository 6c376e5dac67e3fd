// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads sample rows from a CSV file of numbers; a first line that is not numbers is a header. */
public final class CalibrationRows {
  /** The most rows that are read; later ones are ignored. */
  public static final int MAX_ROWS = 5000;

  private CalibrationRows() {}

  /**
   * Reads rows.
   *
   * @param file comma-separated numbers, one row a line, empty lines ignored
   * @return at most {@link #MAX_ROWS} rows
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if a field is no number; the message names line and column, not the field
   */
  public static List<double[]> read(Path file) throws IOException {
    List<double[]> rows = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      int line = 0;
      for (String text = reader.readLine(); text != null && rows.size() < MAX_ROWS; text = reader.readLine()) {
        line++;
        if (!text.isBlank()) {
          double[] row = parse(text, line, file);
          if (row != null) {
            rows.add(row);
          }
        }
      }
    }
    return rows;
  }

  private static double[] parse(String text, int line, Path file) {
    String[] fields = text.split(",", -1);
    double[] row = new double[fields.length];
    for (int i = 0; i < fields.length; i++) {
      try {
        row[i] = Double.parseDouble(fields[i].trim());
      } catch (NumberFormatException e) {
        if (line == 1) {
          return null;
        }
        throw new IllegalArgumentException(file.getFileName() + " line " + line + " column " + (i + 1) + " is not a number");
      }
    }
    return row;
  }
}
