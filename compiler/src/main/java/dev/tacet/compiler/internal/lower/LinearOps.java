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

/** Operators that are linear maps with learned weights. */
final class LinearOps {
  private LinearOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("Gemm", LinearOps::gemm);
    handlers.put("MatMul", LinearOps::matMul);
    handlers.put("BatchNormalization", LinearOps::batchNormalization);
    handlers.put("ai.onnx.ml.Scaler", LinearOps::scaler);
    handlers.put("ai.onnx.ml.LinearRegressor", LinearOps::linearRegressor);
  }

  private static List<Symbol> gemm(Handler.Call call) {
    OnnxNode node = call.node();
    Symbol a = transposed(call, call.required(0), node.integer("transA", 0) != 0);
    Symbol b = transposed(call, call.required(1), node.integer("transB", 0) != 0);
    int[] shape = productShape(a.shape(), b.shape());
    LinearForm product = product(call, a, b);
    double alpha = node.real("alpha", 1);
    if (alpha != 1) {
      double[] factors = new double[product.size()];
      Arrays.fill(factors, alpha);
      product = product.scaled(factors, null);
    }
    if (call.input(2) != null) {
      int[] added = call.input(2).shape();
      if (!Shapes.spreads(added, shape)) {
        throw new Refusal("it adds an operand of shape " + Arrays.toString(added) + " to a product of shape " + Arrays.toString(shape)
            + ", to which that does not broadcast", "make it a vector with a number for each column");
      }
      Symbol c = BinaryOps.spread(call, call.input(2), shape);
      product = product.plus(call.scope().form(c), node.real("beta", 1));
    }
    return List.of(call.scope().symbol(shape, product, node.label()));
  }

  private static Symbol transposed(Handler.Call call, Symbol symbol, boolean transpose) {
    if (symbol.shape().length != 2) {
      throw new Refusal("an operand has shape " + Arrays.toString(symbol.shape()) + ", Gemm takes matrices",
          "put a Flatten before it");
    }
    return transpose ? ShapeOps.transpose(call, symbol, new int[] {1, 0}) : symbol;
  }

  private static List<Symbol> matMul(Handler.Call call) {
    Symbol a = call.required(0);
    Symbol b = call.required(1);
    return List.of(call.scope().symbol(productShape(a.shape(), b.shape()), product(call, a, b), call.node().label()));
  }

  /** The shape of a product of stacks of matrices, by the rules of ONNX (NumPy's matmul). */
  private static int[] productShape(int[] a, int[] b) {
    int inner = b.length == 0 ? -1 : b.length == 1 ? b[0] : b[b.length - 2];
    if (a.length == 0 || a[a.length - 1] != inner) {
      throw new Refusal("operands have shapes " + Arrays.toString(a) + " and " + Arrays.toString(b) + ", which do not multiply",
          "make the inner dimensions equal");
    }
    int[] batch = Shapes.broadcast(stack(a), stack(b));
    int[] shape = Arrays.copyOf(batch, batch.length + (a.length > 1 ? 1 : 0) + (b.length > 1 ? 1 : 0));
    if (a.length > 1) {
      shape[batch.length] = a[a.length - 2];
    }
    if (b.length > 1) {
      shape[shape.length - 1] = b[b.length - 1];
    }
    return shape;
  }

  private static int[] stack(int[] shape) {
    return Arrays.copyOf(shape, Math.max(0, shape.length - 2));
  }

  /** The products of stacks of (m x k) and (k x n) matrices, at least one of them constant, flattened row by row. */
  private static LinearForm product(Handler.Call call, Symbol a, Symbol b) {
    int k = a.shape()[a.shape().length - 1];
    int m = a.shape().length > 1 ? a.shape()[a.shape().length - 2] : 1;
    int n = b.shape().length > 1 ? b.shape()[b.shape().length - 1] : 1;
    LinearForm left = call.scope().form(a);
    LinearForm right = call.scope().form(b);
    if (!left.isConstant() && !right.isConstant()) {
      throw new Refusal("it multiplies two encrypted matrices", "attention and bilinear layers cannot run; use dense layers");
    }
    int[] batch = Shapes.broadcast(stack(a.shape()), stack(b.shape()));
    int[] lefts = Shapes.broadcastIndex(stack(a.shape()), batch);
    int[] rights = Shapes.broadcastIndex(stack(b.shape()), batch);
    boolean constantRight = right.isConstant();
    LinearForm source = constantRight ? left : right;
    long entries = (long) Shapes.size(batch) * m * n * k;
    if (entries > Matrix.MAX_STORED) {
      throw new Refusal("as a linear map it has " + entries + " weights, at most " + Matrix.MAX_STORED + " are compiled",
          "make the layer smaller");
    }
    double[] weights = constantRight ? right.bias() : left.bias();
    MatrixBuilder matrix = new MatrixBuilder(source.size(), (int) entries);
    for (int s = 0; s < lefts.length; s++) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          for (int l = 0; l < k; l++) {
            int atLeft = (lefts[s] * m + i) * k + l;
            int atRight = (rights[s] * k + l) * n + j;
            matrix.add(constantRight ? atLeft : atRight, weights[constantRight ? atRight : atLeft]);
          }
          matrix.endRow();
        }
      }
    }
    return source.mapped(matrix.build());
  }

  private static List<Symbol> batchNormalization(Handler.Call call) {
    OnnxNode node = call.node();
    if (node.integer("training_mode", 0) != 0) {
      throw new Refusal("it normalises by the statistics of the batch (training_mode 1)", "export the model in eval mode");
    }
    if (node.integer("spatial", 1) == 0) {
      throw new Refusal("it normalises each pixel by itself (spatial 0)", "export the model with operator set 9 or later");
    }
    Symbol x = call.required(0);
    int[] shape = x.shape();
    if (shape.length < 2) {
      throw new Refusal("its input has shape " + Arrays.toString(shape) + ", needs a batch and a channel dimension",
          "keep the batch dimension");
    }
    Tensor[] statistics = new Tensor[4];
    for (int i = 0; i < 4; i++) {
      statistics[i] = call.requiredConstant(i + 1);
      if (statistics[i].size() != shape[1]) {
        throw new Refusal("input " + (i + 1) + " has " + statistics[i].size() + " values for " + shape[1] + " channels",
            "export the model again");
      }
    }
    double epsilon = node.real("epsilon", 1e-5f);
    for (int i = 0; i < statistics[3].size(); i++) {
      if (statistics[3].number(i) + epsilon <= 0) {
        throw new Refusal("it takes the root of variance + epsilon = " + (statistics[3].number(i) + epsilon) + " of channel " + i
            + ", which must be above 0", "export the model with the variances of its training");
      }
    }
    int size = Shapes.size(shape);
    int inner = size / (shape[0] * shape[1]);
    double[] factors = new double[size];
    double[] offsets = new double[size];
    for (int i = 0; i < size; i++) {
      int channel = i / inner % shape[1];
      factors[i] = statistics[0].number(channel) / Math.sqrt(statistics[3].number(channel) + epsilon);
      offsets[i] = statistics[1].number(channel) - statistics[2].number(channel) * factors[i];
    }
    return List.of(call.scope().symbol(shape, call.scope().form(x).scaled(factors, offsets), node.label()));
  }

  private static List<Symbol> scaler(Handler.Call call) {
    Symbol x = call.required(0);
    int size = Shapes.size(x.shape());
    double[] offset = repeated(call, "offset", 0, size);
    double[] scale = repeated(call, "scale", 1, size);
    double[] offsets = new double[size];
    for (int i = 0; i < size; i++) {
      offsets[i] = -offset[i] * scale[i];
    }
    return List.of(call.scope().symbol(x.shape(), call.scope().form(x).scaled(scale, offsets), call.node().label()));
  }

  private static double[] repeated(Handler.Call call, String attribute, double fallback, int size) {
    double[] given = call.node().reals(attribute);
    double[] result = new double[size];
    if (given == null) {
      Arrays.fill(result, fallback);
      return result;
    }
    if (given.length != 1 && given.length != size) {
      throw new Refusal(attribute + " has " + given.length + " values for " + size + " features", "export the model again");
    }
    for (int i = 0; i < size; i++) {
      result[i] = given[given.length == 1 ? 0 : i];
    }
    return result;
  }

  private static List<Symbol> linearRegressor(Handler.Call call) {
    OnnxNode node = call.node();
    String transform = node.text("post_transform", "NONE");
    if (!transform.equals("NONE")) {
      throw new Refusal("post_transform is " + transform + ", only NONE runs", "apply it to the model's output");
    }
    int targets = (int) node.integer("targets", 1);
    LinearForm form = scores(call, targets);
    return List.of(call.scope().symbol(new int[] {1, targets}, form, node.label()));
  }

  /** The scores coefficients * x + intercepts of a linear model of ai.onnx.ml. */
  static LinearForm scores(Handler.Call call, int targets) {
    Symbol x = call.required(0);
    int features = Shapes.size(x.shape());
    double[] coefficients = call.node().reals("coefficients");
    double[] intercepts = call.node().reals("intercepts");
    if (coefficients == null || targets < 1 || coefficients.length != (long) targets * features) {
      throw new Refusal("it has " + (coefficients == null ? 0 : coefficients.length) + " coefficients for " + targets
          + " targets and " + features + " features", "export the model again");
    }
    if (intercepts != null && intercepts.length != targets) {
      throw new Refusal("it has " + intercepts.length + " intercepts for " + targets + " targets", "export the model again");
    }
    LinearForm product = call.scope().form(x).mapped(Matrix.dense(targets, features, coefficients));
    return intercepts == null ? product : product.plus(LinearForm.constant(intercepts), 1);
  }
}
