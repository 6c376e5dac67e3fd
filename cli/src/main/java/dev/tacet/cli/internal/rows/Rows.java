// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.compiler.CsvRows;
import java.nio.file.Path;
import java.util.List;

/**
 * Rows of flat features from a file, in the model's input order, the batch dimension left out and multi-dimensional
 * inputs row-major: CSV (see {@link CsvRows}), or JSON if it starts with a bracket or a brace (see {@link JsonRows}).
 */
public final class Rows {
  private static final String REMEDY =
      "Rows are lines of comma-separated numbers, as many as the model has features; a header line is optional.";

  private final Path file;
  private final List<String> header;
  private final double[][] values;
  private final byte[] text;

  private Rows(Path file, List<String> header, double[][] values, byte[] text) {
    this.file = file;
    this.header = header;
    this.values = values;
    this.text = text;
  }

  /**
   * Reads {@code file}.
   *
   * @throws CliException (bad usage) if it cannot be read, is empty, is ragged or holds a field that is no finite number;
   *     the text names line and column and never a value
   */
  public static Rows read(Path file) {
    byte[] text = InputFile.read(file, "Name a file of rows, CSV or JSON.");
    return parse(file, text);
  }

  static Rows parse(Path file, byte[] text) {
    try {
      String plain = CsvRows.text(file.toString(), text);
      String stripped = plain.stripLeading();
      if (!stripped.isEmpty() && JsonRows.startsWith(stripped.charAt(0))) {
        JsonRows json = JsonRows.parse(file, plain);
        return of(file, json.names(), json.rows(), text);
      }
      CsvRows csv = CsvRows.parse(file.toString(), plain, Integer.MAX_VALUE);
      return of(file, csv.header(), csv.rows(), text);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), REMEDY, e);
    }
  }

  private static Rows of(Path file, List<String> header, List<double[]> values, byte[] text) {
    if (values.isEmpty()) {
      throw CliException.usage(file + " holds no rows", REMEDY);
    }
    return new Rows(file, header, values.toArray(new double[0][]), text);
  }

  /** Fails unless every row has {@code features} fields. */
  public Rows requireFeatures(int features) {
    if (width() != features) {
      throw CliException.usage(
          file + " has " + width() + " columns, the model takes " + features + " features",
          "Leave out labels and row numbers; keep the model's input order.");
    }
    return this;
  }

  /** The first {@code count} rows, or all if there are fewer. */
  public Rows first(int count) {
    if (count >= values.length) {
      return this;
    }
    return new Rows(file, header, java.util.Arrays.copyOf(values, count), text);
  }

  /** The file they came from. */
  public Path file() {
    return file;
  }

  /** The rows, shape [count][width]; not a copy. */
  public double[][] values() {
    return values;
  }

  /** How many rows there are. */
  public int count() {
    return values.length;
  }

  /** How many requests of at most this many rows they take. */
  public int requests(int rowsPerRequest) {
    return (values.length + rowsPerRequest - 1) / rowsPerRequest;
  }

  /** How many fields each row has. */
  public int width() {
    return values[0].length;
  }

  /** The header's names, or null if there is none. */
  public List<String> header() {
    return header;
  }

  /** The bytes of the file, as long as these rows live. */
  public byte[] text() {
    return text;
  }
}
