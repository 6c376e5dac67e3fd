// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.he.OutputValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Outputs of the SDK in the writing of tables and files: Double, Long or String. */
public final class Answers {
  private Answers() {}

  /** All outputs of one row; the numbers of a map in the order of their keys, as onnxruntime gives them. */
  public static Map<String, List<Object>> row(Map<String, OutputValue> outputs) {
    Map<String, List<Object>> row = new LinkedHashMap<>();
    outputs.forEach((name, value) -> row.put(name, values(value)));
    return row;
  }

  /** The outputs of a row without an answer: a null in the place of everything that {@code shape} has. */
  static Map<String, List<Object>> none(Map<String, List<Object>> shape) {
    Map<String, List<Object>> row = new LinkedHashMap<>();
    shape.forEach((name, values) -> row.put(name, Collections.nCopies(values.size(), null)));
    return row;
  }

  private static List<Object> values(OutputValue value) {
    List<Object> values = new ArrayList<>();
    if (value instanceof OutputValue.Integers integers) {
      for (long label : integers.values()) {
        values.add(label);
      }
    } else if (value instanceof OutputValue.Strings strings) {
      values.addAll(strings.values());
    } else if (value instanceof OutputValue.StringMap map) {
      values.addAll(new TreeMap<>(map.values()).values());
    } else if (value instanceof OutputValue.IntegerMap map) {
      values.addAll(new TreeMap<>(map.values()).values());
    } else {
      for (double number : value.toNumbers()) {
        values.add(number);
      }
    }
    return values;
  }
}
