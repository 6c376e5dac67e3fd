// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.MatrixBuilder;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Convolutions and average pools: sparse linear maps of the elements of [batch, channels, spatial...]. */
final class ConvOps {
  private ConvOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("Conv", ConvOps::conv);
    handlers.put("AveragePool", ConvOps::averagePool);
    handlers.put("GlobalAveragePool", ConvOps::globalAveragePool);
  }

  private static int[] spatial(Symbol x) {
    int[] shape = x.shape();
    if (shape.length < 3) {
      throw new Refusal("its input has shape " + Arrays.toString(shape) + ", needs a batch, channels and at least one spatial axis",
          "reshape it to [batch, channels, height, width] or [batch, channels, length] first");
    }
    if (shape[0] != 1) {
      throw new Refusal("its input has shape " + Arrays.toString(shape) + ", whose first dimension is not the batch",
          "keep the batch as the first dimension");
    }
    return Arrays.copyOfRange(shape, 2, shape.length);
  }

  private static int[] shape(int channels, Window window) {
    int[] shape = new int[2 + window.output().length];
    shape[0] = 1;
    shape[1] = channels;
    System.arraycopy(window.output(), 0, shape, 2, window.output().length);
    return shape;
  }

  private static List<Symbol> conv(Handler.Call call) {
    OnnxNode node = call.node();
    Symbol x = call.required(0);
    Tensor weights = call.requiredConstant(1);
    int[] kernel = spatialOf(weights, x);
    long[] stated = node.integers("kernel_shape");
    if (stated != null && !Arrays.equals(stated, Arrays.stream(kernel).asLongStream().toArray())) {
      throw new Refusal("its kernel_shape is " + Arrays.toString(stated) + ", its weights have shape " + Arrays.toString(weights.shape()),
          "make kernel_shape that of the weights, or leave it out");
    }
    int channels = x.shape()[1];
    int group = (int) node.integer("group", 1);
    int filters = weights.shape()[0];
    int depth = weights.shape()[1];
    if (group < 1 || filters % group != 0 || (long) depth * group != channels) {
      throw new Refusal("its input has " + channels + " channels, its weights " + Arrays.toString(weights.shape()) + " in " + group
          + " groups take " + (long) depth * group, "make the channels equal to the weights' second dimension times the groups");
    }
    Window window = Window.of(node, spatial(x), kernel);
    int cells = Shapes.size(kernel);
    int area = window.area();
    Window.Taps[] taps = new Window.Taps[window.count()];
    Arrays.setAll(taps, window::taps);
    long expected = Arrays.stream(taps).mapToLong(tap -> tap.cells().length).sum() * depth * filters;
    if (expected > Matrix.MAX_STORED) {
      throw new Refusal("as a linear map it has " + expected + " weights, at most " + Matrix.MAX_STORED + " are compiled",
          "use fewer channels, a larger stride or groups");
    }
    double[] numbers = weights.numbers();
    MatrixBuilder matrix = new MatrixBuilder(channels * area, (int) expected);
    for (int filter = 0; filter < filters; filter++) {
      int first = filter / (filters / group) * depth;
      for (Window.Taps tap : taps) {
        for (int d = 0; d < depth; d++) {
          int from = (filter * depth + d) * cells;
          int to = (first + d) * area;
          for (int t = 0; t < tap.cells().length; t++) {
            matrix.add(to + tap.elements()[t], numbers[from + tap.cells()[t]]);
          }
        }
        matrix.endRow();
      }
    }
    LinearForm form = call.scope().form(x).mapped(matrix.build());
    Tensor bias = call.constant(2);
    if (bias != null) {
      form = form.plus(LinearForm.constant(bias(bias, filters, window.count())), 1);
    }
    return List.of(call.scope().symbol(shape(filters, window), form, node.label()));
  }

  private static int[] spatialOf(Tensor weights, Symbol x) {
    int[] shape = weights.shape();
    int[] spatial = spatial(x);
    if (shape.length != spatial.length + 2) {
      throw new Refusal("its input has shape " + Arrays.toString(x.shape()) + ", its weights " + Arrays.toString(shape)
          + ": not the same number of spatial axes", "reshape the input to the axes of the weights");
    }
    return Arrays.copyOfRange(shape, 2, shape.length);
  }

  private static double[] bias(Tensor bias, int filters, int count) {
    if (bias.size() != filters) {
      throw new Refusal("its bias has " + bias.size() + " values for " + filters + " filters", "export the model again");
    }
    double[] all = new double[filters * count];
    for (int i = 0; i < all.length; i++) {
      all[i] = bias.number(i / count);
    }
    return all;
  }

  private static List<Symbol> averagePool(Handler.Call call) {
    OnnxNode node = call.node();
    Symbol x = call.required(0);
    int[] spatial = spatial(x);
    long[] given = node.integers("kernel_shape");
    if (given == null || given.length != spatial.length) {
      throw new Refusal("kernel_shape has " + (given == null ? 0 : given.length) + " values for " + spatial.length + " spatial axes",
          "export the model again");
    }
    int[] kernel = Arrays.stream(given).mapToInt(value -> (int) Math.max(0, Math.min(Integer.MAX_VALUE, value))).toArray();
    boolean includePad = node.integer("count_include_pad", 0) != 0;
    Window window = Window.of(node, spatial, kernel);
    boolean stated = List.of("NOTSET", "").contains(node.text("auto_pad", "NOTSET"));  // SAME may pad a dilated window by more than its cells
    for (int i = 0; stated && i < spatial.length; i++) {
      int padding = Math.max(window.begin()[i], window.end()[i]);
      if (padding >= kernel[i]) {
        throw new Refusal("its padding of " + padding + " is not less than its window of " + kernel[i] + " cells in axis " + i
            + ", and a mean of padding alone is no number", "use less padding");
      }
    }
    return pooled(call, x, window, includePad);
  }

  private static List<Symbol> globalAveragePool(Handler.Call call) {
    Symbol x = call.required(0);
    int[] spatial = spatial(x);
    int[] ones = new int[spatial.length];
    Arrays.fill(ones, 1);
    int[] zeros = new int[spatial.length];
    return pooled(call, x, new Window(spatial, spatial, ones, ones, zeros, zeros, ones), false);
  }

  private static List<Symbol> pooled(Handler.Call call, Symbol x, Window window, boolean includePad) {
    int channels = x.shape()[1];
    Window.Taps[] taps = new Window.Taps[window.count()];
    Arrays.setAll(taps, window::taps);
    long expected = Arrays.stream(taps).mapToLong(tap -> tap.cells().length).sum() * channels;
    MatrixBuilder matrix = new MatrixBuilder(channels * window.area(), (int) Math.min(expected, Matrix.MAX_STORED));
    for (int channel = 0; channel < channels; channel++) {
      for (Window.Taps tap : taps) {
        double weight = 1.0 / (includePad ? tap.padded() : tap.cells().length);
        for (int element : tap.elements()) {
          matrix.add(channel * window.area() + element, weight);
        }
        matrix.endRow();
      }
    }
    LinearForm form = call.scope().form(x).mapped(matrix.build());
    return List.of(call.scope().symbol(shape(channels, window), form, call.node().label()));
  }
}
