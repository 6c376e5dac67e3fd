// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which axis of each value counts channels: elements of one channel come from the same weights, at several places, and what one of them
 * takes in some rows the others may take in further rows. Of convolutions that is axis 1, behind the batch; of dense layers along the last
 * axis it is the last one; other nodes keep it or move it.
 */
final class ChannelAxes {
  private final Map<String, Integer> axes = new HashMap<>();

  /** Notes the channels of what a node made, and tells them to the roots that it made. */
  void made(OnnxNode node, List<Symbol> inputs, List<Symbol> outputs) {
    for (int o = 0; o < Math.min(outputs.size(), node.outputs().size()); o++) {
      if (outputs.get(o) instanceof Symbol.Hidden hidden) {
        int axis = of(node, inputs, hidden.shape());
        axes.put(node.outputs().get(o), axis);
        if (Arrays.equals(hidden.shape(), hidden.root().shape())) {
          hidden.root().setChannelAxis(axis);
        }
      }
    }
  }

  private int of(OnnxNode node, List<Symbol> inputs, int[] result) {
    switch (node.opType()) {
      case "Conv", "AveragePool", "GlobalAveragePool", "BatchNormalization", "DepthToSpace", "SpaceToDepth" -> {
        return 1;
      }
      case "Gemm" -> {
        return result.length - 1;
      }
      case "MatMul" -> {
        return result.length - (inputs.get(0) instanceof Symbol.Known ? Math.min(2, result.length) : 1);
      }
      default -> { }
    }
    for (int i = 0; i < inputs.size(); i++) {
      Integer axis = axes.get(node.inputs().get(i));
      if (axis != null && inputs.get(i) instanceof Symbol.Hidden) {
        return Math.max(0, Math.min(moved(node, inputs.get(i).shape(), axis, result), result.length - 1));
      }
    }
    return Math.min(1, Math.max(0, result.length - 1));
  }

  private static int moved(OnnxNode node, int[] shape, int axis, int[] result) {
    if (node.opType().equals("Transpose")) {
      long[] order = node.integers("perm");
      for (int i = 0; i < result.length; i++) {
        if ((order == null ? shape.length - 1 - i : order[i]) == axis) {
          return i;
        }
      }
    }
    if (shape.length == result.length && !node.opType().equals("Reshape")) {
      return axis;
    }
    int outer = Shapes.size(Arrays.copyOf(shape, axis));
    for (int i = result.length - 1; i >= 0; i--) {  // as a Reshape, or a Squeeze, leaves it where it was among the elements
      if (result[i] == shape[axis] && Shapes.size(Arrays.copyOf(result, i)) == outer) {
        return i;
      }
    }
    return 1;
  }
}
