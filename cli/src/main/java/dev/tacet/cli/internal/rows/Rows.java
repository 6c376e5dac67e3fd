// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of flat features from a CSV file, in the model's input order, the batch dimension left out and
 * multi-dimensional inputs row-major.
 *
 * <p>The first line is a header if none of its fields is a number, or if it is 0,1,2,...,n-1 for n >= 3, as data
 * frames without column names are written.
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
   * @throws CliException (bad usage) if it cannot be read, is empty, is ragged or holds a field that is no number;
   *     the text names line and column and never a value
   */
  public static Rows read(Path file) {
    byte[] text;
    try {
      text = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CliException(
          CliException.BAD_USAGE, "cannot read " + file + (Files.exists(file) ? ": " + e : ": no such file"),
          "Name a CSV file of rows.", e);
    }
    return parse(file, text);
  }

  static Rows parse(Path file, byte[] text) {
    List<String> header = null;
    List<double[]> values = new ArrayList<>();
    int start = text.length >= 3 && text[0] == (byte) 0xEF && text[1] == (byte) 0xBB && text[2] == (byte) 0xBF ? 3 : 0;
    String csv = new String(text, start, text.length - start, StandardCharsets.UTF_8);
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
    if (values.isEmpty()) {
      throw CliException.usage(file + " holds no rows", REMEDY);
    }
    return new Rows(file, header, values.toArray(new double[0][]), text);
  }

  private static boolean isHeader(List<String> fields) {
    boolean counts = fields.size() >= 3;
    boolean anyNumber = false;
    for (int i = 0; i < fields.size(); i++) {
      String field = fields.get(i).strip();
      counts &= field.equals(Integer.toString(i));
      anyNumber |= isNumber(field);
    }
    return counts || !anyNumber;
  }

  private static boolean isNumber(String field) {
    try {
      Double.parseDouble(field);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static double[] numbers(Path file, CsvRecord row) {
    double[] parsed = new double[row.getFieldCount()];
    for (int column = 0; column < parsed.length; column++) {
      String field = row.getField(column).strip();
      try {
        parsed[column] = Double.parseDouble(field);
      } catch (NumberFormatException e) {
        throw new CliException(
            CliException.BAD_USAGE,
            file + " line " + row.getStartingLineNumber() + " column " + (column + 1)
                + (field.isEmpty() ? " is empty" : " is not a number"),
            REMEDY,
            e);
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
