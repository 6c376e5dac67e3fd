// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CsvRows;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.FeatureTable;
import dev.tacet.he.Signature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Rows of flat features from a file, the batch dimension left out and multi-dimensional inputs row-major: CSV (see {@link CsvRows}), or
 * JSON if it starts with a bracket or a brace (see {@link JsonRows}). Their columns are in the model's input order or, where they have
 * names, get into it by {@link #inOrder}.
 */
public final class Rows {
  private static final String REMEDY =
      "Rows are lines of comma-separated numbers, as many as the model has features; a header line is optional.";

  private final Path file;
  private final List<String> header;
  private final double[][] values;
  private final byte[] text;
  private final boolean byName;

  private Rows(Path file, List<String> header, double[][] values, byte[] text, boolean byName) {
    this.byName = byName;
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
        return of(file, json.names() == null ? null : expanded(json), json.rows(), text, json.names() != null && json.names().size() > 1);
      }
      CsvRows csv = CsvRows.parse(file.toString(), plain, Integer.MAX_VALUE);
      return of(file, csv.header(), csv.rows(), text, false);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), REMEDY, e);
    }
  }

  /** A name for each number: that of a list is followed by the index in it. */
  private static List<String> expanded(JsonRows json) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < json.names().size(); i++) {
      String name = json.names().get(i);
      int count = json.counts()[i];
      names.addAll(count == 1 ? List.of(name) : IntStream.range(0, count).mapToObj(k -> FeatureTable.element(name, k)).toList());
    }
    return names;
  }

  private static Rows of(Path file, List<String> header, List<double[]> values, byte[] text, boolean byName) {
    if (values.isEmpty()) {
      throw CliException.usage(file + " holds no rows", REMEDY);
    }
    return new Rows(file, header, values.toArray(new double[0][]), text, byName);
  }

  /**
   * The rows with their columns in the model's order: by name where the names are those of its features; else as they are, if these are
   * lines with a header of other names.
   *
   * @throws CliException (bad usage) if the names say another order that is not certain, rows by name have others than the model's, or a
   *     number is not whole where the model takes integers
   */
  public Rows inOrder(Signature signature) {
    Rows ordered = ordered(signature);
    for (int r = 0; r < ordered.values.length && width() == signature.features(); r++) {
      try {
        signature.requireWhole(ordered.values[r]);
      } catch (FeatureOutOfBoundsException e) {
        throw new CliException(CliException.BAD_USAGE, file + " row " + r + ": " + e.getMessage(), "Round what the model takes as an integer.", e);
      }
    }
    return ordered;
  }

  private Rows ordered(Signature signature) {
    if (header == null || header.size() != signature.features()) {
      return this;
    }
    List<String> places = IntStream.range(0, header.size()).mapToObj(Integer::toString).toList();
    boolean counted = Set.copyOf(places).equals(new HashSet<>(header)) && !Set.copyOf(signature.featureTable().names()).equals(Set.copyOf(places));
    int[] columns = counted ? new FeatureTable(places, List.of()).columns(header, true) : columns(signature);
    return Arrays.equals(columns, IntStream.range(0, columns.length).toArray()) ? this : with(columns);
  }

  private int[] columns(Signature signature) {
    try {
      return signature.columns(header, byName);
    } catch (IllegalArgumentException e) {
      throw new CliException(
          CliException.BAD_USAGE, file + ": " + e.getMessage(),
          "Name the columns like the model's features, or give rows without names in the model's input order.", e);
    }
  }

  private Rows with(int[] columns) {
    double[][] ordered = Arrays.stream(values).map(row -> FeatureTable.ordered(row, columns)).toArray(double[][]::new);
    return new Rows(file, IntStream.of(columns).mapToObj(header::get).toList(), ordered, text, byName);
  }

  /** The options' sample rows in the model's order, as the compiler put them. */
  public static List<double[]> samples(CompileOptions options, Signature signature) {
    List<String> names = options.featureNames();
    if (names.size() != signature.features()) {
      return options.calibration();
    }
    int[] columns = signature.columns(names, false);
    return options.calibration().stream().map(row -> FeatureTable.ordered(row, columns)).toList();
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
    return new Rows(file, header, Arrays.copyOf(values, count), text, byName);
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
