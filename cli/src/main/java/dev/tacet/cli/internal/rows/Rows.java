// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Rows of flat features from a file, in the model's input order, the batch dimension left out and multi-dimensional
 * inputs row-major: CSV, or JSON if it starts with a bracket or a brace (see {@link JsonRows}).
 *
 * <p>The first line of CSV is a header if it has text and none of its fields is a number, or if it is 0,1,2,...,n-1 for
 * n >= 3, as data frames without column names are written. Numbers are written as 1, -2.5 or 3e-4.
 */
public final class Rows {
  private static final String REMEDY =
      "Rows are lines of comma-separated numbers, as many as the model has features; a header line is optional.";

  /** How programs write a missing or endless number: no name of a column. */
  private static final Pattern NO_NAME = Pattern.compile("(?i)[+-]?(nan|inf|infinity)");

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
    List<String> header = null;
    List<double[]> values = new ArrayList<>();
    int start = text.length >= 3 && text[0] == (byte) 0xEF && text[1] == (byte) 0xBB && text[2] == (byte) 0xBF ? 3 : 0;
    String csv = new String(text, start, text.length - start, StandardCharsets.UTF_8);
    String stripped = csv.stripLeading();
    if (!stripped.isEmpty() && JsonRows.startsWith(stripped.charAt(0))) {
      JsonRows json = JsonRows.parse(file, csv);
      return of(file, json.names(), json.rows(), text);
    }
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder().skipEmptyLines(true).extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE).ofCsvRecord(csv)) {
      int width = -1;
      for (CsvRecord row : reader) {
        if (values.isEmpty() && header == null && isHeader(row.getFields())) {
          header = List.copyOf(row.getFields());
          width = header.size();
          continue;
        }
        double[] parsed = numbers(file, row);
        if (width >= 0 && parsed.length != width) {
          throw CliException.usage(
              file + " line " + row.getStartingLineNumber() + " has " + parsed.length + " fields, the lines before it have "
                  + width, REMEDY);
        }
        width = parsed.length;
        values.add(parsed);
      }
    } catch (IOException | de.siegmar.fastcsv.reader.CsvParseException e) {
      throw new CliException(CliException.BAD_USAGE, file + " is not CSV: " + e.getMessage(), REMEDY, e);
    }
    return of(file, header, values, text);
  }

  private static Rows of(Path file, List<String> header, List<double[]> values, byte[] text) {
    if (values.isEmpty()) {
      throw CliException.usage(file + " holds no rows", REMEDY);
    }
    return new Rows(file, header, values.toArray(new double[0][]), text);
  }

  private static boolean isHeader(List<String> fields) {
    boolean counts = fields.size() >= 3;
    boolean anyNumber = false;
    boolean anyText = false;
    for (int i = 0; i < fields.size(); i++) {
      String field = fields.get(i).strip();
      counts &= field.equals(Integer.toString(i));
      anyNumber |= NO_NAME.matcher(field).matches() || !Double.isNaN(number(field));
      anyText |= !field.isEmpty();
    }
    return counts || !anyNumber && anyText;
  }

  /** The number that a field holds, infinite if it is too large for a double; NaN if it holds none. */
  private static double number(String field) {
    // Java's own parser also takes hexadecimal digits and a type's letter at the end.
    int last = field.length() - 1;
    if (last < 0 || field.charAt(last) != '.' && !isDigit(field.charAt(last)) || field.indexOf('x') >= 0 || field.indexOf('X') >= 0) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(field);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static double[] numbers(Path file, CsvRecord row) {
    double[] parsed = new double[row.getFieldCount()];
    for (int column = 0; column < parsed.length; column++) {
      String field = row.getField(column).strip();
      parsed[column] = number(field);
      if (!Double.isFinite(parsed[column])) {
        throw CliException.usage(
            file + " line " + row.getStartingLineNumber() + " column " + (column + 1)
                + (field.isEmpty() ? " is empty" : Double.isNaN(parsed[column]) ? " is not a number" : " is not a finite number"),
            REMEDY);
      }
    }
    return parsed;
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
