// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model's outputs, row by row: for each output's name one list of numbers (or labels) per row.
 *
 * <p>As CSV: one line a row; an output of one number is a column of its name, one of several is name_0, name_1, ...
 */
public final class OutputTable {
  private final Map<String, List<List<Object>>> outputs = new LinkedHashMap<>();
  private int rows;

  /** Adds one row of outputs, null where there is no answer; the names must be those of the first row. */
  public void add(Map<String, List<Object>> row) {
    if (rows > 0 && !row.keySet().equals(outputs.keySet())) {
      throw new IllegalArgumentException("row " + rows + " has outputs " + row.keySet() + ", not " + outputs.keySet());
    }
    row.forEach((name, values) -> outputs.computeIfAbsent(name, n -> new ArrayList<>()).add(Collections.unmodifiableList(values)));
    rows++;
  }

  /** Output name to rows, in the model's order. */
  public Map<String, List<List<Object>>> outputs() {
    return outputs;
  }

  /** How many rows there are. */
  public int rows() {
    return rows;
  }

  /** The outputs of row {@code index}. */
  public Map<String, List<Object>> row(int index) {
    Map<String, List<Object>> row = new LinkedHashMap<>();
    outputs.forEach((name, values) -> row.put(name, values.get(index)));
    return row;
  }

  /** The table as CSV text with a header; {@code extra} columns are appended (name to one cell per row). */
  public String csv(Map<String, List<String>> extra) {
    StringWriter text = new StringWriter();
    try (CsvWriter csv = CsvWriter.builder().lineDelimiter(de.siegmar.fastcsv.writer.LineDelimiter.LF).build(text)) {
      List<String> header = new ArrayList<>();
      outputs.forEach(
          (name, values) -> {
            int width = values.isEmpty() ? 1 : values.get(0).size();
            for (int i = 0; i < width; i++) {
              header.add(width == 1 ? name : name + "_" + i);
            }
          });
      header.addAll(extra.keySet());
      csv.writeRecord(header);
      for (int r = 0; r < rows; r++) {
        List<String> line = new ArrayList<>();
        for (List<List<Object>> values : outputs.values()) {
          values.get(r).forEach(value -> line.add(value == null ? "" : value.toString()));
        }
        for (List<String> column : extra.values()) {
          line.add(column.get(r));
        }
        csv.writeRecord(line);
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return text.toString();
  }

  /**
   * Says now, before any work is done, that a table cannot be written to {@code file}; null and "-" are standard output.
   *
   * @throws CliException bad usage if the name ends neither in .csv nor in .json and is no device or pipe; as
   *     {@link OutputFile#require} if it cannot be written
   */
  public static void require(Path file) {
    if (file == null || isStandardOutput(file)) {
      return;
    }
    boolean plain = !Files.exists(file) || Files.isRegularFile(file);
    if (plain && !endsWith(file, ".csv") && !endsWith(file, ".json")) {
      throw CliException.usage("what to write into " + file + " is not told by its name", "Give --output FILE.csv or FILE.json.");
    }
    OutputFile.require(file);
  }

  private static boolean isStandardOutput(Path file) {
    return file.toString().equals("-");
  }

  private static boolean endsWith(Path file, String suffix) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(suffix);
  }

  /** Writes JSON ({@code report}) to a file that ends in .json, CSV to any other; null and "-" print the CSV. */
  public void write(Path file, Map<String, List<String>> extra, Object report) {
    if (file == null || isStandardOutput(file)) {
      System.out.print(csv(extra));
      System.out.flush();
    } else if (endsWith(file, ".json")) {
      Json.write(file, report);
    } else {
      OutputFile.write(file, csv(extra).getBytes(StandardCharsets.UTF_8));
    }
  }
}
