// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.MatrixBuilder;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Pad: elements of the tensor, and a constant where the mode is constant. */
final class PadOps {
  private PadOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("Pad", PadOps::pad);
  }

  private static List<Symbol> pad(Handler.Call call) {
    OnnxNode node = call.node();
    Symbol x = call.required(0);
    int[] shape = x.shape();
    int rank = shape.length;
    int[] pads = pads(call, rank);
    Tensor value = call.constant(2);
    double fill = value != null && value.size() > 0 ? value.number(0) : node.real("value", 0);
    String mode = node.text("mode", "constant");
    int[] result = new int[rank];
    int[][] sources = new int[rank][];
    for (int i = 0; i < rank; i++) {
      result[i] = shape[i] + pads[i] + pads[rank + i];
      if (result[i] < 0) {
        throw new Refusal("it cuts " + -(pads[i] + pads[rank + i]) + " elements from axis " + i + " of size " + shape[i],
            "cut less");
      }
      if (i == 0 && rank > 1 && shape[0] == 1 && (pads[0] != 0 || pads[rank] != 0)) {
        throw new Refusal("it pads axis 0, the batch", "pad the features");
      }
      sources[i] = new int[result[i]];
      int first = Math.max(0, -pads[i]);
      int kept = Math.max(0, shape[i] - first - Math.max(0, -pads[rank + i]));
      int most = Math.max(pads[i], pads[rank + i]);
      if (mode.equals("reflect") && most > 0 && most >= kept) {
        throw new Refusal("it reflects " + most + " elements of axis " + i + ", of which it keeps " + kept, "reflect fewer than it keeps");
      }
      for (int j = 0; j < result[i]; j++) {
        int source = source(mode, j - Math.max(0, pads[i]), kept);
        sources[i][j] = source < 0 ? -1 : first + source;
      }
    }
    return List.of(chosen(call, x, indexes(sources, shape, result), result, fill));
  }

  private static int[] pads(Handler.Call call, int rank) {
    long[] attribute = call.node().has("pads") ? call.node().integers("pads") : call.node().integers("paddings");
    long[] given = attribute != null ? attribute : call.requiredConstant(1).wholes();
    Tensor axesInput = call.constant(3);
    int[] axes = new int[rank];
    Arrays.setAll(axes, i -> i);
    if (axesInput != null) {
      axes = Arrays.stream(axesInput.integers()).map(axis -> Shapes.axis(axis, rank)).toArray();
    }
    if (given.length != 2 * axes.length) {
      throw new Refusal("pads has " + given.length + " values for " + axes.length + " axes", "give two for each axis");
    }
    int[] pads = new int[2 * rank];
    boolean[] padded = new boolean[rank];
    for (int i = 0; i < axes.length; i++) {
      long before = given[i];
      long after = given[axes.length + i];
      if (Math.abs((double) before) + Math.abs((double) after) > Shapes.MAX_ELEMENTS) {
        throw new Refusal("it pads axis " + axes[i] + " by " + before + " and " + after + ", by more than " + Shapes.MAX_ELEMENTS + " elements", "pad less");
      }
      if (padded[axes[i]]) {
        throw new Refusal("it names axis " + axes[i] + " twice", "pad an axis once, or in two nodes");
      }
      padded[axes[i]] = true;
      pads[axes[i]] = (int) before;
      pads[rank + axes[i]] = (int) after;
    }
    return pads;
  }

  /** Which of the elements that were kept, where pads are negative, a place takes; -1 for the constant. */
  private static int source(String mode, int at, int size) {
    if (at >= 0 && at < size) {
      return at;
    }
    if (size == 0 && !mode.equals("constant")) {
      throw new Refusal("it continues an axis of which it keeps nothing", "pad with a constant");
    }
    return switch (mode) {
      case "constant" -> -1;
      case "edge" -> at < 0 ? 0 : size - 1;
      case "wrap" -> Math.floorMod(at, size);
      case "reflect" -> at < 0 ? -at : 2 * (size - 1) - at;
      default -> throw new Refusal("its mode is " + mode, "use constant, reflect, edge or wrap");
    };
  }

  private static int[] indexes(int[][] sources, int[] shape, int[] result) {
    int[] strides = Shapes.strides(shape);
    int[] indexes = new int[Shapes.size(result)];
    int[] position = new int[result.length];
    for (int at = 0; at < indexes.length; at++) {
      int index = 0;
      for (int i = 0; i < result.length; i++) {
        int source = sources[i][position[i]];
        index = index < 0 || source < 0 ? -1 : index + source * strides[i];
      }
      indexes[at] = index;
      for (int i = result.length - 1; i >= 0 && ++position[i] == result[i]; i--) {
        position[i] = 0;
      }
    }
    return indexes;
  }

  private static Symbol chosen(Handler.Call call, Symbol x, int[] indexes, int[] shape, double fill) {
    if (Arrays.stream(indexes).allMatch(index -> index >= 0)) {
      return call.scope().select(x, indexes, shape, call.node().label());
    }
    if (x instanceof Symbol.Known known) {
      double[] values = new double[indexes.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = indexes[i] < 0 ? fill : known.tensor().number(indexes[i]);
      }
      return new Symbol.Known(Tensor.of(known.tensor().type(), shape, values));
    }
    if (!(x instanceof Symbol.Hidden)) {
      throw new Refusal("it adds constants to what only the client has", "pad the model's outputs on the client");
    }
    MatrixBuilder matrix = new MatrixBuilder(Shapes.size(x.shape()), indexes.length);
    double[] bias = new double[indexes.length];
    for (int i = 0; i < indexes.length; i++) {
      if (indexes[i] < 0) {
        bias[i] = fill;
      } else {
        matrix.add(indexes[i], 1);
      }
      matrix.endRow();
    }
    LinearForm form = call.scope().form(x).mapped(matrix.build()).plus(LinearForm.constant(bias), 1);
    return call.scope().symbol(shape, form, call.node().label());
  }
}
