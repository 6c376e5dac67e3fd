// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The shapes of what refused nodes would have made, where their operator and operands say it: with them the nodes behind are judged too,
 * in files that declare no shapes between nodes.
 */
final class RefusedShapes {
  private static final Set<String> ELEMENT_WISE = elementWise();

  private static final Set<String> BROADCAST = Set.of(
      "Add", "Sub", "Mul", "Div", "Pow", "Mod", "Sum", "Mean", "Max", "Min", "Where", "PRelu", "And", "Or", "Xor", "Equal", "Greater",
      "GreaterOrEqual", "Less", "LessOrEqual");

  private static final Set<String> ALONG_AXES = Set.of(
      "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp",
      "ReduceSumSquare");

  private static final Set<String> POOLS = Set.of("AveragePool", "MaxPool", "LpPool");
  private static final Set<String> GLOBAL_POOLS = Set.of("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool");

  private RefusedShapes() {}

  private static Set<String> elementWise() {
    Map<String, Handler> compiled = new HashMap<>();
    UnaryOps.register(compiled);
    Set<String> all = new TreeSet<>(compiled.keySet());
    all.remove("PRelu");
    all.addAll(Set.of(
        "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BatchNormalization", "Cosh", "CumSum", "GroupNormalization", "Hardmax",
        "InstanceNormalization", "IsInf", "IsNaN", "LRN", "LayerNormalization", "LogSoftmax", "LpNormalization",
        "MeanVarianceNormalization", "RMSNormalization", "Shrink", "Sinh", "Softmax", "Tan", "ai.onnx.ml.Normalizer", "ai.onnx.ml.Scaler"));
    return all;
  }

  /** Returns the shape of the node's first output; empty if it is not known. */
  static Optional<int[]> of(Handler.Call call) {
    try {
      return Optional.ofNullable(shape(call));
    } catch (Refusal | IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException | ClassCastException e) {
      return Optional.empty();
    }
  }

  private static int[] shape(Handler.Call call) {
    OnnxNode node = call.node();
    String type = node.qualifiedType();
    int[] x = call.required(0).shape();
    if (ELEMENT_WISE.contains(type)) {
      return x;
    }
    if (BROADCAST.contains(type)) {
      int[] all = x;
      for (int i = 1; i < call.inputs().size(); i++) {
        all = Shapes.broadcast(all, call.required(i).shape());
      }
      return all;
    }
    if (ALONG_AXES.contains(type)) {
      return Groups.of(call, "axes", 1).reducedShape();
    }
    if (type.equals("ArgMax") || type.equals("ArgMin")) {
      return Groups.along(x, new long[] {node.integer("axis", 0)}, node.integer("keepdims", 1) != 0).reducedShape();
    }
    if (POOLS.contains(type)) {
      long[] kernel = node.integers("kernel_shape");
      return kernel == null ? null : sliding(node, x, x[1], Arrays.stream(kernel).mapToInt(Math::toIntExact).toArray());
    }
    if (GLOBAL_POOLS.contains(type)) {
      int[] pooled = x.clone();
      Arrays.fill(pooled, 2, pooled.length, 1);
      return pooled;
    }
    if (type.equals("Conv")) {
      int[] weights = call.required(1).shape();
      return sliding(node, x, weights[0], Arrays.copyOfRange(weights, 2, weights.length));
    }
    if (type.equals("Gemm") || type.equals("MatMul")) {
      return product(call, x);
    }
    return null;
  }

  private static int[] sliding(OnnxNode node, int[] x, int channels, int[] kernel) {
    if (kernel.length != x.length - 2) {
      return null;
    }
    int[] windows = Window.of(node, Arrays.copyOfRange(x, 2, x.length), kernel).output();
    int[] shape = new int[x.length];
    shape[0] = x[0];
    shape[1] = channels;
    System.arraycopy(windows, 0, shape, 2, windows.length);
    return shape;
  }

  /** Of a row by a matrix, whether their lengths fit or not. */
  private static int[] product(Handler.Call call, int[] x) {
    Tensor matrix = call.requiredConstant(1);
    if (matrix.shape().length != 2 || x.length != 2 || call.node().integer("transA", 0) != 0) {
      return null;
    }
    return new int[] {x[0], matrix.shape()[call.node().integer("transB", 0) != 0 ? 0 : 1]};
  }
}
