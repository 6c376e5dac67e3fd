// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Operators that take some of a tensor's elements: Slice, Split, Gather, ArrayFeatureExtractor. */
final class SliceOps {
  private SliceOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("Slice", SliceOps::slice);
    handlers.put("Split", SliceOps::split);
    handlers.put("Gather", call -> gather(call, call.node().integer("axis", 0)));
    handlers.put("ai.onnx.ml.ArrayFeatureExtractor", call -> gather(call, -1));
  }

  private static List<Symbol> slice(Handler.Call call) {
    Symbol x = call.required(0);
    int[] shape = x.shape();
    double[] starts = numbers(call, 1, "starts");
    double[] ends = numbers(call, 2, "ends");
    double[] axes = numbers(call, 3, "axes");
    double[] steps = numbers(call, 4, "steps");
    int[] strides = Shapes.strides(shape);
    int[] newShape = shape.clone();
    int[] newStrides = strides.clone();
    int offset = 0;
    if (starts == null || ends == null) {
      throw new Refusal("it has no starts or no ends", "give both");
    }
    requireEqual("starts", starts.length, "ends", ends.length);
    requireEqual("starts", starts.length, "axes", axes == null ? starts.length : axes.length);
    requireEqual("starts", starts.length, "steps", steps == null ? starts.length : steps.length);
    boolean[] sliced = new boolean[shape.length];
    for (int i = 0; i < starts.length; i++) {
      int axis = axes == null ? i : Shapes.axis((long) axes[i], shape.length);
      if (sliced[axis]) {
        throw new Refusal("it names axis " + axis + " twice", "slice an axis once, or in two nodes");
      }
      sliced[axis] = true;
      long step = steps == null ? 1 : (long) steps[i];
      if (step == 0) {
        throw new Refusal("it slices with step 0", "use a step that is not 0");
      }
      int size = shape[axis];
      double start = starts[i] < 0 ? starts[i] + size : starts[i];
      double end = ends[i] < 0 ? ends[i] + size : ends[i];
      double first = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
      double last = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
      int count = (int) Math.max(0, Math.ceil((last - first) / step));
      if (axis == 0 && shape.length > 1 && shape[0] == 1 && count != size) {
        throw new Refusal("it slices the batch", "slice the features");
      }
      newShape[axis] = count;
      newStrides[axis] = (int) (strides[axis] * step);
      offset += (int) first * strides[axis];
    }
    return List.of(call.scope().select(x, Shapes.indexes(newShape, newStrides, offset), newShape, call.node().label()));
  }

  private static void requireEqual(String one, int count, String other, int otherCount) {
    if (count != otherCount) {
      throw new Refusal("it has " + count + " " + one + " and " + otherCount + " " + other, "give as many of each");
    }
  }

  private static double clamp(double value, double low, double high) {
    return Math.max(low, Math.min(high, value));
  }

  private static double[] numbers(Handler.Call call, int input, String attribute) {
    long[] given = call.node().integers(attribute);
    if (given != null) {
      return Arrays.stream(given).asDoubleStream().toArray();
    }
    Tensor tensor = call.constant(input);
    return tensor == null ? null : tensor.numbers();
  }

  private static List<Symbol> split(Handler.Call call) {
    Symbol x = call.required(0);
    int[] shape = x.shape();
    int axis = Shapes.axis(call.node().integer("axis", 0), shape.length);
    double[] sizes = numbers(call, 1, "split");
    int parts = sizes != null ? sizes.length : call.node().outputs().size();
    int chunk = (shape[axis] + parts - 1) / parts;
    int[] strides = Shapes.strides(shape);
    List<Symbol> results = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < parts; i++) {
      int[] part = shape.clone();
      part[axis] = sizes != null ? (int) sizes[i] : Math.min(chunk, shape[axis] - start);
      if (part[axis] < 0 || start + part[axis] > shape[axis] || axis == 0 && shape.length > 1 && shape[0] == 1) {
        throw new Refusal("it splits axis " + axis + " of size " + shape[axis] + " at " + start + " + " + part[axis],
            "split the features into parts that fit");
      }
      int[] indexes = Shapes.indexes(part, strides, start * strides[axis]);
      results.add(call.scope().select(x, indexes, part, call.node().label()));
      start += part[axis];
    }
    if (start != shape[axis]) {
      throw new Refusal("its parts of axis " + axis + " are together " + start + " long, the axis " + shape[axis],
          "split the features into parts that fit");
    }
    return results;
  }

  private static List<Symbol> gather(Handler.Call call, long axisAttribute) {
    Symbol x = call.required(0);
    if (call.required(1) instanceof Symbol.Index || call.required(1) instanceof Symbol.Clear) {
      return List.of(TailLabels.lookup(call));
    }
    Tensor positions = call.constant(1);
    int[] shape = x.shape();
    int axis = Shapes.axis(axisAttribute, shape.length);
    if (axis == 0 && shape.length > 1 && shape[0] == 1 && !(x instanceof Symbol.Known)) {
      throw new Refusal("it gathers along axis 0, the batch", "gather along an axis of the features");
    }
    int inner = Shapes.size(Arrays.copyOfRange(shape, axis + 1, shape.length));
    int outer = Shapes.size(Arrays.copyOf(shape, axis));
    int[] wanted = positions.integers();
    boolean extractor = call.node().opType().equals("ArrayFeatureExtractor");
    int[] middle = extractor ? new int[] {wanted.length} : positions.shape();
    long[] asked = LongStream.concat(LongStream.concat(Arrays.stream(shape, 0, axis).asLongStream(), Arrays.stream(middle).asLongStream()),
        Arrays.stream(shape, axis + 1, shape.length).asLongStream()).toArray();
    int[] result = Scope.modest(asked);
    int[] indexes = new int[Shapes.size(result)];
    int at = 0;
    for (int o = 0; o < outer; o++) {
      for (int position : wanted) {
        int p = position < 0 ? position + shape[axis] : position;
        if (p < 0 || p >= shape[axis]) {
          throw new Refusal("it gathers index " + position + " of " + shape[axis], "use an index inside the axis");
        }
        for (int i = 0; i < inner; i++) {
          indexes[at++] = (o * shape[axis] + p) * inner + i;
        }
      }
    }
    return List.of(call.scope().select(x, indexes, result, call.node().label()));
  }
}
