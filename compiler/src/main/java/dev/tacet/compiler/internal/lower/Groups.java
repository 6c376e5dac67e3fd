// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Arrays;
import java.util.TreeSet;

/**
 * The groups of elements that an operator along axes works on.
 *
 * @param order the elements' indexes so that each group is consecutive
 * @param size elements in a group
 * @param reducedShape the shape when each group becomes one element
 */
record Groups(int[] order, int size, int[] reducedShape) {
  int count() {
    return size == 0 ? 0 : order.length / size;
  }

  /** Returns whether the elements lie so already. */
  boolean inOrder() {
    for (int i = 0; i < order.length; i++) {
      if (order[i] != i) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads the axes of a reduction, from an attribute or an input, and keepdims.
   *
   * @param axesInput the input that holds the axes in newer operator sets
   */
  static Groups of(Handler.Call call, String attribute, int axesInput) {
    OnnxNode node = call.node();
    long[] axes = node.integers(attribute);
    Tensor given = axesInput < node.inputs().size() ? call.constant(axesInput) : null;
    if (given != null) {
      axes = Arrays.stream(given.integers()).asLongStream().toArray();
    }
    if (axes == null || axes.length == 0) {
      axes = node.integer("noop_with_empty_axes", 0) != 0 ? new long[0] : null;
    }
    return along(call.required(0).shape(), axes, node.integer("keepdims", 1) != 0, call.required(0) instanceof Symbol.Known);
  }

  /**
   * Groups the elements along axes.
   *
   * @param axes null for all
   */
  static Groups along(int[] shape, long[] axes, boolean keep) {
    return along(shape, axes, keep, false);
  }

  private static Groups along(int[] shape, long[] axes, boolean keep, boolean constant) {
    TreeSet<Integer> reduced = new TreeSet<>();
    if (axes == null) {
      for (int i = 0; i < shape.length; i++) {
        reduced.add(i);
      }
    } else {
      for (long axis : axes) {
        reduced.add(Shapes.axis(axis, shape.length));
      }
    }
    if (!constant && reduced.contains(0) && shape.length > 1 && shape[0] == 1) {
      throw new Refusal("it works along axis 0, across the rows of a batch", "use an axis of the features");
    }
    int[] strides = Shapes.strides(shape);
    int[] outer = new int[shape.length];
    int[] view = new int[shape.length];
    int[] viewStrides = new int[shape.length];
    int at = 0;
    int size = 1;
    int[] keptShape = new int[shape.length];
    int kept = 0;
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < shape.length; i++) {
        if (reduced.contains(i) == (pass == 1)) {
          view[at] = shape[i];
          viewStrides[at++] = strides[i];
          size *= pass == 1 ? shape[i] : 1;
        }
      }
    }
    for (int i = 0; i < shape.length; i++) {
      outer[i] = reduced.contains(i) ? 1 : shape[i];
      if (!reduced.contains(i)) {
        keptShape[kept++] = shape[i];
      }
    }
    return new Groups(Shapes.indexes(view, viewStrides, 0), size, keep ? outer : Arrays.copyOf(keptShape, kept));
  }
}
