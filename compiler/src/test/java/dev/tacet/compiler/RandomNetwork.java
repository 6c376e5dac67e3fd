// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.compiler.internal.onnx.proto.AttributeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A random feed-forward model from a seed: convolutions of one or two spatial axes (strides, padding, dilation, groups), pools,
 * batch normalisation, activations, residual sums, concatenations and products, then dense layers.
 */
final class RandomNetwork {
  private static final String[] ACTIVATIONS = {"Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "Gelu", "Mish",
      "HardSwish", "HardSigmoid", "Elu", "Selu", "Celu", "LeakyRelu", "Clip", "PRelu", "Silu", "Square", "Pow", "Exp", "Abs",
      "GeluErf", "SquareRoot"};

  private final SplittableRandom random;
  private final TestModels model;
  private final List<String> description = new ArrayList<>();
  private final boolean small;
  private final int[] input;
  private String value = "x";
  private int[] shape;
  private int names;
  private int free;

  private RandomNetwork(long seed, boolean small) {
    random = new SplittableRandom(seed);
    this.small = small;
    int axes = random.nextInt(1, 3);
    input = new int[axes + 1];
    input[0] = random.nextInt(1, 4);
    for (int i = 1; i <= axes; i++) {
      input[i] = axes == 1 ? random.nextInt(6, small ? 12 : 20) : random.nextInt(4, small ? 7 : 9);
    }
    free = !small ? Integer.MAX_VALUE : random.nextInt(8) == 0 ? 1 : 0;
    shape = input.clone();
    model = TestModels.of(input).opset(20);
  }

  /** A model with what it is made of, and the shape of its input without the batch. */
  record Made(byte[] bytes, String description, int[] input) {
    int features() {
      return Arrays.stream(input).reduce(1, (a, b) -> a * b);
    }
  }

  /** Makes the model of a seed; its output is y. */
  static Made of(long seed) {
    return new RandomNetwork(seed, false).run();
  }

  /**
   * The same with fewer and smaller layers, whose activations are squares but for one of any kind in each eighth model: its program
   * is compiled quickly.
   */
  static Made small(long seed) {
    return new RandomNetwork(seed, true).run();
  }

  private Made run() {
    int steps = random.nextInt(1, small ? 3 : 6);
    for (int i = 0; i < steps; i++) {
      step();
    }
    flatten();
    int dense = random.nextInt(1, 3);
    for (int i = 0; i < dense; i++) {
      int outputs = random.nextInt(2, 7);
      String next = i == dense - 1 ? "y" : fresh();
      String weights = weights(outputs, shape[0]);
      model.node("Gemm", value + " " + weights + " " + weights(outputs), next, TestModels.integer("transB", 1));
      value = next;
      shape = new int[] {outputs};
      if (i < dense - 1) {
        activation();
      }
    }
    return new Made(model.output("y", shape[0]), Arrays.toString(input) + " " + String.join(" ", description), input);
  }

  private void step() {
    switch (random.nextInt(11)) {
      case 0, 1, 2, 3 -> {
        conv(random.nextInt(1, 5), true);
        if (random.nextBoolean()) {
          batchNormalization();
        }
        activation();
      }
      case 4 -> pool();
      case 5 -> residual();
      case 6 -> branches();
      case 7 -> squeezeAndExcite();
      case 8 -> pad();
      case 9 -> slice();
      default -> activation();
    }
  }

  private String fresh() {
    return "v" + names++;
  }

  private String weights(int... dims) {
    int size = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    double deviation = dims.length == 1 ? 0.3 : 1 / Math.sqrt((double) size / dims[0]);
    return constant(deviation, dims);
  }

  private String constant(double deviation, int... dims) {
    double[] values = new double[Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = deviation * 2 * (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5);
    }
    return named(values, dims);
  }

  private String named(double[] values, int... dims) {
    String name = "c" + names++;
    model.constant(name, Arrays.stream(dims).asLongStream().toArray(), values);
    return name;
  }

  private int[] spatial() {
    return Arrays.copyOfRange(shape, 1, shape.length);
  }

  private void conv(int filters, boolean free) {
    int axes = shape.length - 1;
    int[] divisors = {1, shape[0]};
    int group = divisors[random.nextInt(2)];
    filters = group == 1 ? filters : group * random.nextInt(1, 3);
    int[] dims = new int[axes + 2];
    dims[0] = filters;
    dims[1] = shape[0] / group;
    long[] strides = new long[axes];
    long[] dilations = new long[axes];
    long[] pads = new long[2 * axes];
    int[] next = shape.clone();
    next[0] = filters;
    String auto = free && random.nextInt(4) == 0 ? new String[] {"SAME_UPPER", "SAME_LOWER", "VALID"}[random.nextInt(3)] : "NOTSET";
    for (int i = 0; i < axes; i++) {
      dims[i + 2] = free ? random.nextInt(1, 4) : 3;
      strides[i] = free ? random.nextInt(1, 4) : 1;
      dilations[i] = free && auto.equals("NOTSET") ? random.nextInt(1, 3) : 1;
      pads[i] = free ? random.nextInt(0, 3) : 1;
      pads[axes + i] = free ? random.nextInt(0, 3) : 1;
      int reach = (int) ((dims[i + 2] - 1) * dilations[i] + 1);
      if (reach > shape[i + 1] + (auto.equals("NOTSET") ? pads[i] + pads[axes + i] : 0)) {
        dims[i + 2] = 1;
        reach = 1;
      }
      next[i + 1] = auto.startsWith("SAME") ? (int) ((shape[i + 1] + strides[i] - 1) / strides[i])
          : (int) ((shape[i + 1] + (auto.equals("VALID") ? 0 : pads[i] + pads[axes + i]) - reach) / strides[i] + 1);
    }
    List<AttributeProto> attributes = new ArrayList<>(List.of(TestModels.integers("strides", strides),
        TestModels.integers("dilations", dilations), TestModels.integer("group", group)));
    attributes.add(auto.equals("NOTSET") ? TestModels.integers("pads", pads) : TestModels.text("auto_pad", auto));
    description.add("conv" + Arrays.toString(dims) + "/" + group + " strides" + Arrays.toString(strides) + " dilations"
        + Arrays.toString(dilations) + " " + auto + Arrays.toString(pads));
    String inputs = value + " " + weights(dims) + (random.nextBoolean() ? " " + weights(filters) : "");
    value = fresh();
    model.node("Conv", inputs, value, attributes.toArray(AttributeProto[]::new));
    shape = next;
  }

  private void batchNormalization() {
    double[] variances = new double[shape[0]];
    Arrays.setAll(variances, i -> 0.5 + random.nextDouble());
    String inputs = value + " " + weights(shape[0]) + " " + weights(shape[0]) + " " + weights(shape[0]) + " "
        + named(variances, shape[0]);
    value = fresh();
    model.node("BatchNormalization", inputs, value);
    description.add("norm");
  }

  private void activation() {
    String type = free-- > 0 ? ACTIVATIONS[random.nextInt(ACTIVATIONS.length)] : "Square";
    description.add(type);
    String x = value;
    value = fresh();
    switch (type) {
      case "Silu" -> {
        model.node("Sigmoid", x, value + "s");
        model.node("Mul", x + " " + value + "s", value);
      }
      case "GeluErf" -> {
        model.node("Div", x + " " + named(new double[] {Math.sqrt(2)}), value + "a");
        model.node("Erf", value + "a", value + "b");
        model.node("Add", value + "b " + named(new double[] {1}), value + "c");
        model.node("Mul", x + " " + value + "c", value + "d");
        model.node("Mul", value + "d " + named(new double[] {0.5}), value);
      }
      case "Square" -> model.node("Mul", x + " " + x, value);
      case "Pow" -> model.node("Pow", x + " " + named(new double[] {3}), value);
      case "SquareRoot" -> {
        model.node("Abs", x, value + "a");
        model.node("Add", value + "a " + named(new double[] {1}), value + "b");
        model.node("Sqrt", value + "b", value);
      }
      case "Clip" -> model.node("Clip", x + " " + named(new double[] {-0.5}) + " " + named(new double[] {0.75}), value);
      case "PRelu" -> {
        int[] dims = new int[shape.length];
        Arrays.fill(dims, 1);
        dims[0] = shape[0];
        model.node("PRelu", x + " " + constant(0.3, dims), value);
      }
      case "Exp" -> {
        model.node("Tanh", x, value + "a");
        model.node("Exp", value + "a", value);
      }
      default -> model.node(type, x, value);
    }
  }

  private void pool() {
    String x = value;
    value = fresh();
    if (random.nextInt(4) == 0) {
      model.node("GlobalAveragePool", x, value);
      Arrays.fill(shape, 1, shape.length, 1);
      description.add("global pool");
      return;
    }
    int axes = shape.length - 1;
    long[] kernel = new long[axes];
    long[] strides = new long[axes];
    long[] pads = new long[2 * axes];
    int include = random.nextInt(2);
    for (int i = 0; i < axes; i++) {
      kernel[i] = Math.min(shape[i + 1], random.nextInt(1, 4));
      strides[i] = random.nextInt(1, 3);
      pads[i] = kernel[i] > 1 ? random.nextInt(2) : 0;
      pads[axes + i] = kernel[i] > 1 ? random.nextInt(2) : 0;
      shape[i + 1] = (int) ((shape[i + 1] + pads[i] + pads[axes + i] - kernel[i]) / strides[i] + 1);
    }
    model.node("AveragePool", x, value, TestModels.integers("kernel_shape", kernel), TestModels.integers("strides", strides),
        TestModels.integers("pads", pads), TestModels.integer("count_include_pad", include));
    description.add("pool" + Arrays.toString(kernel) + " strides" + Arrays.toString(strides) + " pads" + Arrays.toString(pads)
        + " include " + include);
  }

  /** x + f(x), with a convolution that keeps the shape. */
  private void residual() {
    String x = value;
    int[] before = shape.clone();
    description.add("residual(");
    conv(shape[0], false);
    if (!Arrays.equals(before, shape)) {
      activation();
      description.add("none)");
      return;
    }
    activation();
    String sum = fresh();
    model.node(random.nextInt(3) == 0 ? "Sub" : "Add", x + " " + value, sum);
    value = sum;
    description.add(")");
  }

  /** Two branches of different depth, joined along the channels. */
  private void branches() {
    String x = value;
    int[] before = shape.clone();
    description.add("join(");
    activation();
    conv(random.nextInt(1, 4), false);
    String deep = value;
    int[] after = shape.clone();
    value = x;
    shape = before;
    if (random.nextBoolean()) {
      activation();
    }
    String joined = fresh();
    model.node("Concat", value + " " + deep, joined, TestModels.integer("axis", 1));
    value = joined;
    shape[0] += after[0];
    description.add(")");
  }

  /** Channels scaled by a gate that is computed from their means. */
  private void squeezeAndExcite() {
    String x = value;
    String mean = fresh();
    model.node("GlobalAveragePool", x, mean);
    String gate = small ? mean : fresh();
    if (!small) {
      model.node("Sigmoid", mean, gate);
    }
    value = fresh();
    model.node("Mul", x + " " + gate, value);
    description.add("gate");
  }

  private void pad() {
    long[] pads = new long[2 * (shape.length + 1)];
    for (int i = 1; i < shape.length; i++) {
      pads[i + 1] = random.nextInt(2);
      pads[shape.length + 1 + i + 1] = random.nextInt(2);
      shape[i] += (int) (pads[i + 1] + pads[shape.length + 1 + i + 1]);
    }
    String x = value;
    value = fresh();
    model.indexes("p" + value, pads);
    model.node("Pad", x + " p" + value + " " + named(new double[] {0.5}), value);
    description.add("pad" + Arrays.toString(pads));
  }

  private void slice() {
    int axis = random.nextInt(shape.length);
    int from = random.nextInt(shape[axis]);
    int to = random.nextInt(from + 1, shape[axis] + 1);
    String x = value;
    value = fresh();
    model.indexes("a" + value, from).indexes("b" + value, to).indexes("d" + value, axis + 1);
    model.node("Slice", x + " a" + value + " b" + value + " d" + value, value);
    shape[axis] = to - from;
    description.add("slice " + axis + ":" + from + ".." + to);
  }

  private void flatten() {
    String x = value;
    value = fresh();
    int size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    switch (random.nextInt(3)) {
      case 0 -> model.node("Flatten", x, value);
      case 1 -> {
        model.indexes("s" + value, -1, size);
        model.node("Reshape", x + " s" + value, value);
      }
      default -> {
        long[] order = new long[shape.length + 1];
        Arrays.setAll(order, i -> i == 0 ? 0 : shape.length + 1 - i);
        model.node("Transpose", x, value + "t", TestModels.integers("perm", order));
        model.node("Flatten", value + "t", value);
      }
    }
    shape = new int[] {size};
    description.add("flatten");
  }
}
