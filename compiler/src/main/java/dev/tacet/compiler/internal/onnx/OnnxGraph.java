// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checked ONNX model: nodes in topological order, constants by name, and the graph's inputs and outputs.
 *
 * @param tooLarge why constants are not there that have more elements than are read, by name
 * @param shapes the dimensions that the file declares of values between nodes, -1 where one is not fixed; not checked
 * @param producer what exported the model, for the provenance
 * @param opsets the operator set version of each domain; the default domain is the empty string
 */
public record OnnxGraph(
    String producer,
    Map<String, Long> opsets,
    List<Value> inputs,
    List<Value> outputs,
    Map<String, Tensor> constants,
    Map<String, String> tooLarge,
    Map<String, List<Integer>> shapes,
    List<OnnxNode> nodes) {
  /**
   * An input or output of the graph.
   *
   * @param type the element type; null where the value is not a tensor (the sequence of maps of a ZipMap)
   * @param dimensions sizes, -1 where one is not fixed; 0 as the file says it, of the batch or in error; empty where unknown
   */
  public record Value(String name, DataType type, List<Integer> dimensions) {
    /** Makes the value; the dimensions are copied. */
    public Value {
      dimensions = List.copyOf(dimensions);
    }
  }

  /** Makes the graph; the collections are copied. */
  public OnnxGraph {
    opsets = Collections.unmodifiableMap(new LinkedHashMap<>(opsets));
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
    tooLarge = Collections.unmodifiableMap(new LinkedHashMap<>(tooLarge));
    shapes = Map.copyOf(shapes);
    nodes = List.copyOf(nodes);
  }

  /** Returns how many rows the model was exported for where it fixes more than one; 1 where it leaves them open. */
  public int fixedRows() {
    return inputs.stream().filter(input -> input.dimensions().size() > 1).mapToInt(input -> input.dimensions().get(0))
        .filter(rows -> rows > 1).findFirst().orElse(1);
  }

  /** Returns the operator set version of a domain; 1 where the model does not import it. */
  public long opset(String domain) {
    return opsets.getOrDefault(domain, 1L);
  }
}
