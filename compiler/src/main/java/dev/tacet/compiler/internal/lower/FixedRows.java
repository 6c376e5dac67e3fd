// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A model that is exported for a fixed number of rows has shapes and constants whose first dimension counts them. The graph is executed
 * for one row, of which each is; what would mix rows, or take their axis from the first place, is refused. Numbers that the graph computes
 * from the shape of a value are of one row already.
 */
final class FixedRows {
  private static final Set<String> WITH_CONSTANTS = Set.of("Where", "Concat", "Mean", "MatMul");
  private static final Set<String> OF_PARTS = Set.of("Slice", "Pad", "Tile");
  private static final String EXPORT = "export the model with a dynamic batch dimension";

  private final int rows;
  private final long opset;
  private final Set<String> ofShapes = new HashSet<>();

  FixedRows(OnnxGraph graph) {
    rows = graph.fixedRows();
    opset = graph.opset("");
  }

  /** Notes what a node makes of the shape of a value that is not constant. */
  void made(OnnxNode node, List<Symbol> inputs) {
    boolean shape = (node.opType().equals("Shape") || node.opType().equals("Size")) && inputs.get(0) != null
        && !(inputs.get(0) instanceof Symbol.Known);
    if (shape || node.inputs().stream().anyMatch(ofShapes::contains) && inputs.stream().allMatch(x -> x == null || x instanceof Symbol.Known)) {
      ofShapes.addAll(node.outputs());
    }
  }

  /** Returns whether a node takes numbers that the graph computes from the shape of a value. */
  boolean isOfShapes(OnnxNode node) {
    return node.inputs().stream().anyMatch(ofShapes::contains);
  }

  /**
   * Returns a node's inputs for one row.
   *
   * @throws Refusal if it mixes rows, or its constants differ from row to row
   */
  List<Symbol> inputs(OnnxNode node, List<Symbol> inputs) {
    if (rows == 1 || inputs.isEmpty() || inputs.stream().allMatch(x -> x == null || x instanceof Symbol.Known)) {
      return inputs;
    }
    if (inputs.get(0) != null && !(inputs.get(0) instanceof Symbol.Known) && inputs.get(0).shape().length > 1) {
      requireRowsApart(node, inputs);
    }
    if (node.opType().equals("Reshape") || node.opType().equals("Expand")) {
      return withTarget(node, inputs);
    }
    int rank = inputs.stream().filter(x -> x != null && !(x instanceof Symbol.Known) && x.shape().length > 1 && x.shape()[0] == 1)
        .mapToInt(x -> x.shape().length).max().orElse(0);
    boolean gemm = node.opType().equals("Gemm");
    if (rank == 0 || !gemm && !WITH_CONSTANTS.contains(node.opType()) && !BinaryOps.FUNCTIONS.containsKey(node.opType())) {
      return inputs;
    }
    List<Symbol> result = new ArrayList<>(inputs);
    for (int i = gemm ? 2 : 0; i < result.size(); i++) {
      boolean layers = node.opType().equals("MatMul") && rank == 2;
      if (result.get(i) instanceof Symbol.Known known && !layers && known.shape().length == rank && known.shape()[0] == rows) {
        result.set(i, new Symbol.Known(one(known.tensor(), node.inputs().get(i))));
      }
    }
    return result;
  }

  private void requireRowsApart(OnnxNode node, List<Symbol> inputs) {
    int[] shape = inputs.get(0).shape();
    int rank = shape.length;
    String type = node.opType();
    long[] axes = NodeAxes.numbers(node, inputs, "axes", 1);
    boolean first = axes != null && NodeAxes.contain(axes, 0, rank);
    boolean mixes = switch (type) {
      case "Transpose" -> {
        long[] order = node.integers("perm");
        yield order == null || order.length > 0 && order[0] != 0;
      }
      case "Flatten" -> node.integer("axis", 1) == 0 || node.integer("axis", 1) == -rank;
      case "Unsqueeze" -> axes != null && Arrays.stream(axes).anyMatch(axis -> axis == 0 || axis == -rank - axes.length);
      case "Gemm" -> node.integer("transA", 0) != 0;
      default -> type.startsWith("Reduce") ? axes == null || axes.length == 0 || first
          : OF_PARTS.contains(type) ? shape[0] > 1 // else the operator refuses the batch itself
          : NodeAxes.ALONG_ONE.contains(type) && NodeAxes.contain(new long[] {NodeAxes.along(node, opset)}, 0, rank);
    };
    if (mixes) {
      throw new Refusal("it works along the first axis, or moves it, which counts the " + rows + " rows that the model was exported for", EXPORT);
    }
  }

  private List<Symbol> withTarget(OnnxNode node, List<Symbol> inputs) {
    if (inputs.size() < 2 || !(inputs.get(1) instanceof Symbol.Known known) || inputs.get(0) instanceof Symbol.Known
        || ofShapes.contains(node.inputs().get(1))) {
      return inputs;
    }
    long[] target = known.tensor().wholes();
    boolean expands = node.opType().equals("Expand");
    int rank = inputs.get(0).shape().length;
    if (expands && target.length > rank) {
      throw new Refusal("it puts an axis before the " + rows + " rows that the model was exported for", EXPORT);
    }
    if (target.length == 0 || expands && target.length < rank || target[0] < 1 || expands && target[0] == 1) {
      return inputs;
    }
    if (target[0] % rows != 0 || expands && target[0] != rows) {
      throw new Refusal("it makes " + target[0] + " of the " + rows + " rows that the model was exported for, which mixes them",
          "keep the batch as the first dimension, or " + EXPORT);
    }
    target[0] /= rows;
    double[] ofOne = Arrays.stream(target).asDoubleStream().toArray();
    return List.of(inputs.get(0), new Symbol.Known(Tensor.of(known.tensor().type(), new int[] {ofOne.length}, ofOne)));
  }

  private static Tensor one(Tensor tensor, String name) {
    int[] shape = tensor.shape().clone();
    int size = Shapes.size(shape) / shape[0];
    for (int i = size; i < tensor.size(); i++) {
      boolean same = tensor.isText() ? tensor.texts()[i].equals(tensor.texts()[i % size]) : tensor.number(i) == tensor.number(i % size);
      if (!same) {
        throw new Refusal("its constant " + name + " of shape " + Arrays.toString(shape) + " differs from row to row of the " + shape[0]
            + " that the model was exported for", "make it the same for all rows, and " + EXPORT);
      }
    }
    shape[0] = 1;
    return tensor.isText() ? Tensor.ofTexts(shape, Arrays.copyOf(tensor.texts(), size))
        : Tensor.of(tensor.type(), shape, Arrays.copyOf(tensor.numbers(), size));
  }
}
