// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a signature says of features beside their bounds: how the columns of a row are called, so that a row by names gets into the
 * model's order, and which inputs take whole numbers alone.
 *
 * @param names one name per feature over all inputs, distinct and not blank; empty if they have none
 * @param wholeInputs indexes of the inputs whose type is an integer, ascending
 */
public record FeatureTable(List<String> names, List<Integer> wholeInputs) {
  /** No names, and inputs of real numbers. */
  public static final FeatureTable NONE = new FeatureTable(List.of(), List.of());

  /** The most characters of a name. */
  public static final int MAX_NAME = 255;

  private static final int NAMES_SHOWN = 5;

  /**
   * Validates.
   *
   * @throws IllegalArgumentException if a name is blank, too long or occurs twice, or the indexes do not ascend
   */
  public FeatureTable {
    names = List.copyOf(names);
    wholeInputs = List.copyOf(wholeInputs);
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      Signature.require(
          !name.isBlank() && name.length() <= MAX_NAME && seen.add(name), "feature name %d is blank, occurs twice or has %d characters, at"
              + " most %d", seen.size(), name.length(), MAX_NAME);
    }
    for (int i = 0; i < wholeInputs.size(); i++) {
      Signature.require(
          wholeInputs.get(i) >= 0 && (i == 0 || wholeInputs.get(i) > wholeInputs.get(i - 1)), "input indexes %s do not ascend", wholeInputs);
    }
  }

  /** Whether names may be those of a table's features: distinct, not blank and not too long. */
  public static boolean areNames(List<String> names) {
    return names.stream().noneMatch(name -> name.isBlank() || name.length() > MAX_NAME) && new HashSet<>(names).size() == names.size();
  }

  /**
   * Returns the table of features that are called by their inputs: a single feature like its input, others with their index behind a
   * dot, as in {@code image.0}. A single input's features have no names.
   *
   * @param inputs names of the inputs
   * @param sizes features of each
   */
  public static FeatureTable ofInputs(List<String> inputs, List<Integer> sizes) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < inputs.size() && inputs.size() > 1; i++) {
      names.addAll(ofInput(inputs.get(i), sizes.get(i)));
    }
    return areNames(names) ? new FeatureTable(names, List.of()) : NONE;
  }

  /** Returns what the features of one of several inputs are called. */
  public static List<String> ofInput(String name, int features) {
    return features == 1 ? List.of(name) : IntStream.range(0, features).mapToObj(f -> element(name, f)).toList();
  }

  /** Returns the name of one of several numbers that share a name. */
  public static String element(String name, int index) {
    return name + "." + index;
  }

  void requireMatches(List<SignatureInput> inputs, int features) {
    Signature.require(names.isEmpty() || names.size() == features, "%d feature names for %d features", names.size(), features);
    Signature.require(
        wholeInputs.isEmpty() || wholeInputs.get(wholeInputs.size() - 1) < inputs.size(), "input %d of %d takes whole numbers",
        wholeInputs.isEmpty() ? 0 : wholeInputs.get(wholeInputs.size() - 1), inputs.size());
  }

  /**
   * Finds the columns of rows whose columns have names. Names are compared without blanks around them and, unless two differ in it alone,
   * without their case and
   * in whatever way their letters are composed (Unicode's NFC and NFD).
   *
   * @param columns what the rows call their columns, as many as there are features
   * @param byName whether the names are all that says which number is which, as in a JSON object; else other names than the features'
   *     may stand in the model's order, as in the header of a table
   * @return for each feature the column that holds it
   * @throws IllegalArgumentException with the names, if the columns are other features, or no order of them is certain
   */
  public int[] columns(List<String> columns, boolean byName) {
    boolean anyCase = areDistinctInAnyCase(names) && areDistinctInAnyCase(columns);
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      places.put(compared(columns.get(i), anyCase), i);
    }
    int[] order = new int[columns.size()];
    boolean all = names.size() == columns.size() && places.size() == columns.size();
    boolean moved = false;
    for (int f = 0; f < order.length; f++) {
      Integer place = f < names.size() ? places.get(compared(names.get(f), anyCase)) : null;
      all &= place != null;
      moved |= place != null && place != f;
      order[f] = place == null ? f : place;
    }
    Signature.require(
        all || !moved && (!byName || columns.size() == 1), "the columns are %s, the model's features are %s", shown(columns),
        names.isEmpty() ? "without names" : shown(names));
    return order;
  }

  /** Returns the row whose number f is that of column {@code columns[f]}. */
  public static double[] ordered(double[] row, int[] columns) {
    return Arrays.stream(columns).mapToDouble(column -> row[column]).toArray();
  }

  private static boolean areDistinctInAnyCase(List<String> names) {
    return names.stream().map(name -> compared(name, true)).distinct().count() == names.size();
  }

  private static String compared(String name, boolean anyCase) {
    return anyCase ? Normalizer.normalize(name.strip(), Normalizer.Form.NFC).toLowerCase(Locale.ROOT) : name.strip();
  }

  private static String shown(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size()))) + (names.size() > NAMES_SHOWN ? ", ..." : "");
  }

  void writeTo(BoundedWriter out) {
    out.u32(names.size());
    names.forEach(out::string);
    out.u16(wholeInputs.size());
    wholeInputs.forEach(out::u16);
  }

  static FeatureTable readFrom(BoundedReader in) {
    long count = in.u32("feature names");
    in.needItems("feature names", count, 3);
    List<String> names = new ArrayList<>((int) count);
    for (int i = 0; i < count; i++) {
      names.add(in.string("feature name"));
    }
    int wholes = in.u16("inputs of whole numbers");
    in.needItems("inputs of whole numbers", wholes, 2);
    List<Integer> wholeInputs = new ArrayList<>(wholes);
    for (int i = 0; i < wholes; i++) {
      wholeInputs.add(in.u16("input of whole numbers"));
    }
    FeatureTable table = new FeatureTable(names, wholeInputs);
    if (table.equals(NONE)) {
      throw in.malformed("a table of features without a name or an input of whole numbers is not written");
    }
    return table;
  }

  /** Fails at a number that is not whole where an input takes whole numbers alone. */
  void requireWhole(List<SignatureInput> inputs, double[] row) {
    int start = 0;
    for (int i = 0; i < inputs.size(); i++) {
      SignatureInput input = inputs.get(i);
      for (int f = start; wholeInputs.contains(i) && f < start + input.features(); f++) {
        if (row[f] != Math.rint(row[f])) {
          throw new FeatureOutOfBoundsException(
              "input " + input.name() + ": feature " + (f - start) + " is no whole number, and the model takes integers there", f - start);
        }
      }
      start += input.features();
    }
  }
}
