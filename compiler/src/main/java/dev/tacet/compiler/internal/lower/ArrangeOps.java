// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Operators that repeat or regroup elements (Tile, DepthToSpace, SpaceToDepth), and indexes that exporters compute from shapes. */
final class ArrangeOps {
  private ArrangeOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("Tile", ArrangeOps::tile);
    handlers.put("DepthToSpace", call -> blocks(call, true));
    handlers.put("SpaceToDepth", call -> blocks(call, false));
    handlers.put("Range", ArrangeOps::range);
    handlers.put("Size", ArrangeOps::size);
  }

  private static List<Symbol> tile(Handler.Call call) {
    Symbol x = call.required(0);
    int[] shape = x.shape();
    long[] repeats = call.requiredConstant(1).wholes();
    if (repeats.length != shape.length) {
      throw new Refusal("it repeats " + repeats.length + " axes of " + shape.length, "give one number for each axis");
    }
    long[] view = new long[2 * shape.length];
    int[] strides = new int[view.length];
    long[] result = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      if (repeats[i] < 0 || i == 0 && !(x instanceof Symbol.Known) && shape.length > 1 && shape[0] == 1 && repeats[0] != 1) {
        throw new Refusal("it repeats axis " + i + " " + repeats[i] + " times", "repeat axes of the features");
      }
      view[2 * i] = repeats[i];
      view[2 * i + 1] = shape[i];
      strides[2 * i + 1] = Shapes.strides(shape)[i];
      result[i] = repeats[i] > Long.MAX_VALUE / Math.max(shape[i], 1) ? Long.MAX_VALUE : repeats[i] * shape[i];
    }
    int[] modest = Scope.modest(result);
    return List.of(call.scope().select(x, Shapes.indexes(Scope.modest(view), strides, 0), modest, call.node().label()));
  }

  /** Moves blocks of pixels from the channels, or into them. */
  private static List<Symbol> blocks(Handler.Call call, boolean toSpace) {
    Symbol x = call.required(0);
    int[] shape = x.shape();
    int block = (int) call.node().integer("blocksize", 0);
    boolean fits = shape.length == 4 && block > 0
        && (toSpace ? shape[1] % ((long) block * block) == 0 : shape[2] % block == 0 && shape[3] % block == 0);
    if (!fits) {
      throw new Refusal("blocks of " + block + " do not divide the shape " + Arrays.toString(shape), "use a block size that does");
    }
    int[] split;
    int[] order;
    int[] result;
    if (toSpace) {
      int depth = shape[1] / (block * block);
      boolean columnsFirst = call.node().text("mode", "DCR").equals("CRD");
      split = columnsFirst ? new int[] {shape[0], depth, block, block, shape[2], shape[3]}
          : new int[] {shape[0], block, block, depth, shape[2], shape[3]};
      order = columnsFirst ? new int[] {0, 1, 4, 2, 5, 3} : new int[] {0, 3, 4, 1, 5, 2};
      result = new int[] {shape[0], depth, shape[2] * block, shape[3] * block};
    } else {
      split = new int[] {shape[0], shape[1], shape[2] / block, block, shape[3] / block, block};
      order = new int[] {0, 3, 5, 1, 2, 4};
      result = new int[] {shape[0], shape[1] * block * block, shape[2] / block, shape[3] / block};
    }
    Symbol moved = ShapeOps.transpose(call, ShapeOps.reshaped(call, x, split), order);
    return List.of(ShapeOps.reshaped(call, moved, result));
  }

  private static List<Symbol> range(Handler.Call call) {
    Tensor start = call.requiredConstant(0);
    double step = call.requiredConstant(2).number(0);
    double count = Math.ceil((call.requiredConstant(1).number(0) - start.number(0)) / step);
    if (!(count <= Shapes.MAX_ELEMENTS)) {
      throw new Refusal("it counts from " + start.number(0) + " to " + call.constant(1).number(0) + " by " + step,
          "use a range of at most " + Shapes.MAX_ELEMENTS + " numbers");
    }
    double[] values = new double[(int) Math.max(0, count)];
    Arrays.setAll(values, i -> start.number(0) + i * step);
    return List.of(new Symbol.Known(Tensor.of(start.type(), new int[] {values.length}, values)));
  }

  private static List<Symbol> size(Handler.Call call) {
    return List.of(new Symbol.Known(
        Tensor.of(DataType.INT64, new int[0], new double[] {Shapes.size(call.required(0).shape())})));
  }
}
