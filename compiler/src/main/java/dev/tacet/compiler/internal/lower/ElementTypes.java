// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The element types of the values of a graph, as far as they are certain. Encrypted values and those of the client are real numbers, so what
 * an operator does otherwise to integers (ONNX drops the remainder of a quotient, and what is behind the point of a mean) is refused, and so
 * are operands of two types, such as float and double, which no runtime takes.
 */
final class ElementTypes {
  private static final Set<String> TRUNCATE = Set.of("Div", "Mean", "ReduceMean", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp");
  private static final Set<String> ONE_TYPE =
      Set.of("Add", "Sub", "Mul", "Div", "MatMul", "Gemm", "Conv", "Max", "Min", "Sum", "Mean", "Concat", "PRelu", "Clip", "Einsum");
  private static final Set<String> TWO_OPERANDS = Set.of("Add", "Sub", "Mul", "Div", "Pow", "MatMul", "PRelu");
  private static final Set<String> ONE_OPERAND = Set.of(
      "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "Mish", "HardSwish", "Abs", "Exp", "Log", "Sqrt", "Reciprocal", "Neg",
      "LeakyRelu", "Elu", "Celu", "Selu", "HardSigmoid", "Gelu", "Identity", "Flatten", "GlobalAveragePool");
  private static final Set<String> INDEXES = Set.of("Shape", "Size", "ArgMax", "ArgMin", "NonZero");
  private static final Set<String> TRUTHS = Set.of(
      "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor", "IsNaN", "IsInf");
  private static final Set<String> OTHERS = Set.of(  // whose output's type is not their first operand's, or not known here
      "OneHot", "Constant", "ConstantOfShape", "Range", "EyeLike", "QuantizeLinear", "DequantizeLinear", "RandomNormalLike",
      "RandomUniformLike", "Bernoulli", "If", "Loop", "Scan");
  private static final Set<DataType> NO_INTEGERS = EnumSet.of(DataType.BOOL, DataType.STRING);

  private final Map<String, DataType> types = new HashMap<>();

  ElementTypes(OnnxGraph graph) {
    graph.inputs().forEach(input -> types.put(input.name(), input.type()));
    graph.constants().forEach((name, tensor) -> types.put(name, tensor.type()));
  }

  /** Returns the type of a value, null where it is not certain. */
  DataType of(String value) {
    return types.get(value);
  }

  /** Returns whether a value is of whole numbers. */
  boolean isWhole(String value) {
    return isInteger(types.get(value));
  }

  private DataType of(OnnxNode node, int input) {
    return input < node.inputs().size() ? types.get(node.inputs().get(input)) : null;
  }

  private static boolean isInteger(DataType type) {
    return type != null && !type.isReal() && !NO_INTEGERS.contains(type);
  }

  /** Notes the types of what a node makes. */
  void made(OnnxNode node) {
    DataType first = switch (node.qualifiedType()) {
      case "Cast" -> DataType.ofCode((int) node.integer("to", 0));
      case "CastLike", "Where" -> of(node, 1);
      default -> INDEXES.contains(node.qualifiedType()) ? DataType.INT64
          : TRUTHS.contains(node.qualifiedType()) ? DataType.BOOL
          : !node.domain().isEmpty() || OTHERS.contains(node.qualifiedType()) ? null : of(node, 0);
    };
    for (int i = 0; i < node.outputs().size(); i++) {
      boolean indexes = i == 1 && node.qualifiedType().equals("TopK");
      boolean same = i == 0 || node.qualifiedType().equals("Split");
      types.put(node.outputs().get(i), indexes ? DataType.INT64 : same ? first : null);
    }
  }

  /**
   * Returns what a node made of constants, in its element type where that is a whole one.
   *
   * @throws Refusal if the type does not hold it: ONNX cuts off, or wraps around
   */
  List<Symbol> folded(OnnxNode node, List<Symbol> outputs) {
    List<Symbol> result = new ArrayList<>(outputs);
    for (int i = 0; i < Math.min(outputs.size(), node.outputs().size()); i++) {
      DataType type = types.get(node.outputs().get(i));
      if (!isInteger(type) || !(outputs.get(i) instanceof Symbol.Known known) || known.tensor().isText()) {
        continue;
      }
      Tensor tensor = known.tensor();
      for (int k = 0; k < tensor.size(); k++) {
        if (tensor.number(k) != Math.rint(tensor.number(k)) || !type.holds(tensor.number(k))) {
          throw new Refusal("it makes a constant that is " + tensor.number(k) + ", which " + type + " does not hold",
              "cast its operands to float first");
        }
      }
      result.set(i, tensor.type() == type ? known : new Symbol.Known(Tensor.of(type, tensor.shape(), tensor.numbers())));
    }
    return result;
  }

  /** As {@link #made(OnnxNode)}, of a node that made constants. */
  void made(OnnxNode node, List<Symbol> outputs) {
    made(node);
    for (int i = 0; i < Math.min(outputs.size(), node.outputs().size()); i++) {
      if (outputs.get(i) instanceof Symbol.Known known && types.get(node.outputs().get(i)) == null) {
        types.put(node.outputs().get(i), known.tensor().type());
      }
    }
  }

  /**
   * Refuses what a node does to real numbers otherwise than to its operands.
   *
   * @param variable whether one of them is not a constant
   */
  void require(OnnxNode node, List<Symbol> inputs, boolean variable) {
    String type = node.qualifiedType();
    int operands = TWO_OPERANDS.contains(type) ? 2 : ONE_OPERAND.contains(type) ? 1 : node.inputs().size();
    if (node.inputs().size() != operands) {
      throw new Refusal("it has " + node.inputs().size() + " operands, takes " + operands, "check the model with onnx.checker and export it again");
    }
    if (!variable) {
      return;
    }
    for (int i = 1; ONE_TYPE.contains(type) && i < node.inputs().size(); i++) {
      if (of(node, 0) != null && of(node, i) != null && of(node, 0) != of(node, i)) {
        throw new Refusal("its operands " + node.inputs().get(0) + " and " + node.inputs().get(i) + " are of the types " + of(node, 0)
            + " and " + of(node, i), "cast them to one type");
      }
    }
    boolean integers = isInteger(of(node, 0));
    if (integers && (TRUNCATE.contains(type) || type.equals("Pow") && !isWhole(inputs.get(1)))) {
      throw new Refusal("its operand " + node.inputs().get(0) + " is of the type " + of(node, 0)
          + ", and what is behind the point of the result would be dropped, which encrypted numbers cannot", "cast the operand to float first");
    }
    boolean drops = isInteger(of(node, 1)) && !integers || NO_INTEGERS.contains(of(node, 1)) && of(node, 0) != of(node, 1);
    if (type.equals("CastLike") && of(node, 1) != null && drops) {
      throw new Refusal("it casts to " + of(node, 1) + ", which drops what is behind the point", "leave the numbers real, or end the model with Cast");
    }
  }

  private static boolean isWhole(Symbol exponent) {
    if (!(exponent instanceof Symbol.Known known)) {
      return false;
    }
    Tensor tensor = known.tensor();
    for (int i = 0; i < tensor.size(); i++) {
      if (tensor.number(i) < 0 || tensor.number(i) != Math.rint(tensor.number(i))) {
        return false;
      }
    }
    return true;
  }
}
