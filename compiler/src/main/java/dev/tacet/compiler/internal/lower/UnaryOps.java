// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.UnaryFunction;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.List;
import java.util.Map;

/** Element-wise operators of one tensor. */
final class UnaryOps {
  private static final Map<String, UnaryFunction> PLAIN = Map.ofEntries(
      Map.entry("Relu", UnaryFunction.RELU), Map.entry("Sigmoid", UnaryFunction.SIGMOID),
      Map.entry("Tanh", UnaryFunction.TANH), Map.entry("Softplus", UnaryFunction.SOFTPLUS),
      Map.entry("Softsign", UnaryFunction.SOFTSIGN), Map.entry("Erf", UnaryFunction.ERF),
      Map.entry("Mish", UnaryFunction.MISH), Map.entry("HardSwish", UnaryFunction.HARD_SWISH),
      Map.entry("Abs", UnaryFunction.ABS), Map.entry("Exp", UnaryFunction.EXP), Map.entry("Log", UnaryFunction.LOG),
      Map.entry("Sqrt", UnaryFunction.SQRT), Map.entry("Reciprocal", UnaryFunction.RECIPROCAL),
      Map.entry("Sign", UnaryFunction.SIGN), Map.entry("Sin", UnaryFunction.SIN), Map.entry("Cos", UnaryFunction.COS),
      Map.entry("Not", UnaryFunction.NOT), Map.entry("Round", UnaryFunction.ROUND),
      Map.entry("Floor", UnaryFunction.FLOOR), Map.entry("Ceil", UnaryFunction.CEIL));

  private UnaryOps() {}

  static void register(Map<String, Handler> handlers) {
    for (String op : List.of("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "Mish", "HardSwish", "Abs", "Exp",
        "Log", "Sqrt", "Reciprocal", "Sign", "Sin", "Cos", "Not", "Round", "Floor", "Ceil", "Neg", "LeakyRelu", "Elu",
        "Celu", "Selu", "HardSigmoid", "ThresholdedRelu", "Gelu", "Swish", "Clip")) {
      handlers.put(op, UnaryOps::lower);
    }
    handlers.put("PRelu", UnaryOps::prelu);
    handlers.put("ai.onnx.ml.Binarizer", UnaryOps::lower);
  }

  private static List<Symbol> lower(Handler.Call call) {
    return List.of(apply(call, function(call)));
  }

  /** Returns the function of an element-wise node of one tensor. */
  static Univariate function(Handler.Call call) {
    OnnxNode node = call.node();
    UnaryFunction plain = PLAIN.get(node.opType());
    if (plain != null) {
      return unary(plain, 0, 0);
    }
    return switch (node.opType()) {
      case "Neg" -> BinaryOps.binary(dev.tacet.compiler.internal.ir.BinaryFunction.MUL, new Univariate.Constant(-1),
          Univariate.X);
      case "LeakyRelu" -> unary(UnaryFunction.LEAKY_RELU, node.real("alpha", 0.01f), 0);
      case "Elu" -> unary(UnaryFunction.ELU, node.real("alpha", 1), 0);
      case "Celu" -> unary(UnaryFunction.CELU, divisor(node.real("alpha", 1)), 0);
      case "Selu" -> unary(UnaryFunction.SELU, node.real("alpha", 1.67326319217681884765625),
          node.real("gamma", 1.05070102214813232421875));
      case "HardSigmoid" -> unary(UnaryFunction.HARD_SIGMOID, node.real("alpha", 0.2f), node.real("beta", 0.5));
      case "ThresholdedRelu" -> unary(UnaryFunction.THRESHOLDED_RELU, node.real("alpha", 1), 0);
      case "Gelu" -> unary(node.text("approximate", "none").equals("tanh") ? UnaryFunction.GELU_TANH : UnaryFunction.GELU,
          0, 0);
      case "Swish" -> unary(UnaryFunction.SILU, node.real("alpha", 1), 0);
      case "Clip" -> unary(UnaryFunction.CLIP, bound(call, 1, "min", -Double.MAX_VALUE),
          bound(call, 2, "max", Double.MAX_VALUE));
      case "Binarizer" -> BinaryOps.binary(dev.tacet.compiler.internal.ir.BinaryFunction.GREATER, Univariate.X,
          new Univariate.Constant(node.real("threshold", 0)));
      default -> throw new IllegalStateException("no function for " + node.opType());
    };
  }

  private static double divisor(double alpha) {
    if (alpha == 0) {
      throw new Refusal("it divides by its alpha, which is 0", "give it another alpha, or use Relu");
    }
    return alpha;
  }

  private static double bound(Handler.Call call, int input, String attribute, double fallback) {
    Tensor tensor = call.constant(input);
    double value = tensor != null ? tensor.number(0) : call.node().real(attribute, fallback);
    return Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, value));  // an infinite one is none
  }

  private static Univariate unary(UnaryFunction function, double a, double b) {
    return new Univariate.Unary(function, a, b, Univariate.X);
  }

  /** Applies a function to each element of the call's first input. */
  static Symbol apply(Handler.Call call, Univariate function) {
    Symbol x = call.required(0);
    if (x instanceof Symbol.Hidden hidden) {
      return new Symbol.Hidden(hidden.shape(), hidden.root(), function.of(hidden.function()), call.node().label());
    }
    Tensor tensor = ((Symbol.Known) x).tensor();
    double[] values = tensor.numbers();
    for (int i = 0; i < values.length; i++) {
      values[i] = function.at(values[i]);
    }
    DataType type = call.node().opType().equals("Not") ? DataType.BOOL : tensor.type();
    return new Symbol.Known(Tensor.of(type, tensor.shape(), values));
  }

  /** PRelu: slope * x + (1 - slope) * relu(x), so that a slope per channel needs one activation only. */
  private static List<Symbol> prelu(Handler.Call call) {
    Symbol x = call.required(0);
    Tensor slope = call.requiredConstant(1);
    double[] slopes = new double[Shapes.size(x.shape())];
    int[] source = Shapes.broadcastIndex(slope.shape(), x.shape());
    double[] rest = new double[slopes.length];
    for (int i = 0; i < slopes.length; i++) {
      slopes[i] = slope.number(source[i]);
      rest[i] = 1 - slopes[i];
    }
    if (slope.size() == 1) {
      return List.of(apply(call, unary(UnaryFunction.LEAKY_RELU, slopes[0], 0)));
    }
    LinearForm relu = call.scope().form(apply(call, unary(UnaryFunction.RELU, 0, 0)));
    LinearForm sum = relu.scaled(rest, null).plus(call.scope().form(x).scaled(slopes, null), 1);
    return List.of(call.scope().symbol(x.shape(), sum, call.node().label()));
  }
}
