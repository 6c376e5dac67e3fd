// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which numbers may be weights: finite ones of at most {@link #LARGEST}. */
final class Weights {
  /** The largest magnitude of a weight: a double beside it still holds values of order 1, for it counts to 2^53, or 9e15. */
  static final double LARGEST = 1e15;

  /** The operators whose constants are weights; elsewhere (the bounds of Clip, the ends of Slice) a huge one means "none". */
  private static final Set<String> WEIGHTED =
      Set.of("MatMul", "Gemm", "Conv", "Add", "Sub", "Mul", "Div", "Sum", "Mean", "BatchNormalization", "PRelu");

  private static final String RETRAIN = "find out why training gave such a number (a diverged run?), and export a sound model";

  private final Map<String, Refusal> notFinite = new HashMap<>();
  private final Map<String, Double> infinite = new HashMap<>();

  /**
   * Takes a tensor of the model.
   *
   * @return the tensor; where it holds numbers that are not finite, another in its place, so that the nodes behind its readers are judged
   *     too: the largest finite number for one infinite one, which as a bound means none, else zeros
   */
  Tensor admit(String name, Tensor tensor) {
    int bad = tensor.firstNonFinite();
    if (bad < 0) {
      return tensor;
    }
    notFinite.put(name, new Refusal("its tensor " + name + " holds " + tensor.number(bad) + ", which is not finite, at index "
        + bad, RETRAIN));
    if (tensor.size() != 1 || Double.isNaN(tensor.number(0))) {
      return Tensor.of(tensor.type(), tensor.shape(), new double[tensor.size()]);
    }
    infinite.put(name, tensor.number(0));
    return Tensor.of(tensor.type(), tensor.shape(), new double[] {Math.copySign(Double.MAX_VALUE, tensor.number(0))});
  }

  /** Takes what a Constant holds, as {@link #admit(String, Tensor)}; what other nodes make is returned as it is. */
  List<Symbol> admit(OnnxNode node, List<Symbol> outputs) {
    return node.qualifiedType().equals("Constant") && !node.outputs().isEmpty() && outputs.get(0) instanceof Symbol.Known known
        ? List.of(new Symbol.Known(admit(node.outputs().get(0), known.tensor()))) : outputs;
  }

  /** Returns a refusal for each tensor that a node reads and that holds a number that is not finite. */
  List<Refusal> notFinite(OnnxNode node) {
    List<Refusal> refusals = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      String input = node.inputs().get(i);
      boolean none = infinite.containsKey(input) && isNoBound(node, i == 1 ? "min" : i == 2 ? "max" : "", infinite.get(input));
      if (notFinite.containsKey(input) && !none) {
        refusals.add(notFinite.get(input));
      }
    }
    return refusals;
  }

  /** Whether a number of Clip bounds nothing: minus infinity from below, infinity from above. */
  private static boolean isNoBound(OnnxNode node, String bound, double value) {
    return node.qualifiedType().equals("Clip")
        && (bound.equals("min") && value == Double.NEGATIVE_INFINITY || bound.equals("max") && value == Double.POSITIVE_INFINITY);
  }

  /**
   * Returns a refusal if an attribute of a node holds a number that is not finite. An Imputer's NaN stands for a missing value; what Constant
   * holds is judged by its reader, as any tensor.
   */
  static Optional<Refusal> notFiniteAttribute(OnnxNode node) {
    if (node.opType().equals("Imputer") || node.qualifiedType().equals("Constant")) {
      return Optional.empty();
    }
    for (Map.Entry<String, Object> attribute : node.attributes().entrySet()) {
      double[] values = attribute.getValue() instanceof Double value ? new double[] {value}
          : attribute.getValue() instanceof double[] several ? several : new double[0];
      for (double value : values) {
        if (!Double.isFinite(value) && !isNoBound(node, attribute.getKey(), value)) {
          return Optional.of(new Refusal("its attribute " + attribute.getKey() + " holds " + value + ", which is not finite", RETRAIN));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Requires the constants that a node combines with encrypted values to be of modest magnitude.
   *
   * @throws Refusal with the tensor, the index, the value and the limit
   */
  static void requireModest(OnnxNode node, List<Symbol> inputs) {
    if (!WEIGHTED.contains(node.qualifiedType()) || inputs.stream().noneMatch(Symbol.Hidden.class::isInstance)) {
      return;
    }
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i) instanceof Symbol.Known known && known.tensor().type().isReal()) {
        for (int k = 0; k < known.tensor().size(); k++) {
          double value = known.tensor().number(k);
          if (Math.abs(value) > LARGEST) {
            throw new Refusal("its tensor " + node.inputs().get(i) + " holds " + value + " at index " + k
                + ", beyond the largest magnitude of a weight, " + LARGEST, RETRAIN);
          }
        }
      }
    }
  }

  /**
   * Requires the weights that a node made to be finite and of modest magnitude.
   *
   * @param inputs the node's, whose own weights were judged before
   * @throws Refusal with the number and the limit
   */
  static void requireModest(List<Symbol> outputs, List<Symbol> inputs) {
    for (Symbol output : outputs) {
      if (output instanceof Symbol.Known known && known.tensor().firstNonFinite() >= 0) {
        int bad = known.tensor().firstNonFinite();
        throw new Refusal("it makes a constant that is " + known.tensor().number(bad) + " at index " + bad, RETRAIN);
      }
      if (output instanceof Symbol.Hidden hidden && inputs.stream()
          .noneMatch(input -> input instanceof Symbol.Hidden known && known.root() == hidden.root())) {
        requireModest(hidden.root().form());
      }
    }
  }

  private static void requireModest(LinearForm form) {
    double largest = form.terms().values().stream().mapToDouble(Matrix::largest).reduce(0, Math::max);
    for (double bias : form.bias()) {
      largest = Math.max(largest, Math.abs(bias));
    }
    if (!(largest <= LARGEST)) {
      throw new Refusal("folded into one weight, its constants and those before it have magnitude " + largest
          + ", beyond the largest of a weight, " + LARGEST, RETRAIN);
    }
  }
}
