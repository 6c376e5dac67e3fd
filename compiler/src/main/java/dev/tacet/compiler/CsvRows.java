// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.CsvRecordHandler;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Rows of numbers written as CSV (RFC 4180): fields may be quoted, lines end in LF, CRLF or CR, blank lines and a byte order mark
 * are ignored. Numbers are written as 1, -2.5 or 3e-4.
 *
 * <p>The first line is a header if it has text and none of its fields is a number, or if it is 0,1,2,...,n-1 for n >= 3, as data
 * frames without column names are written.
 */
public final class CsvRows {
  /** The most columns: more than the features of any model. */
  private static final int MAX_COLUMNS = 1 << 16;

  /** What others write for a missing value: a line of nothing else is a row without values, not a header. */
  private static final Set<String> MISSING = Set.of("NA", "N/A", "NULL", "null", "None", "?", "-");

  /** What some files have in place of commas: numbers between them are no name of a column. */
  private static final Pattern OTHER_SEPARATORS = Pattern.compile("[;\t]");

  /** How programs write a missing or endless number: no name of a column. */
  private static final Pattern NO_NAME = Pattern.compile("(?i)[+-]?(nan|inf|infinity)");

  private final String file;
  private final List<double[]> rows = new ArrayList<>();
  private List<String> header;
  private int width = -1;

  private CsvRows(String file) {
    this.file = file;
  }

  /**
   * The text of a file: UTF-8, without its byte order mark.
   *
   * @param file what messages call it
   * @throws IllegalArgumentException if it is UTF-16
   */
  public static String text(String file, byte[] bytes) {
    int first = bytes.length >= 2 ? (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF : 0;
    if (first == 0xFEFF || first == 0xFFFE) {
      throw new IllegalArgumentException(file + " is text in UTF-16, it must be UTF-8");
    }
    int start = first == 0xEFBB && bytes.length >= 3 && bytes[2] == (byte) 0xBF ? 3 : 0;
    return new String(bytes, start, bytes.length - start, StandardCharsets.UTF_8);
  }

  /**
   * Reads rows.
   *
   * @param file what messages call the file
   * @param text its text
   * @param atMost the most rows that are read; later ones are ignored
   * @throws IllegalArgumentException if it is no CSV, is ragged, or holds a field that is no finite number; the message names line
   *     and column and never a value
   */
  public static CsvRows parse(String file, String text, int atMost) {
    CsvRows csv = new CsvRows(file);
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder().skipEmptyLines(true).extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE).build(CsvRecordHandler.builder().maxFields(MAX_COLUMNS).build(), text)) {
      for (CsvRecord line : reader) {
        if (csv.rows.size() == atMost) {
          break;
        }
        csv.add(line);
      }
    } catch (IOException | CsvParseException e) {
      throw new IllegalArgumentException(file + " is not CSV: " + e.getMessage(), e);
    }
    return csv;
  }

  /** The rows in order, all of one length. */
  public List<double[]> rows() {
    return rows;
  }

  /** The header's names, or null if there is none. */
  public List<String> header() {
    return header;
  }

  private void add(CsvRecord line) {
    if (line.getFieldCount() == 1 && width != 1 && line.getField(0).isBlank()) {
      return;
    }
    if (width < 0 && isHeader(line.getFields())) {
      header = List.copyOf(line.getFields());
      width = header.size();
      return;
    }
    double[] row = numbers(line);
    if (width >= 0 && row.length != width) {
      throw new IllegalArgumentException(
          file + " line " + line.getStartingLineNumber() + " has " + row.length + " fields, the lines before it have " + width);
    }
    width = row.length;
    rows.add(row);
  }

  private double[] numbers(CsvRecord line) {
    double[] numbers = new double[line.getFieldCount()];
    for (int column = 0; column < numbers.length; column++) {
      String field = line.getField(column).strip();
      numbers[column] = number(field);
      if (!Double.isFinite(numbers[column])) {
        throw new IllegalArgumentException(
            file + " line " + line.getStartingLineNumber() + " column " + (column + 1)
                + (field.isEmpty() ? " is empty" : Double.isNaN(numbers[column]) ? " is not a number" + separator(field) : " is not a finite number"));
      }
    }
    return numbers;
  }

  /** What to add where another separator than the comma is why a field is no number. */
  private static String separator(String field) {
    String other = field.indexOf(';') >= 0 ? "semicolons" : field.indexOf('\t') >= 0 ? "tabs" : "";
    return other.isEmpty() ? "" : ": fields are separated by commas, and this line has " + other;
  }

  private static boolean isHeader(List<String> fields) {
    boolean counts = fields.size() >= 3;
    boolean anyNumber = false;
    boolean anyText = false;
    for (int i = 0; i < fields.size(); i++) {
      String field = fields.get(i).strip();
      counts &= field.equals(Integer.toString(i));
      anyNumber |= NO_NAME.matcher(field).matches() || OTHER_SEPARATORS.splitAsStream(field).anyMatch(part -> !Double.isNaN(number(part.strip())));
      anyText |= !field.isEmpty() && !MISSING.contains(field);
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
}
