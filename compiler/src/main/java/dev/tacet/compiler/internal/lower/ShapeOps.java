// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Operators that move elements without computing, and those that make constants. */
final class ShapeOps {
  private ShapeOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("Identity", ShapeOps::identity);
    handlers.put("Dropout", ShapeOps::dropout);
    handlers.put("ai.onnx.ml.Imputer", ShapeOps::imputer);
    handlers.put("Cast", ShapeOps::cast);
    handlers.put("CastLike", ShapeOps::castLike);
    handlers.put("Reshape", ShapeOps::reshape);
    handlers.put("Flatten", ShapeOps::flatten);
    handlers.put("Squeeze", ShapeOps::squeeze);
    handlers.put("Unsqueeze", ShapeOps::unsqueeze);
    handlers.put("Transpose", call -> List.of(transpose(call, call.required(0), permutation(call))));
    handlers.put("Concat", call -> List.of(concat(call, call.inputs(), (int) call.node().integer("axis", 1))));
    handlers.put("ai.onnx.ml.FeatureVectorizer", ShapeOps::featureVectorizer);
    handlers.put("Expand", ShapeOps::expand);
    handlers.put("Shape", ShapeOps::shape);
    handlers.put("Constant", ShapeOps::constant);
    handlers.put("ConstantOfShape", ShapeOps::constantOfShape);
    SliceOps.register(handlers);
    PadOps.register(handlers);
    ArrangeOps.register(handlers);
  }

  private static List<Symbol> identity(Handler.Call call) {
    return List.of(call.required(0));
  }

  private static List<Symbol> featureVectorizer(Handler.Call call) {
    long[] sizes = call.node().integers("inputdimensions");
    for (int i = 0; sizes != null && i < call.inputs().size(); i++) {
      int[] shape = call.required(i).shape();
      if (i >= sizes.length || sizes[i] != shape[shape.length - 1]) {
        throw new Refusal("its inputdimensions " + Arrays.toString(sizes) + " are not those of its inputs: input " + i + " has shape "
            + Arrays.toString(shape), "slice or pad the inputs before it");
      }
    }
    return List.of(concat(call, call.inputs(), -1));
  }

  private static List<Symbol> dropout(Handler.Call call) {
    Tensor training = call.constant(2);
    if (training != null && training.number(0) != 0) {
      throw new Refusal("it drops at random (training_mode 1)", "export the model in eval mode");
    }
    Symbol x = call.required(0);
    if (call.node().outputs().size() < 2) {
      return List.of(x);
    }
    double[] ones = new double[Shapes.size(x.shape())];
    Arrays.fill(ones, 1);
    return List.of(x, new Symbol.Known(Tensor.of(DataType.BOOL, x.shape(), ones)));
  }

  /** The Imputer of missing values: a feature that is not a number is never encrypted. Other values would have to be compared. */
  private static List<Symbol> imputer(Handler.Call call) {
    double replaced = call.node().real("replaced_value_float", 0);
    if (call.node().integers("imputed_value_int64s") != null || !Double.isNaN(replaced)) {
      throw new Refusal("it compares encrypted values with the one that it replaces ("
          + (call.node().integers("imputed_value_int64s") != null ? call.node().integer("replaced_value_int64", 0) : replaced) + ")",
          "replace such values before encryption, and export the model without it");
    }
    return identity(call);
  }

  private static List<Symbol> cast(Handler.Call call) {
    DataType type = DataType.ofCode((int) call.node().integer("to", 0));
    if (type == null) {
      throw new Refusal("it casts to element type " + call.node().integer("to", 0), "cast to float");
    }
    return cast(call.required(0), type);
  }

  /** Types that drop something of what is cast have been refused. */
  private static List<Symbol> castLike(Handler.Call call) {
    return call.required(0) instanceof Symbol.Known x && call.required(1) instanceof Symbol.Known like && !like.tensor().isText()
        ? cast(x, like.tensor().type()) : identity(call);
  }

  private static List<Symbol> cast(Symbol x, DataType type) {
    if (x instanceof Symbol.Known known) {
      if (known.tensor().isText() || type == DataType.STRING) {
        return List.of(x);
      }
      double[] values = known.tensor().numbers();
      for (double value : values) {
        if (type != DataType.BOOL && !type.isReal() && !type.holds(value)) {
          throw new Refusal("it casts " + value + " to " + type + ", which does not hold it", "cast to a wider type");
        }
      }
      for (int i = 0; i < values.length; i++) {
        values[i] = type == DataType.BOOL ? (values[i] != 0 ? 1 : 0) : type.isReal() ? type.rounded(values[i]) : Math.rint(truncated(values[i]));
      }
      return List.of(new Symbol.Known(Tensor.of(type, known.shape(), values)));
    }
    if (x instanceof Symbol.Hidden && !type.isReal()) {
      throw new Refusal("it casts an encrypted value to " + type + ", which is a step function",
          "keep it a float, or cast the model's output");
    }
    return List.of(x);
  }

  private static double truncated(double value) {
    return value < 0 ? Math.ceil(value) : Math.floor(value);
  }

  private static List<Symbol> reshape(Handler.Call call) {
    Symbol x = call.required(0);
    long[] attribute = call.node().integers("shape");
    int[] target = attribute != null ? Arrays.stream(attribute).mapToInt(v -> (int) v).toArray()
        : call.requiredConstant(1).integers();
    boolean zeroIsZero = call.node().integer("allowzero", 0) != 0;
    return List.of(reshaped(call, x, resolve(x.shape(), target, zeroIsZero)));
  }

  /** Resolves 0 (keep) and -1 (the rest); a fixed batch in the first place counts as 1. */
  private static int[] resolve(int[] shape, int[] target, boolean zeroIsZero) {
    int[] result = target.clone();
    int size = Shapes.size(shape);
    int known = 1;
    int open = -1;
    for (int i = 0; i < result.length; i++) {
      if (result[i] == 0 && !zeroIsZero && i < shape.length) {
        result[i] = shape[i];
      }
      if (result[i] == -1) {
        open = i;
      } else {
        known *= result[i];
      }
    }
    if (open >= 0 && known > 0 && size % known == 0) {
      result[open] = size / known;
    } else if (known != size && result.length > 1 && result[0] > 1) {
      int rest = open >= 0 ? known / result[0] : known / result[0];
      if (rest > 0 && size % rest == 0 && (open >= 0 || size == rest)) {
        result[0] = 1;
        if (open >= 0) {
          result[open] = size / rest;
        }
      }
    }
    int product = 1;
    for (int dimension : result) {
      product *= Math.max(dimension, 0);
    }
    if (product != size) {
      throw new Refusal("shape " + Arrays.toString(shape) + " (batch 1) cannot become " + Arrays.toString(target),
          "export the model with a dynamic batch dimension");
    }
    return result;
  }

  private static List<Symbol> flatten(Handler.Call call) {
    Symbol x = call.required(0);
    int[] shape = x.shape();
    long axis = call.node().integer("axis", 1);
    int at = axis == shape.length ? shape.length : Shapes.axis(axis, shape.length);
    int outer = Shapes.size(Arrays.copyOf(shape, at));
    return List.of(reshaped(call, x, new int[] {outer, Shapes.size(shape) / Math.max(outer, 1)}));
  }

  private static List<Symbol> squeeze(Handler.Call call) {
    Symbol x = call.required(0);
    int[] shape = x.shape();
    TreeSet<Integer> axes = axes(call, shape.length);
    List<Integer> result = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      // Of an encrypted vector the first axis is the batch, of any size; a constant is as it is.
      boolean gone = axes.isEmpty() ? shape[i] == 1 && (i > 0 || x instanceof Symbol.Known) : axes.contains(i);
      if (gone && shape[i] != 1) {
        throw new Refusal("it squeezes axis " + i + " of size " + shape[i], "squeeze axes of size 1");
      }
      if (!gone) {
        result.add(shape[i]);
      }
    }
    return List.of(reshaped(call, x, result.stream().mapToInt(Integer::intValue).toArray()));
  }

  private static List<Symbol> unsqueeze(Handler.Call call) {
    Symbol x = call.required(0);
    long[] attribute = call.node().integers("axes");
    int added = attribute != null ? attribute.length : call.requiredConstant(1).size();
    int rank = x.shape().length + added;
    TreeSet<Integer> axes = axes(call, rank);
    int[] result = new int[rank];
    int from = 0;
    for (int i = 0; i < rank; i++) {
      result[i] = axes.contains(i) ? 1 : x.shape()[from++];
    }
    return List.of(reshaped(call, x, result));
  }

  private static TreeSet<Integer> axes(Handler.Call call, int rank) {
    TreeSet<Integer> axes = new TreeSet<>();
    long[] attribute = call.node().integers("axes");
    if (attribute != null) {
      Arrays.stream(attribute).forEach(axis -> axes.add(Shapes.axis(axis, rank)));
    } else if (call.input(1) != null) {
      Arrays.stream(call.constant(1).integers()).forEach(axis -> axes.add(Shapes.axis(axis, rank)));
    }
    return axes;
  }

  /** Returns the same elements under another shape. */
  static Symbol reshaped(Handler.Call call, Symbol x, int[] shape) {
    int[] all = new int[Shapes.size(shape)];
    Arrays.setAll(all, i -> i);
    return call.scope().select(x, all, shape, call.node().label());
  }

  private static int[] permutation(Handler.Call call) {
    int rank = call.required(0).shape().length;
    long[] given = call.node().integers("perm");
    if (given != null && given.length != rank) {
      throw new Refusal("its perm " + Arrays.toString(given) + " is no order of the " + rank + " axes of its input",
          "check the model with onnx.checker and export it again");
    }
    int[] result = new int[rank];
    for (int i = 0; i < rank; i++) {
      result[i] = given == null ? rank - 1 - i : Shapes.axis(given[i], rank);
    }
    return result;
  }

  static Symbol transpose(Handler.Call call, Symbol x, int[] permutation) {
    if (Arrays.stream(permutation).distinct().count() != x.shape().length) {
      throw new Refusal("its perm " + Arrays.toString(permutation) + " is no order of the " + x.shape().length + " axes of its input",
          "check the model with onnx.checker and export it again");
    }
    int[] strides = Shapes.strides(x.shape());
    int[] shape = new int[permutation.length];
    int[] newStrides = new int[permutation.length];
    for (int i = 0; i < permutation.length; i++) {
      shape[i] = x.shape()[permutation[i]];
      newStrides[i] = strides[permutation[i]];
    }
    return call.scope().select(x, Shapes.indexes(shape, newStrides, 0), shape, call.node().label());
  }

  /** Concatenates constants, or stacks forms and brings the elements into order. */
  static Symbol concat(Handler.Call call, List<Symbol> parts, int axis) {
    int rank = parts.get(0).shape().length;
    int at = Shapes.axis(axis, rank);
    for (Symbol part : parts) {
      int[] fitting = parts.get(0).shape().clone();
      if (part.shape().length == rank) {
        fitting[at] = part.shape()[at];
      }
      if (!Arrays.equals(fitting, part.shape())) {
        throw new Refusal("it joins shapes " + Arrays.toString(parts.get(0).shape()) + " and " + Arrays.toString(part.shape())
            + " along axis " + at, "make all other dimensions equal");
      }
    }
    long[] wanted = Arrays.stream(parts.get(0).shape()).asLongStream().toArray();
    wanted[at] = parts.stream().mapToLong(part -> part.shape()[at]).sum();
    int[] shape = Scope.modest(wanted);
    if (at == 0 && rank > 1 && !call.rowsElsewhere() && parts.stream().anyMatch(part -> part.shape()[0] == 1 && !(part instanceof Symbol.Known))) {
      throw new Refusal("it joins along axis 0, the batch", "join along an axis of the features");
    }
    int inner = Shapes.size(Arrays.copyOfRange(shape, at + 1, rank));
    int outer = Shapes.size(Arrays.copyOf(shape, at));
    int[] order = new int[Shapes.size(shape)];
    int start = 0;
    int column = 0;
    for (Symbol part : parts) {
      int width = part.shape()[at] * inner;
      for (int o = 0; o < outer; o++) {
        for (int i = 0; i < width; i++) {
          order[o * shape[at] * inner + column + i] = start + o * width + i;
        }
      }
      start += outer * width;
      column += width;
    }
    // Parts that lie one after another already are channels of one image: what they are joined to has its shape from the start.
    return call.scope().select(joined(call, parts, outer == 1 || parts.size() == 1 ? shape : new int[] {order.length}), order, shape, call.node().label());
  }

  private static Symbol joined(Handler.Call call, List<Symbol> parts, int[] shape) {
    if (parts.stream().allMatch(Symbol.Known.class::isInstance)) {
      List<Tensor> tensors = parts.stream().map(part -> ((Symbol.Known) part).tensor()).toList();
      if (tensors.get(0).isText()) {
        return new Symbol.Known(Tensor.ofTexts(shape,
            tensors.stream().flatMap(tensor -> Arrays.stream(tensor.texts())).toArray(String[]::new)));
      }
      double[] numbers = tensors.stream().flatMapToDouble(tensor -> Arrays.stream(tensor.numbers())).toArray();
      return new Symbol.Known(Tensor.of(tensors.get(0).type(), shape, numbers));
    }
    if (parts.stream().anyMatch(Symbol.Clear.class::isInstance)) {
      return TailOps.join(call, parts, shape);
    }
    List<LinearForm> forms = parts.stream().map(call.scope()::form).toList();
    return call.scope().symbol(shape, LinearForm.stack(forms), call.node().label());
  }

  private static List<Symbol> expand(Handler.Call call) {
    Symbol x = call.required(0);
    int[] target = Scope.modest(call.requiredConstant(1).wholes());
    return List.of(BinaryOps.spread(call, x, Shapes.broadcast(x.shape(), target)));
  }

  private static List<Symbol> shape(Handler.Call call) {
    int[] shape = call.required(0).shape();
    int start = (int) call.node().integer("start", 0);
    int end = (int) call.node().integer("end", shape.length);
    start = Math.max(0, Math.min(shape.length, start < 0 ? start + shape.length : start));
    end = Math.max(start, Math.min(shape.length, end < 0 ? end + shape.length : end));
    double[] values = Arrays.stream(Arrays.copyOfRange(shape, start, end)).asDoubleStream().toArray();
    return List.of(new Symbol.Known(Tensor.of(DataType.INT64, new int[] {values.length}, values)));
  }

  private static List<Symbol> constant(Handler.Call call) {
    OnnxNode node = call.node();
    Tensor tensor;
    if (node.has("value")) {
      tensor = node.tensor("value");
    } else if (node.has("value_float")) {
      tensor = Tensor.of(DataType.FLOAT, new int[0], new double[] {node.real("value_float", 0)});
    } else if (node.has("value_int")) {
      tensor = Tensor.of(DataType.INT64, new int[0], new double[] {node.integer("value_int", 0)});
    } else if (node.has("value_floats")) {
      double[] values = node.reals("value_floats");
      tensor = Tensor.of(DataType.FLOAT, new int[] {values.length}, values);
    } else if (node.has("value_ints")) {
      double[] values = Arrays.stream(node.integers("value_ints")).asDoubleStream().toArray();
      tensor = Tensor.of(DataType.INT64, new int[] {values.length}, values);
    } else if (node.has("value_strings")) {
      tensor = Tensor.ofTexts(new int[] {node.texts("value_strings").length}, node.texts("value_strings"));
    } else if (node.has("value_string")) {
      tensor = Tensor.ofTexts(new int[0], new String[] {node.text("value_string", "")});
    } else {
      throw new Refusal("it holds no value that is read here", "use a dense tensor");
    }
    return Collections.singletonList(new Symbol.Known(tensor));
  }

  private static List<Symbol> constantOfShape(Handler.Call call) {
    int[] shape = Scope.modest(call.requiredConstant(0).wholes());
    Tensor value = call.node().tensor("value");
    double[] values = new double[Shapes.size(shape)];
    Arrays.fill(values, value == null ? 0 : value.number(0));
    return List.of(new Symbol.Known(Tensor.of(value == null ? DataType.FLOAT : value.type(), shape, values)));
  }
}
