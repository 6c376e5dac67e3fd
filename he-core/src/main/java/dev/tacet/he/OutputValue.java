// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One named output of a model for one row, as onnxruntime would return it without the batch dimension. */
public sealed interface OutputValue
    permits OutputValue.Numbers, OutputValue.Integers, OutputValue.Strings, OutputValue.StringMap, OutputValue.IntegerMap {

  /**
   * A tensor of floating point numbers, row major.
   *
   * @param values the numbers
   */
  record Numbers(double[] values) implements OutputValue {
    /** Copies. */
    public Numbers {
      values = values.clone();
    }

    @Override
    public double[] values() {
      return values.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Numbers n && Arrays.equals(values, n.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return Arrays.toString(values);
    }
  }

  /**
   * A tensor of 64-bit integers: labels or indices.
   *
   * @param values the integers
   */
  record Integers(long[] values) implements OutputValue {
    /** Copies. */
    public Integers {
      values = values.clone();
    }

    @Override
    public long[] values() {
      return values.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Integers n && Arrays.equals(values, n.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return Arrays.toString(values);
    }
  }

  /**
   * A tensor of strings: labels.
   *
   * @param values the strings
   */
  record Strings(List<String> values) implements OutputValue {
    /** Copies. */
    public Strings {
      values = List.copyOf(values);
    }
  }

  /**
   * A number for each class name (ZipMap).
   *
   * @param values in the order of the classes
   */
  record StringMap(Map<String, Double> values) implements OutputValue {
    /** Copies, keeping the order. */
    public StringMap {
      values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }
  }

  /**
   * A number for each class number (ZipMap).
   *
   * @param values in the order of the classes
   */
  record IntegerMap(Map<Long, Double> values) implements OutputValue {
    /** Copies, keeping the order. */
    public IntegerMap {
      values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }
  }

  /** Returns the numbers of this output: values of a tensor or a map, integers as doubles, none for strings. */
  default double[] toNumbers() {
    if (this instanceof Numbers n) {
      return n.values();
    }
    if (this instanceof Integers i) {
      return Arrays.stream(i.values).asDoubleStream().toArray();
    }
    if (this instanceof StringMap m) {
      return m.values.values().stream().mapToDouble(Double::doubleValue).toArray();
    }
    if (this instanceof IntegerMap m) {
      return m.values.values().stream().mapToDouble(Double::doubleValue).toArray();
    }
    return new double[0];
  }
}
