// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The axes that nodes work along, as their attributes, their constant inputs or their operators' defaults say. */
final class NodeAxes {
  /** Operators that work along one axis. */
  static final Set<String> ALONG_ONE = Set.of("Softmax", "LogSoftmax", "ArgMax", "ArgMin", "TopK", "LpNormalization", "Concat", "Split", "Gather",
      "ai.onnx.ml.ArrayFeatureExtractor", "ai.onnx.ml.FeatureVectorizer");

  private NodeAxes() {}

  /**
   * Returns the axis of an operator that works along one, as it is written.
   *
   * @param opset of the node's domain
   */
  static long along(OnnxNode node, long opset) {
    long fallback = switch (node.opType()) {
      case "ArgMax", "ArgMin", "Split", "Gather" -> 0;
      case "Concat" -> 1;
      case "Softmax", "LogSoftmax" -> opset < 13 ? 1 : -1;
      default -> -1;
    };
    return node.integer("axis", fallback);
  }

  /** Returns whether axes, as they are written, have one of them. */
  static boolean contain(long[] axes, int axis, int rank) {
    return Arrays.stream(axes).anyMatch(each -> each == axis || each == axis - rank);
  }

  /** Returns integers of an attribute, or of the input that took its place; null where there is neither, or it is no constant. */
  static long[] numbers(OnnxNode node, List<Symbol> inputs, String attribute, int input) {
    return node.integers(attribute) != null ? node.integers(attribute)
        : inputs.size() > input && inputs.get(input) instanceof Symbol.Known known && !known.tensor().isText() ? known.tensor().wholes() : null;
  }
}
