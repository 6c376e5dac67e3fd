// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.BinaryFunction;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.MatrixBuilder;
import dev.tacet.compiler.internal.ir.UnaryFunction;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/** Element-wise operators of two tensors, and Where. */
final class BinaryOps {
  static final Map<String, BinaryFunction> FUNCTIONS = Map.ofEntries(
      Map.entry("Add", BinaryFunction.ADD), Map.entry("Sub", BinaryFunction.SUB),
      Map.entry("Mul", BinaryFunction.MUL), Map.entry("Div", BinaryFunction.DIV),
      Map.entry("Pow", BinaryFunction.POW), Map.entry("Max", BinaryFunction.MAX),
      Map.entry("Min", BinaryFunction.MIN), Map.entry("Sum", BinaryFunction.ADD),
      Map.entry("Greater", BinaryFunction.GREATER), Map.entry("Less", BinaryFunction.LESS),
      Map.entry("GreaterOrEqual", BinaryFunction.GREATER_EQUAL), Map.entry("LessOrEqual", BinaryFunction.LESS_EQUAL),
      Map.entry("Equal", BinaryFunction.EQUAL), Map.entry("And", BinaryFunction.AND), Map.entry("Or", BinaryFunction.OR));

  /** The most different exponents of one Pow. */
  private static final int MAX_EXPONENTS = 64;

  private BinaryOps() {}

  static void register(Map<String, Handler> handlers) {
    FUNCTIONS.keySet().forEach(op -> handlers.put(op, BinaryOps::lower));
    handlers.put("Where", BinaryOps::where);
    handlers.put("Mod", BinaryOps::remainder);
  }

  static Univariate binary(BinaryFunction function, Univariate left, Univariate right) {
    return new Univariate.Binary(function, left, right);
  }

  private static List<Symbol> lower(Handler.Call call) {
    BinaryFunction function = FUNCTIONS.get(call.node().opType());
    Symbol result = call.required(0);
    for (int i = 1; i < call.inputs().size(); i++) {
      result = combine(call, function, result, call.required(i));
    }
    return List.of(result);
  }

  private static Symbol combine(Handler.Call call, BinaryFunction function, Symbol left, Symbol right) {
    int[] shape = common(left.shape(), right.shape());
    if (left instanceof Symbol.Known a && right instanceof Symbol.Known b) {
      return fold(function, a.tensor(), b.tensor(), shape);
    }
    if (function == BinaryFunction.DIV && left instanceof Symbol.Hidden && right instanceof Symbol.Known divisor) {
      requireNoZero(divisor.tensor());
    }
    String name = call.node().label();
    if (left instanceof Symbol.Hidden a && sameSize(a, shape) && isScalar(right)) {
      return new Symbol.Hidden(shape, a.root(), binary(function, a.function(), scalar(right)), name);
    }
    if (right instanceof Symbol.Hidden b && sameSize(b, shape) && isScalar(left)) {
      return new Symbol.Hidden(shape, b.root(), binary(function, scalar(left), b.function()), name);
    }
    if (left instanceof Symbol.Hidden a && right instanceof Symbol.Hidden b && a.root() == b.root()
        && Arrays.equals(a.shape(), b.shape())) {
      return new Symbol.Hidden(shape, a.root(), binary(function, a.function(), b.function()), name);
    }
    if (function == BinaryFunction.DIV && left instanceof Symbol.Known && right instanceof Symbol.Hidden b) {
      Symbol reciprocal = new Symbol.Hidden(b.shape(), b.root(), binary(function, new Univariate.Constant(1), b.function()), name);
      return separate(call, BinaryFunction.MUL, left, reciprocal, shape);
    }
    return separate(call, function, left, right, shape);
  }

  private static int[] common(int[] left, int[] right) {
    try {
      return Shapes.broadcast(left, right);
    } catch (IllegalArgumentException e) {
      throw new Refusal("its operands have shapes " + Arrays.toString(left) + " and " + Arrays.toString(right)
          + ", which do not broadcast", "make them equal: a residual sum needs a branch of the width of its input, or a Gemm or 1x1"
          + " Conv on the skip");
    }
  }

  private static void requireNoZero(Tensor divisor) {
    for (int i = 0; !divisor.isText() && i < divisor.size(); i++) {
      if (divisor.number(i) == 0) {
        throw new Refusal("it divides by a constant that is 0 at index " + i, "remove the feature or the division");
      }
    }
  }

  /** Two operands that are not functions of the same vector. */
  private static Symbol separate(Handler.Call call, BinaryFunction function, Symbol left, Symbol right, int[] shape) {
    String name = call.node().label();
    Scope scope = call.scope();
    LinearForm a = scope.form(spread(call, left, shape));
    LinearForm b = scope.form(spread(call, right, shape));
    switch (function) {
      case ADD:
        return scope.symbol(shape, a.plus(b, 1), name);
      case SUB:
        return scope.symbol(shape, a.plus(b, -1), name);
      case MUL:
        if (a.isConstant() || b.isConstant()) {
          return scope.symbol(shape, a.isConstant() ? b.scaled(a.bias(), null) : a.scaled(b.bias(), null), name);
        }
        return scope.symbol(shape, scope.product(name, shape, a, b), name);
      case DIV:
        if (b.isConstant()) {
          double[] factors = b.bias().clone();
          for (int i = 0; i < factors.length; i++) {
            factors[i] = 1 / factors[i];
          }
          return scope.symbol(shape, a.scaled(factors, null), name);
        }
        throw new Refusal("it divides by another encrypted vector", "divide on the client, or multiply by its Reciprocal");
      case MAX, MIN:
        return extreme(call, function, a, b, shape);
      case POW:
        if (b.isConstant()) {
          return powers(call, a, b.bias(), shape);
        }
        throw new Refusal("it raises to an encrypted exponent", "use constant exponents");
      default:
        throw new Refusal("it compares or raises two different encrypted vectors (" + function + ")",
            "compute it on the model's outputs, on the client");
    }
  }

  /** Each element to its own constant power: one activation for each exponent, on the elements that have it. */
  private static Symbol powers(Handler.Call call, LinearForm base, double[] exponents, int[] shape) {
    double[] distinct = Arrays.stream(exponents).distinct().toArray();
    if (distinct.length > MAX_EXPONENTS) {
      throw new Refusal("it has " + distinct.length + " different exponents, at most " + MAX_EXPONENTS + " are compiled",
          "use one exponent, or a few");
    }
    String name = call.node().label();
    LinearForm sum = LinearForm.constant(new double[exponents.length]);
    for (double exponent : distinct) {
      int[] places = java.util.stream.IntStream.range(0, exponents.length).filter(i -> exponents[i] == exponent).toArray();
      int[] size = {places.length};
      Symbol.Hidden power = new Symbol.Hidden(size, new Symbol.Root(size, base.select(places)),
          binary(BinaryFunction.POW, Univariate.X, new Univariate.Constant(exponent)), name);
      MatrixBuilder spread = new MatrixBuilder(places.length, places.length);
      for (int i = 0, next = 0; i < exponents.length; i++) {
        if (next < places.length && places[next] == i) {
          spread.add(next++, 1);
        }
        spread.endRow();
      }
      sum = sum.plus(call.scope().form(power).mapped(spread.build()), 1);
    }
    return call.scope().symbol(shape, sum, name);
  }

  /** max(a, b) = b + relu(a - b) and min(a, b) = b - relu(b - a). */
  private static Symbol extreme(Handler.Call call, BinaryFunction function, LinearForm a, LinearForm b, int[] shape) {
    Scope scope = call.scope();
    int sign = function == BinaryFunction.MAX ? 1 : -1;
    LinearForm difference = sign > 0 ? a.plus(b, -1) : b.plus(a, -1);
    Symbol.Hidden positive = new Symbol.Hidden(shape, new Symbol.Root(shape, difference),
        new Univariate.Unary(UnaryFunction.RELU, 0, 0, Univariate.X), call.node().label());
    return scope.symbol(shape, b.plus(scope.form(positive), sign), call.node().label());
  }

  private static List<Symbol> where(Handler.Call call) {
    Symbol condition = call.required(0);
    Symbol then = call.required(1);
    Symbol otherwise = call.required(2);
    int[] shape = Shapes.broadcast(Shapes.broadcast(condition.shape(), then.shape()), otherwise.shape());
    if (condition instanceof Symbol.Known mask && !isScalar(condition)) {
      return List.of(masked(call, ((Symbol.Known) spread(call, mask, shape)).tensor(), then, otherwise, shape));
    }
    Symbol.Hidden base = null;
    for (Symbol symbol : List.of(condition, then, otherwise)) {
      if (symbol instanceof Symbol.Hidden hidden) {
        if (base != null && base.root() != hidden.root() || !sameSize(hidden, shape)) {
          throw new Refusal("it chooses between different encrypted vectors", "use a smooth gate (a product) instead");
        }
        base = hidden;
      } else if (!isScalar(symbol)) {
        throw new Refusal("it chooses between an encrypted vector and constants that differ from element to element",
            "multiply by the choice instead");
      }
    }
    if (base == null) {
      boolean first = ((Symbol.Known) condition).tensor().number(0) != 0;
      return List.of(spread(call, first ? then : otherwise, shape));
    }
    Univariate choice = new Univariate.Choice(part(condition), part(then), part(otherwise));
    return List.of(new Symbol.Hidden(shape, base.root(), choice, call.node().label()));
  }

  /** Elements of the one where the mask is not 0, else of the other. */
  private static Symbol masked(Handler.Call call, Tensor mask, Symbol then, Symbol otherwise, int[] shape) {
    double[] chosen = new double[mask.size()];
    double[] rest = new double[mask.size()];
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = mask.number(i) != 0 ? 1 : 0;
      rest[i] = 1 - chosen[i];
    }
    LinearForm sum = call.scope().form(spread(call, then, shape)).scaled(chosen, null)
        .plus(call.scope().form(spread(call, otherwise, shape)).scaled(rest, null), 1);
    return call.scope().symbol(shape, sum, call.node().label());
  }

  /** The remainder of constants, which exporters compute axes with; its sign is the divisor's or, with fmod, the dividend's. */
  private static List<Symbol> remainder(Handler.Call call) {
    if (!(call.required(0) instanceof Symbol.Known dividend) || !(call.required(1) instanceof Symbol.Known divisor)) {
      throw new Refusal("it takes a remainder of encrypted values, which is not continuous", "compute it on the client, before encryption");
    }
    requireNoZero(divisor.tensor());
    boolean ofDividend = call.node().integer("fmod", 0) != 0;
    int[] shape = common(dividend.shape(), divisor.shape());
    return List.of(fold(dividend.tensor().type(), (a, b) -> ofDividend ? a % b : a - b * Math.floor(a / b), dividend.tensor(), divisor.tensor(),
        shape));
  }

  private static Univariate part(Symbol symbol) {
    return symbol instanceof Symbol.Hidden hidden ? hidden.function() : scalar(symbol);
  }

  /** Broadcasts a symbol to a shape. */
  static Symbol spread(Handler.Call call, Symbol symbol, int[] shape) {
    return call.scope().select(symbol, Shapes.broadcastIndex(symbol.shape(), shape), shape, call.node().label());
  }

  private static boolean sameSize(Symbol.Hidden hidden, int[] shape) {
    return Shapes.size(hidden.shape()) == Shapes.size(shape);
  }

  private static boolean isScalar(Symbol symbol) {
    if (!(symbol instanceof Symbol.Known known) || known.tensor().isText() || known.tensor().size() == 0) {
      return false;
    }
    Tensor tensor = known.tensor();
    for (int i = 1; i < tensor.size(); i++) {
      if (tensor.number(i) != tensor.number(0)) {
        return false;
      }
    }
    return true;
  }

  private static Univariate scalar(Symbol symbol) {
    return new Univariate.Constant(((Symbol.Known) symbol).tensor().number(0));
  }

  private static Symbol fold(BinaryFunction function, Tensor a, Tensor b, int[] shape) {
    boolean comparison = function.ordinal() >= BinaryFunction.GREATER.ordinal();
    boolean whole = function == BinaryFunction.DIV && !a.type().isReal() && !b.type().isReal();
    return fold(comparison ? DataType.BOOL : a.type(), (left, right) -> {
      double value = function.apply(left, right);
      return !whole ? value : value < 0 ? Math.ceil(value) : Math.floor(value);
    }, a, b, shape);
  }

  private static Symbol fold(DataType type, DoubleBinaryOperator function, Tensor a, Tensor b, int[] shape) {
    int[] left = Shapes.broadcastIndex(a.shape(), shape);
    int[] right = Shapes.broadcastIndex(b.shape(), shape);
    double[] values = new double[left.length];
    for (int i = 0; i < values.length; i++) {
      double value = function.applyAsDouble(a.number(left[i]), b.number(right[i]));
      values[i] = type.isReal() ? type.rounded(value) : value;
      if (!type.isReal() && type != DataType.BOOL && !type.holds(values[i])) {
        throw new Refusal("it makes a constant that is " + values[i] + ", which " + type + " does not hold", "cast its operands to float or int64 first");
      }
    }
    return new Symbol.Known(Tensor.of(type, shape, values));
  }
}
