// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which axes of each value count channels: elements of one channel come from the same weights, at several places, and what one of them
 * takes in some rows the others may take in further rows. Of convolutions that is axis 1, behind the batch; of dense layers along the last
 * axis it is the last one; other nodes keep them, move them, or split them in two, as a shuffle of channels does.
 */
final class ChannelAxes {
  private final Map<String, int[]> axes = new HashMap<>();

  /** Notes the channels of what a node made, and tells them to the roots that it made. */
  void made(OnnxNode node, List<Symbol> inputs, List<Symbol> outputs) {
    for (int o = 0; o < Math.min(outputs.size(), node.outputs().size()); o++) {
      if (outputs.get(o) instanceof Symbol.Hidden hidden) {
        int[] found = of(node, inputs, hidden.shape());
        axes.put(node.outputs().get(o), found);
        if (Arrays.equals(hidden.shape(), hidden.root().shape())) {
          hidden.root().setChannelAxes(found);
        }
      }
    }
  }

  private int[] of(OnnxNode node, List<Symbol> inputs, int[] result) {
    switch (node.opType()) {
      case "Conv", "AveragePool", "GlobalAveragePool", "BatchNormalization", "DepthToSpace", "SpaceToDepth" -> {
        return new int[] {1};
      }
      case "Gemm" -> {
        return new int[] {result.length - 1};
      }
      case "MatMul" -> {
        return new int[] {result.length - (inputs.get(0) instanceof Symbol.Known ? Math.min(2, result.length) : 1)};
      }
      default -> { }
    }
    for (int i = 0; i < inputs.size(); i++) {
      int[] before = axes.get(node.inputs().get(i));
      if (before != null && inputs.get(i) instanceof Symbol.Hidden) {
        int[] moved = moved(node, inputs.get(i).shape(), before, result);
        if (moved.length > 0) {
          return moved;
        }
      }
    }
    return new int[] {Math.min(1, Math.max(0, result.length - 1))};
  }

  private static int[] moved(OnnxNode node, int[] shape, int[] before, int[] result) {
    if (node.opType().equals("Transpose")) {
      long[] order = node.integers("perm");
      return IntStream.range(0, result.length)
          .filter(i -> contains(before, (int) (order == null ? shape.length - 1 - i : Shapes.axis(order[i], shape.length)))).toArray();
    }
    if (shape.length == result.length && !node.opType().equals("Reshape")) {
      return before;
    }
    // Elements keep their order: an axis steps over channels if all its steps are of one, or of several that are side by side.
    int[] strides = Shapes.strides(result);
    return IntStream.range(0, result.length).filter(i -> result[i] > 1 && isWithin(strides[i], strides[i] * result[i], shape, before)).toArray();
  }

  /** Whether the steps from one distance of elements to another are steps of these axes. */
  private static boolean isWithin(int from, int to, int[] shape, int[] axes) {
    int[] strides = Shapes.strides(shape);
    int at = from;
    for (int i = axes.length - 1; i >= 0; i--) {
      if (strides[axes[i]] <= at && at < strides[axes[i]] * shape[axes[i]]) {
        at = strides[axes[i]] * shape[axes[i]];
      }
    }
    return at >= to;
  }

  private static boolean contains(int[] axes, int axis) {
    return Arrays.stream(axes).anyMatch(each -> each == axis);
  }
}
