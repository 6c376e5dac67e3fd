// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Rows written as JSON: one list of rows, or one row after the other (JSON lines). A row is a list of numbers, nested
 * lists for multi-dimensional inputs, which are taken row-major; or an object of numbers, or of such lists, by name ({@link Rows#inOrder}).
 */
final class JsonRows {
  private static final JsonMapper MAPPER = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final String REMEDY =
      "Give a list of rows, [[1.5, 2], [3, 4]], or a row a line; a row is a list of numbers or an object of numbers by name.";

  /** How the parser's complaint of a repeated name begins; the rest may hold a name, and other complaints a value. */
  private static final String DUPLICATE = "Duplicate field";

  private final Path file;
  private final List<double[]> rows = new ArrayList<>();
  private List<String> names;
  private int[] counts;

  private JsonRows(Path file) {
    this.file = file;
  }

  /** Whether a text, of which this is the first byte that is no white space, is JSON: no line of CSV numbers starts so. */
  static boolean startsWith(char first) {
    return first == '[' || first == '{';
  }

  /**
   * Reads all rows.
   *
   * @throws CliException (bad usage) if it is no JSON or holds something else; the text names the row and never a value
   */
  static JsonRows parse(Path file, String text) {
    JsonRows json = new JsonRows(file);
    try (JsonParser documents = MAPPER.createParser(text)) {
      while (documents.nextToken() != null) {
        JsonNode document = documents.readValueAsTree();
        if (isListOfRows(document)) {
          document.forEach(json::add);
        } else {
          json.add(document);
        }
      }
    } catch (JsonProcessingException e) {
      String place = e.getLocation() == null ? "" : ": line " + e.getLocation().getLineNr() + " column " + e.getLocation().getColumnNr();
      boolean twice = e.getOriginalMessage().startsWith(DUPLICATE);
      throw CliException.usage(file + (twice ? " has a name twice in one row" : " is not JSON") + place, REMEDY);
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
    if (json.rows.isEmpty()) {
      throw CliException.usage(file + " holds no rows", REMEDY);
    }
    return json;
  }

  /** The rows in order; they have the same length. */
  List<double[]> rows() {
    return rows;
  }

  /** The names of the features where the rows are objects, or null. */
  List<String> names() {
    return names;
  }

  /** How many numbers each name has; null without names. */
  int[] counts() {
    return counts;
  }

  private static boolean isListOfRows(JsonNode document) {
    return document.isArray() && (document.isEmpty() || document.get(0).isContainerNode());
  }

  private void add(JsonNode row) {
    List<Double> numbers = new ArrayList<>();
    if (row.isObject()) {
      addNamed(row, numbers);
    } else if (row.isArray() && names == null) {
      flatten(row, numbers);
    } else {
      throw refused("is neither a list nor an object like the rows before it");
    }
    if (numbers.isEmpty()) {
      throw refused("is empty");
    }
    if (!rows.isEmpty() && rows.get(0).length != numbers.size()) {
      throw refused("has " + numbers.size() + " numbers, the rows before it have " + rows.get(0).length);
    }
    rows.add(numbers.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private void addNamed(JsonNode row, List<Double> numbers) {
    if (rows.isEmpty()) {
      names = new ArrayList<>();
      for (Iterator<Map.Entry<String, JsonNode>> fields = row.fields(); fields.hasNext(); ) {
        names.add(fields.next().getKey());
      }
    }
    if (names == null || row.size() != names.size() || !names.stream().allMatch(row::has)) {
      throw refused("has other names than the rows before it");
    }
    int[] found = new int[names.size()];
    for (int i = 0; i < found.length; i++) {
      int before = numbers.size();
      flatten(row.get(names.get(i)), numbers);
      found[i] = numbers.size() - before;
    }
    if (counts != null && !Arrays.equals(counts, found)) {
      throw refused("has other counts of numbers by name than the rows before it");
    }
    counts = found;
  }

  private void flatten(JsonNode value, List<Double> numbers) {
    if (value.isArray()) {
      value.forEach(element -> flatten(element, numbers));
      return;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw refused("value " + (numbers.size() + 1) + (value.isNumber() ? " is not a finite number" : " is not a number"));
    }
    numbers.add(value.doubleValue());
  }

  private CliException refused(String what) {
    return CliException.usage(file + " row " + rows.size() + " " + what, REMEDY);
  }
}
