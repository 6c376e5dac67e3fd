// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What exporters write where a model is exported for a fixed number of rows: shapes and constants whose first dimension counts them.
 * The graph is executed for one row, of which each is.
 */
final class FixedRows {
  private static final Set<String> OTHERS = Set.of("Where", "Concat", "Mean", "MatMul");

  private FixedRows() {}

  /**
   * Returns the shape that a reshape or an expansion asks for, for one row.
   *
   * @param target may have -1 and 0 with their meanings; a 1 that was computed from a shape is of one row already
   */
  static int[] target(int rows, int[] target) {
    if (rows == 1 || target.length < 2 || target[0] <= 1) {
      return target;
    }
    if (target[0] % rows != 0) {
      throw new Refusal("it makes " + target[0] + " of the " + rows + " rows that the model was exported for, which mixes them",
          "keep the batch as the first dimension, or export the model with a dynamic batch dimension");
    }
    int[] result = target.clone();
    result[0] /= rows;
    return result;
  }

  /** Returns a node's inputs for one row: constants that have one part for each row are that part, if all are the same. */
  static List<Symbol> inputs(int rows, OnnxNode node, List<Symbol> inputs) {
    int rank = inputs.stream().filter(symbol -> symbol != null && !(symbol instanceof Symbol.Known) && symbol.shape().length > 1
        && symbol.shape()[0] == 1).mapToInt(symbol -> symbol.shape().length).max().orElse(0);
    boolean gemm = node.opType().equals("Gemm");
    if (rows == 1 || rank == 0 || !gemm && !OTHERS.contains(node.opType()) && !BinaryOps.FUNCTIONS.containsKey(node.opType())) {
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

  private static Tensor one(Tensor tensor, String name) {
    int[] shape = tensor.shape().clone();
    int size = Shapes.size(shape) / shape[0];
    for (int i = size; i < tensor.size(); i++) {
      boolean same = tensor.isText() ? tensor.texts()[i].equals(tensor.texts()[i % size]) : tensor.number(i) == tensor.number(i % size);
      if (!same) {
        throw new Refusal("its constant " + name + " of shape " + Arrays.toString(shape) + " differs from row to row of the " + shape[0]
            + " that the model was exported for", "make it the same for all rows, and export the model with a dynamic batch dimension");
      }
    }
    shape[0] = 1;
    return tensor.isText() ? Tensor.ofTexts(shape, Arrays.copyOf(tensor.texts(), size))
        : Tensor.of(tensor.type(), shape, Arrays.copyOf(tensor.numbers(), size));
  }
}
