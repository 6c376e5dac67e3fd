// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import java.util.Arrays;

/** Arithmetic on shapes of row-major tensors. */
public final class Shapes {
  /** The most elements of any tensor, 2^26. */
  public static final int MAX_ELEMENTS = 1 << 26;

  private Shapes() {}

  /**
   * Returns the number of elements.
   *
   * @throws IllegalArgumentException if a dimension is negative or there are more than {@link #MAX_ELEMENTS}
   */
  public static int size(int[] shape) {
    long size = 1;
    for (int dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " has a negative dimension");
      }
      size *= dimension;
      if (size > MAX_ELEMENTS) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(shape) + " has more than " + MAX_ELEMENTS + " elements");
      }
    }
    return (int) size;
  }

  /**
   * Returns the shape that two shapes broadcast to, by the rules of ONNX (NumPy's).
   *
   * @throws IllegalArgumentException if they do not broadcast
   */
  public static int[] broadcast(int[] left, int[] right) {
    int rank = Math.max(left.length, right.length);
    int[] result = new int[rank];
    for (int i = 0; i < rank; i++) {
      int a = i < rank - left.length ? 1 : left[i - rank + left.length];
      int b = i < rank - right.length ? 1 : right[i - rank + right.length];
      if (a != b && a != 1 && b != 1) {
        throw new IllegalArgumentException(
            "shapes " + Arrays.toString(left) + " and " + Arrays.toString(right) + " do not broadcast");
      }
      result[i] = a == 1 ? b : a;
    }
    return result;
  }

  /** Returns whether a shape broadcasts to another as it is. */
  public static boolean spreads(int[] source, int[] target) {
    int more = target.length - source.length;
    for (int i = 0; more >= 0 && i < source.length; i++) {
      if (source[i] != 1 && source[i] != target[more + i]) {
        return false;
      }
    }
    return more >= 0;
  }

  /**
   * Returns, for each element of the broadcast shape, the index of the element of the source that it comes from.
   *
   * @param source a shape that broadcasts to target
   * @param target the broadcast shape
   */
  public static int[] broadcastIndex(int[] source, int[] target) {
    int[] strides = new int[target.length];
    int stride = 1;
    for (int i = target.length - 1; i >= 0; i--) {
      int j = i - target.length + source.length;
      if (j >= 0) {
        strides[i] = source[j] == 1 ? 0 : stride;
        stride *= source[j];
      }
    }
    return indexes(target, strides, 0);
  }

  /**
   * Returns the source index of each element of a strided view.
   *
   * @param shape the view's shape
   * @param strides the view's stride in each dimension, in elements
   * @param offset the index of the view's first element
   */
  public static int[] indexes(int[] shape, int[] strides, int offset) {
    int[] result = new int[size(shape)];
    int[] position = new int[shape.length];
    int index = offset;
    for (int i = 0; i < result.length; i++) {
      result[i] = index;
      for (int d = shape.length - 1; d >= 0; d--) {
        index += strides[d];
        if (++position[d] < shape[d]) {
          break;
        }
        index -= strides[d] * shape[d];
        position[d] = 0;
      }
    }
    return result;
  }

  /** Returns the strides of a row-major tensor of this shape. */
  public static int[] strides(int[] shape) {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  /**
   * Brings an axis into 0..rank-1.
   *
   * @param axis an axis in -rank..rank-1
   * @throws IllegalArgumentException if it is outside
   */
  public static int axis(long axis, int rank) {
    if (axis < -rank || axis >= Math.max(rank, 1)) {
      throw new IllegalArgumentException("axis " + axis + " is outside a tensor of rank " + rank);
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }
}
