// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Tensor;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.List;
import java.util.Map;

/** LinearClassifier: the scores are the host's work, the transform and the label the client's. */
final class ClassifierOps {
  private ClassifierOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("ai.onnx.ml.LinearClassifier", ClassifierOps::linearClassifier);
  }

  private static List<Symbol> linearClassifier(Handler.Call call) {
    OnnxNode node = call.node();
    Scope scope = call.scope();
    if (call.required(0) instanceof Symbol.Clear) {
      throw new Refusal("it has weights, but follows a step that only the client can take", "end the model before that step");
    }
    Tensor labels = labels(node);
    double[] intercepts = node.reals("intercepts");
    int targets = intercepts != null ? intercepts.length : labels.size();
    boolean binary = targets == 1 && labels.size() == 2;
    if (labels.size() < 2 || targets != labels.size() && !binary) {
      throw new Refusal("it has " + targets + " scores for " + labels.size() + " labels", "export the model again");
    }
    Symbol scores = scope.symbol(new int[] {1, targets}, LinearOps.scores(call, targets), node.label());
    Symbol.Clear clear = scope.clear(scores);
    String transform = node.text("post_transform", "NONE");
    Symbol.Clear result = switch (transform) {
      case "NONE" -> clear;
      case "LOGISTIC" -> scope.tail(TailOp.SIGMOID, clear);
      case "SOFTMAX" -> binary ? clear : scope.tail(TailOp.SOFTMAX, clear);
      default -> throw new Refusal("post_transform is " + transform + "; NONE, LOGISTIC and SOFTMAX run",
          "apply the transform to the raw scores");
    };
    int[] labelShape = {1};
    if (!binary) {
      return List.of(TailLabels.label(labelShape, clear, labels), result);
    }
    // A single score s gives the pair (1 - s, s), as onnxruntime has it, whether or not it is a probability.
    Symbol.Clear both = scope.tail(new int[] {1, 2}, TailOp.BINARY_PROBABILITIES, List.of(result.name()), new long[0], new double[0], List.of());
    long[] integers = labels.isText() ? new long[0] : TailLabels.integers(labels);
    List<String> texts = labels.isText() ? List.of(labels.texts()) : List.of();
    TailNode label = new TailNode(TailOp.THRESHOLD_LABEL, List.of(clear.name()), "", integers, new double[] {0}, texts);
    return List.of(new Symbol.Terminal(labelShape, label), both);
  }

  static Tensor labels(OnnxNode node) {
    String[] texts = node.texts("classlabels_strings");
    if (texts != null && texts.length > 0) {
      return Tensor.ofTexts(new int[] {texts.length}, texts);
    }
    long[] integers = node.integers("classlabels_ints");
    if (integers == null || integers.length == 0) {
      throw new Refusal("it has no class labels", "export the model again");
    }
    double[] numbers = java.util.Arrays.stream(integers).asDoubleStream().toArray();
    return Tensor.of(DataType.INT64, new int[] {numbers.length}, numbers);
  }
}
