// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.BinaryFunction;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import dev.tacet.he.TailFunction;
import dev.tacet.he.TailOp;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Element-wise steps of the client's part. */
final class TailFunctions {
  /** The element-wise operators of one tensor that the client runs. */
  static final Set<String> UNARY = Set.of("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "Mish", "HardSwish",
      "Abs", "Exp", "Log", "Sqrt", "Reciprocal", "Sign", "Not", "Neg", "LeakyRelu", "Elu", "Celu", "Selu",
      "HardSigmoid", "ThresholdedRelu", "Gelu", "Swish", "Clip", "Round", "Floor", "Ceil", "Sin", "Cos",
      "ai.onnx.ml.Binarizer");

  private TailFunctions() {}

  static Symbol unary(Handler.Call call) {
    Symbol.Clear x = call.scope().clear(call.required(0));
    Scope scope = call.scope();
    switch (call.node().opType()) {
      case "Relu":
        return scope.tail(TailOp.RELU, x);
      case "Sigmoid":
        return scope.tail(TailOp.SIGMOID, x);
      case "Tanh":
        return scope.tail(TailOp.TANH, x);
      case "Exp":
        return scope.tail(TailOp.EXP, x);
      case "Softplus":
        return scope.tail(TailOp.SOFTPLUS, x);
      case "Neg":
        return scope.tail(TailOp.AFFINE, x, -1, 0);
      default:
        break;
    }
    Univariate function = UnaryOps.function(call);
    if (function instanceof Univariate.Unary unary) {
      if (unary.function() == dev.tacet.compiler.internal.ir.UnaryFunction.CLIP) {
        return scope.tail(TailOp.CLIP, x, unary.a(), unary.b());
      }
      return function(call, x, unary.function().name().toLowerCase(Locale.ROOT), unary.a(), unary.b());
    }
    if (call.node().opType().equals("Binarizer")) {
      return function(call, x, "greater", call.node().real("threshold", 0), 0);
    }
    throw new Refusal("it does not run on the client", "apply it to the model's outputs");
  }

  /** Adds a named function of {@link TailFunction}. */
  static Symbol.Clear function(Handler.Call call, Symbol.Clear x, String name, double a, double b) {
    TailFunction function = TailFunction.ofName(name);
    if (function == null) {
      throw new Refusal("it applies " + name + ", which the client does not know", "apply it to the model's outputs");
    }
    return call.scope().tail(x.shape(), TailOp.FUNCTION, List.of(x.name()), new long[] {function.ordinal()},
        new double[] {a, b}, List.of());
  }

  static Symbol binary(Handler.Call call, BinaryFunction function, Symbol left, Symbol right) {
    int[] shape = Shapes.broadcast(left.shape(), right.shape());
    if (right instanceof Symbol.Known known) {
      return withConstant(call, function, spread(call, left, shape), values(known.tensor(), shape), false);
    }
    if (left instanceof Symbol.Known known) {
      return withConstant(call, function, spread(call, right, shape), values(known.tensor(), shape), true);
    }
    TailOp op = switch (function) {
      case ADD -> TailOp.ADD;
      case SUB -> TailOp.SUB;
      case MUL -> TailOp.MUL;
      case DIV -> TailOp.DIV;
      case MAX -> TailOp.MAX;
      case MIN -> TailOp.MIN;
      default -> throw new Refusal("the client does not compute " + function + " of two vectors",
          "apply it to the model's outputs");
    };
    List<String> names = List.of(spread(call, left, shape).name(), spread(call, right, shape).name());
    return call.scope().tail(shape, op, names, new long[0], new double[0], List.of());
  }

  private static Symbol.Clear spread(Handler.Call call, Symbol symbol, int[] shape) {
    return (Symbol.Clear) BinaryOps.spread(call, call.scope().clear(symbol), shape);
  }

  private static double[] values(Tensor tensor, int[] shape) {
    double[] numbers = tensor.numbers();
    return Arrays.stream(Shapes.broadcastIndex(tensor.shape(), shape)).mapToDouble(i -> numbers[i]).toArray();
  }

  private static Symbol withConstant(
      Handler.Call call, BinaryFunction function, Symbol.Clear x, double[] c, boolean constantFirst) {
    int n = c.length;
    double[] factors = new double[n];
    double[] offsets = new double[n];
    Arrays.fill(factors, 1);
    switch (function) {
      case ADD:
        offsets = c;
        break;
      case SUB:
        Arrays.fill(factors, constantFirst ? -1 : 1);
        offsets = Arrays.stream(c).map(value -> constantFirst ? value : -value).toArray();
        break;
      case MUL:
        factors = c;
        break;
      case DIV:
        if (constantFirst) {
          return affine(call, function(call, x, "reciprocal", 0, 0), c, offsets);
        }
        factors = Arrays.stream(c).map(value -> 1 / value).toArray();
        break;
      case MAX, MIN:
        boolean max = function == BinaryFunction.MAX;
        return call.scope().tail(TailOp.CLIP, x, max ? scalar(c) : -Double.MAX_VALUE, max ? Double.MAX_VALUE : scalar(c));
      case POW:
        if (!constantFirst) {
          return function(call, x, "power", scalar(c), 0);
        }
        throw refusal(function);
      case GREATER, LESS, GREATER_EQUAL, LESS_EQUAL, EQUAL:
        return compare(call, function, x, scalar(c), constantFirst);
      default:
        throw refusal(function);
    }
    return affine(call, x, factors, offsets);
  }

  private static Symbol.Clear compare(
      Handler.Call call, BinaryFunction function, Symbol.Clear x, double threshold, boolean constantFirst) {
    String name = switch (function) {
      case GREATER -> constantFirst ? "less" : "greater";
      case LESS -> constantFirst ? "greater" : "less";
      case GREATER_EQUAL -> constantFirst ? "less_equal" : "greater_equal";
      case LESS_EQUAL -> constantFirst ? "greater_equal" : "less_equal";
      default -> throw refusal(function);
    };
    return function(call, x, name, threshold, 0);
  }

  private static Symbol.Clear affine(Handler.Call call, Symbol.Clear x, double[] factors, double[] offsets) {
    boolean scalar = Arrays.stream(factors).distinct().count() == 1 && Arrays.stream(offsets).distinct().count() == 1;
    if (scalar) {
      return call.scope().tail(TailOp.AFFINE, x, factors[0], offsets[0]);
    }
    double[] numbers = Arrays.copyOf(factors, 2 * factors.length);
    System.arraycopy(offsets, 0, numbers, factors.length, factors.length);
    return call.scope().tail(TailOp.VECTOR_AFFINE, x, numbers);
  }

  private static double scalar(double[] c) {
    for (double value : c) {
      if (value != c[0]) {
        throw new Refusal("its constant operand differs from element to element", "use one number");
      }
    }
    return c[0];
  }

  private static Refusal refusal(BinaryFunction function) {
    return new Refusal("the client does not compute " + function + " with a constant", "apply it to the model's outputs");
  }
}
