// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import java.util.Arrays;

/**
 * A window that slides over the spatial axes of a tensor [batch, channels, spatial...]: the geometry of convolutions and pools.
 *
 * @param input sizes of the spatial axes
 * @param kernel the window's cells in each axis
 * @param strides the step between windows in each axis
 * @param dilations the step between cells in each axis
 * @param begin padding before the first element of each axis
 * @param end padding behind the last element of each axis
 * @param output windows in each axis
 */
record Window(int[] input, int[] kernel, int[] strides, int[] dilations, int[] begin, int[] end, int[] output) {
  /** The largest stride, dilation or padding. */
  private static final long LARGEST = 1 << 16;

  /**
   * Reads the geometry of a node from its attributes.
   *
   * @param input sizes of the spatial axes
   * @param kernel the window's cells
   */
  static Window of(OnnxNode node, int[] input, int[] kernel) {
    int rank = input.length;
    int[] strides = attribute(node, "strides", rank, 1, 1);
    int[] dilations = attribute(node, "dilations", rank, 1, 1);
    int[] pads = attribute(node, "pads", 2 * rank, 0, 0);
    int[] begin = Arrays.copyOf(pads, rank);
    int[] end = Arrays.copyOfRange(pads, rank, 2 * rank);
    String auto = node.text("auto_pad", "NOTSET");
    boolean ceil = node.integer("ceil_mode", 0) != 0;
    int[] output = new int[rank];
    for (int i = 0; i < rank; i++) {
      if (kernel[i] < 1 || kernel[i] > LARGEST) {
        throw new Refusal("its window has " + kernel[i] + " cells in an axis", "use 1.." + LARGEST);
      }
      int reach = (kernel[i] - 1) * dilations[i] + 1;
      switch (auto) {
        case "NOTSET", "" -> output[i] = windows(input[i] + begin[i] + end[i] - reach, strides[i], ceil);
        case "VALID" -> {
          begin[i] = 0;
          end[i] = 0;
          output[i] = windows(input[i] - reach, strides[i], ceil);
        }
        case "SAME_UPPER", "SAME_LOWER" -> {
          output[i] = (input[i] + strides[i] - 1) / strides[i];
          int total = Math.max(0, (output[i] - 1) * strides[i] + reach - input[i]);
          begin[i] = auto.equals("SAME_UPPER") ? total / 2 : total - total / 2;
          end[i] = total - begin[i];
        }
        default -> throw new Refusal("auto_pad is " + auto, "use NOTSET, VALID, SAME_UPPER or SAME_LOWER");
      }
      if (ceil && auto.equals("NOTSET") && (output[i] - 1) * strides[i] >= input[i] + begin[i]) {
        output[i]--;
      }
      if (output[i] < 1) {
        throw new Refusal("a window of reach " + reach + " does not fit into axis " + i + " of size " + input[i] + " with padding "
            + begin[i] + " and " + end[i], "use a smaller window or more padding");
      }
    }
    return new Window(input, kernel, strides, dilations, begin, end, output);
  }

  private static int windows(int room, int stride, boolean ceil) {
    return room < 0 ? 0 : (ceil ? (room + stride - 1) / stride : room / stride) + 1;
  }

  private static int[] attribute(OnnxNode node, String name, int length, int fallback, int least) {
    long[] given = node.integers(name);
    int[] result = new int[length];
    Arrays.fill(result, fallback);
    if (given == null || given.length == 0) {
      return result;
    }
    if (given.length != length) {
      throw new Refusal(name + " has " + given.length + " values, needs " + length, "export the model again");
    }
    for (int i = 0; i < length; i++) {
      if (given[i] < least || given[i] > LARGEST) {
        throw new Refusal(name + " holds " + given[i] + ", needs " + least + ".." + LARGEST, "export the model again");
      }
      result[i] = (int) given[i];
    }
    return result;
  }

  /** Returns the number of windows. */
  int count() {
    return Shapes.size(output);
  }

  /** Returns the number of elements of the spatial axes. */
  int area() {
    return Shapes.size(input);
  }

  /**
   * The cells of one window that lie on elements, in their order.
   *
   * @param elements indexes among the elements of the spatial axes
   * @param cells indexes among the window's cells
   * @param padded cells that lie on elements or on padding
   */
  record Taps(int[] elements, int[] cells, int padded) {}

  /** Returns the taps of one window. */
  Taps taps(int window) {
    int rank = input.length;
    int cells = Shapes.size(kernel);
    int[] elements = new int[cells];
    int[] taps = new int[cells];
    int[] first = position(window, output);
    int count = 0;
    int padded = 0;
    for (int cell = 0; cell < cells; cell++) {
      int[] offset = position(cell, kernel);
      boolean inside = true;
      boolean known = true;
      int element = 0;
      for (int i = 0; i < rank; i++) {
        int at = first[i] * strides[i] - begin[i] + offset[i] * dilations[i];
        inside &= at >= 0 && at < input[i];
        known &= at < input[i] + end[i];
        element = element * input[i] + at;
      }
      padded += known ? 1 : 0;
      if (inside) {
        elements[count] = element;
        taps[count++] = cell;
      }
    }
    return new Taps(Arrays.copyOf(elements, count), Arrays.copyOf(taps, count), padded);
  }

  private static int[] position(int index, int[] shape) {
    int[] result = new int[shape.length];
    for (int i = shape.length - 1; i >= 0; i--) {
      result[i] = index % shape[i];
      index /= shape[i];
    }
    return result;
  }
}
