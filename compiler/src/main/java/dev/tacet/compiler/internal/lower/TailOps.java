// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.BinaryFunction;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Executes the nodes of the client's part: no weights, no levels. */
final class TailOps {
  /** Operators that only the client can run. */
  static final Set<String> CLIENT_ONLY = Set.of("Softmax", "LogSoftmax", "ArgMax", "ArgMin", "TopK", "LpNormalization",
      "ai.onnx.ml.Normalizer", "ai.onnx.ml.ZipMap", "ai.onnx.ml.LabelEncoder", "ai.onnx.ml.LinearClassifier",
      "ai.onnx.ml.SVMClassifier");

  private static final Map<String, Handler> HANDLERS = Map.ofEntries(
      Map.entry("Softmax", call -> softmax(call, TailOp.SOFTMAX)),
      Map.entry("LogSoftmax", call -> softmax(call, TailOp.LOG_SOFTMAX)),
      Map.entry("ArgMax", call -> argument(call, true)),
      Map.entry("ArgMin", call -> argument(call, false)),
      Map.entry("TopK", TailOps::topK),
      Map.entry("LpNormalization", TailOps::lpNormalization),
      Map.entry("ai.onnx.ml.Normalizer", TailOps::normalizer),
      Map.entry("ai.onnx.ml.ZipMap", TailLabels::zipMap),
      Map.entry("ai.onnx.ml.LabelEncoder", TailLabels::encode),
      Map.entry("ReduceSum", call -> List.of(sum(call, call.scope().clear(call.required(0))))),
      Map.entry("ReduceMean", TailOps::mean),
      Map.entry("ReduceL1", call -> List.of(sum(call, TailFunctions.function(call, call.scope().clear(call.required(0)), "abs", 0, 0)))),
      Map.entry("ReduceL2", TailOps::euclideanNorm),
      Map.entry("ReduceMax", call -> extremum(call, true)),
      Map.entry("ReduceMin", call -> extremum(call, false)),
      Map.entry("Cast", TailLabels::cast));

  private static final Map<String, Handler> STRUCTURAL = structural();

  private TailOps() {}

  private static Map<String, Handler> structural() {
    Map<String, Handler> handlers = new LinkedHashMap<>();
    ShapeOps.register(handlers);
    handlers.keySet().removeAll(Set.of("Cast", "Shape", "Size", "Range", "Constant", "ConstantOfShape", "ai.onnx.ml.Imputer"));
    return handlers;
  }

  /** Returns whether the operator can run on the client at all. */
  static boolean runs(String type) {
    return HANDLERS.containsKey(type) || STRUCTURAL.containsKey(type) || elementWise(type);
  }

  /** Returns whether the operator works element by element. */
  static boolean elementWise(String type) {
    return TailFunctions.UNARY.contains(type) || BinaryOps.FUNCTIONS.containsKey(type);
  }

  /** Returns whether the operator only moves elements. */
  static boolean isStructural(String type) {
    return STRUCTURAL.containsKey(type);
  }

  /** Executes a node on the client; encrypted inputs are sent back first. */
  static List<Symbol> lower(Handler.Call call) {
    String type = call.node().qualifiedType();
    Scope scope = call.scope();
    List<Symbol> inputs = new java.util.ArrayList<>();
    for (Symbol input : call.inputs()) {
      inputs.add(input instanceof Symbol.Hidden ? scope.clear(input) : input);
    }
    Handler.Call clear = call.with(inputs);
    if (HANDLERS.containsKey(type)) {
      return HANDLERS.get(type).lower(clear);
    }
    if (STRUCTURAL.containsKey(type)) {
      return STRUCTURAL.get(type).lower(clear);
    }
    if (TailFunctions.UNARY.contains(type)) {
      return List.of(TailFunctions.unary(clear));
    }
    if (BinaryOps.FUNCTIONS.containsKey(type)) {
      return List.of(binary(clear));
    }
    throw new Refusal("it follows a step that only the client can take (such as Softmax or ArgMax), but is not one itself",
        "end the model before that step, or replace the step by an element-wise activation");
  }

  private static Symbol binary(Handler.Call call) {
    BinaryFunction function = BinaryOps.FUNCTIONS.get(call.node().opType());
    Symbol result = call.required(0);
    for (int i = 1; i < call.inputs().size(); i++) {
      result = TailFunctions.binary(call, function, result, call.required(i));
    }
    return result;
  }

  /** Joins clients' vectors and constants into one flat vector. */
  static Symbol join(Handler.Call call, List<Symbol> parts, int[] shape) {
    List<String> names = parts.stream().map(part -> call.scope().clear(part).name()).toList();
    return call.scope().tail(shape, TailOp.CONCAT, names, new long[0], new double[0], List.of());
  }

  private static Symbol.Clear grouped(Handler.Call call, Symbol.Clear x, Groups groups) {
    return groups.inOrder() ? x
        : (Symbol.Clear) call.scope().select(x, groups.order(), x.shape(), call.node().label());
  }

  /** Applies a node that works on groups and brings the elements back into their order. */
  private static Symbol.Clear onGroups(Handler.Call call, Symbol.Clear x, Groups groups, TailOp op) {
    Symbol.Clear source = grouped(call, x, groups);
    Symbol.Clear result = call.scope().tail(x.shape(), op, List.of(source.name()), new long[] {groups.size()},
        new double[0], List.of());
    return restored(call, result, groups);
  }

  /** Brings elements that lie group by group into the order of their shape. */
  private static Symbol.Clear restored(Handler.Call call, Symbol.Clear result, Groups groups) {
    if (groups.inOrder()) {
      return result;
    }
    int[] back = new int[groups.order().length];
    for (int i = 0; i < back.length; i++) {
      back[groups.order()[i]] = i;
    }
    return (Symbol.Clear) call.scope().select(result, back, result.shape(), call.node().label());
  }

  private static List<Symbol> softmax(Handler.Call call, TailOp op) {
    Symbol.Clear x = call.scope().clear(call.required(0));
    int rank = x.shape().length;
    long[] axes;
    if (call.opset() >= 13) {
      axes = new long[] {call.node().integer("axis", -1)};
    } else {
      int first = Shapes.axis(call.node().integer("axis", 1), rank);
      axes = new long[rank - first];
      Arrays.setAll(axes, i -> first + i);
    }
    Groups groups = Groups.along(x.shape(), axes, true);
    Symbol.Clear result = onGroups(call, x, groups, op);
    if (groups.inOrder()) {
      call.scope().sameOrder(result, x, groups.size());
    }
    return List.of(result);
  }

  private static List<Symbol> argument(Handler.Call call, boolean largest) {
    OnnxNode node = call.node();
    Symbol.Clear x = call.scope().clear(call.required(0));
    Groups groups = Groups.along(x.shape(), new long[] {node.integer("axis", 0)}, node.integer("keepdims", 1) != 0);
    Symbol.Clear scores = groups.inOrder() ? call.scope().ordered(x, groups.size()) : grouped(call, x, groups);
    if (node.integer("select_last_index", 0) != 0) {
      return List.of(new Symbol.Terminal(groups.reducedShape(), TailNode.withIntegers(
          largest ? TailOp.ARGMAX : TailOp.ARGMIN, scores.name(), "", groups.size(), 1)));
    }
    return List.of(new Symbol.Index(groups.reducedShape(), scores, groups.size(), largest));
  }

  /** TopK: the values as numbers, their places as a choice that no further node takes. */
  private static List<Symbol> topK(Handler.Call call) {
    OnnxNode node = call.node();
    Symbol.Clear x = call.scope().clear(call.required(0));
    int axis = Shapes.axis(node.integer("axis", -1), x.shape().length);
    Tensor given = call.constant(1);
    long count = given != null && given.size() == 1 ? (long) given.number(0) : node.integer("k", 0);
    if (count < 1 || count > x.shape()[axis]) {
      throw new Refusal("it takes " + count + " of " + x.shape()[axis] + " elements", "take at least 1 and at most all");
    }
    Groups groups = Groups.along(x.shape(), new long[] {axis}, true);
    Symbol.Clear source = grouped(call, x, groups);
    long[] integers = {groups.size(), count, node.integer("largest", 1) != 0 ? 1 : 0};
    int[] shape = x.shape().clone();
    shape[axis] = (int) count;
    Groups result = Groups.along(shape, new long[] {axis}, true);
    Symbol.Clear values = call.scope().tail(shape, TailOp.TOP_VALUES, List.of(source.name()), integers, new double[0], List.of());
    Symbol places = result.inOrder()
        ? new Symbol.Terminal(shape, TailNode.withIntegers(TailOp.TOP_INDICES, source.name(), "", integers)) : new Symbol.Failed();
    if (places instanceof Symbol.Failed && node.outputs().size() > 1 && !node.outputs().get(1).isEmpty()) {
      throw new Refusal("it gives places along axis " + axis + " of " + Arrays.toString(x.shape()) + ", which is not the last",
          "transpose its input, so that the axis is the last");
    }
    return List.of(restored(call, values, result), places);
  }

  private static List<Symbol> lpNormalization(Handler.Call call) {
    Symbol.Clear x = call.scope().clear(call.required(0));
    Groups groups = Groups.along(x.shape(), new long[] {call.node().integer("axis", -1)}, true);
    TailOp op = call.node().integer("p", 2) == 1 ? TailOp.NORMALIZE_L1 : TailOp.NORMALIZE_L2;
    return List.of(onGroups(call, x, groups, op));
  }

  private static List<Symbol> normalizer(Handler.Call call) {
    Symbol.Clear x = call.scope().clear(call.required(0));
    TailOp op = switch (call.node().text("norm", "MAX")) {
      case "L1" -> TailOp.NORMALIZE_L1;
      case "L2" -> TailOp.NORMALIZE_L2;
      default -> TailOp.NORMALIZE_MAX;
    };
    return List.of(onGroups(call, x, Groups.along(x.shape(), new long[] {-1}, true), op));
  }

  /** Sums numbers of the shape of the node's input along its axes. */
  private static Symbol.Clear sum(Handler.Call call, Symbol.Clear x) {
    Groups groups = Groups.of(call, "axes", 1);
    Symbol.Clear source = grouped(call, x, groups);
    return call.scope().tail(groups.reducedShape(), TailOp.SUM, List.of(source.name()), new long[] {groups.size()}, new double[0], List.of());
  }

  private static List<Symbol> mean(Handler.Call call) {
    Symbol.Clear sum = sum(call, call.scope().clear(call.required(0)));
    return List.of(call.scope().tail(TailOp.AFFINE, sum, 1.0 / Groups.of(call, "axes", 1).size(), 0));
  }

  private static List<Symbol> extremum(Handler.Call call, boolean largest) {
    Groups groups = Groups.of(call, "axes", 1);
    Symbol.Clear source = grouped(call, call.scope().clear(call.required(0)), groups);
    long[] integers = {groups.size(), 1, largest ? 1 : 0};
    return List.of(call.scope().tail(groups.reducedShape(), TailOp.TOP_VALUES, List.of(source.name()), integers, new double[0], List.of()));
  }

  private static List<Symbol> euclideanNorm(Handler.Call call) {
    Symbol.Clear x = call.scope().clear(call.required(0));
    List<String> twice = List.of(x.name(), x.name());
    Symbol.Clear squares = call.scope().tail(x.shape(), TailOp.MUL, twice, new long[0], new double[0], List.of());
    return List.of(TailFunctions.function(call, sum(call, squares), "sqrt", 0, 0));
  }
}
