// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import dev.tacet.compiler.MalformedModelException;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * One node of an ONNX graph. An absent optional input or output is an empty name.
 *
 * <p>Attribute values are Long, Double, String, Tensor, long[], double[] or String[].
 */
public record OnnxNode(
    String name, String domain, String opType, List<String> inputs, List<String> outputs, Map<String, Object> attributes) {
  /** Makes the node; the collections are copied. */
  public OnnxNode {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = Collections.unmodifiableMap(new java.util.TreeMap<>(attributes));
  }

  /** Returns the operator with its domain, unless that is the default one: "Gemm", "ai.onnx.ml.Scaler". */
  public String qualifiedType() {
    return domain.isEmpty() ? opType : domain + "." + opType;
  }

  /** Returns the node's name, or that of its first output where it has none. */
  public String label() {
    if (!name.isEmpty()) {
      return name;
    }
    return outputs.isEmpty() ? "(unnamed)" : outputs.get(0);
  }

  /** Returns whether the optional input is given. */
  public boolean hasInput(int index) {
    return index < inputs.size() && !inputs.get(index).isEmpty();
  }

  /** Returns whether the attribute is given. */
  public boolean has(String attribute) {
    return attributes.containsKey(attribute);
  }

  /** Returns an integer attribute, or the fallback where it is not given. */
  public long integer(String attribute, long fallback) {
    return get(attribute, Long.class, fallback);
  }

  /** Returns a float attribute, or the fallback where it is not given. */
  public double real(String attribute, double fallback) {
    return get(attribute, Double.class, fallback);
  }

  /** Returns a text attribute, or the fallback where it is not given. */
  public String text(String attribute, String fallback) {
    return get(attribute, String.class, fallback);
  }

  /** Returns a list of integers, or null where it is not given. */
  public long[] integers(String attribute) {
    return get(attribute, long[].class, null);
  }

  /** Returns a list of floats, or null where it is not given. */
  public double[] reals(String attribute) {
    return get(attribute, double[].class, null);
  }

  /** Returns a list of texts, or null where it is not given. */
  public String[] texts(String attribute) {
    return get(attribute, String[].class, null);
  }

  /** Returns a tensor attribute, or null where it is not given. */
  public Tensor tensor(String attribute) {
    return get(attribute, Tensor.class, null);
  }

  private <T> T get(String attribute, Class<T> type, T fallback) {
    Object value = attributes.get(attribute);
    if (value == null) {
      return fallback;
    }
    if (!type.isInstance(value)) {
      throw new MalformedModelException("node " + label() + " (" + qualifiedType() + "): attribute " + attribute
          + " is a " + value.getClass().getSimpleName() + ", needs a " + type.getSimpleName());
    }
    return type.cast(value);
  }
}
