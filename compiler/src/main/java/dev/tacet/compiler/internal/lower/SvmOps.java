// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import dev.tacet.he.TailFunction;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Support vector machines with a linear kernel: their vectors fold into one weight vector for each decision; votes, labels and
 * probabilities are the client's.
 */
final class SvmOps {
  private SvmOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("ai.onnx.ml.SVMRegressor", SvmOps::regressor);
    handlers.put("ai.onnx.ml.SVMClassifier", SvmOps::classifier);
  }

  private static void requireLinear(OnnxNode node) {
    String kernel = node.text("kernel_type", "LINEAR");
    if (!kernel.equals("LINEAR")) {
      throw new Refusal("its kernel is " + kernel + ", of which every support vector would take an activation of its own",
          "use kernel='linear', LinearSVC, LinearSVR or an MLP");
    }
    if (!node.text("post_transform", "NONE").equals("NONE")) {
      throw new Refusal("post_transform is " + node.text("post_transform", "NONE") + ", only NONE runs",
          "apply it to the model's output");
    }
  }

  private static double[] reals(OnnxNode node, String attribute, long expected) {
    double[] values = node.reals(attribute);
    if (values == null || values.length != expected) {
      throw new Refusal(attribute + " has " + (values == null ? 0 : values.length) + " values, needs " + expected,
          "export the model again");
    }
    return values;
  }

  private static List<Symbol> regressor(Handler.Call call) {
    OnnxNode node = call.node();
    requireLinear(node);
    if (node.integer("one_class", 0) != 0) {
      throw new Refusal("it gives only the sign of a score (one_class 1)", "return the score of a regressor instead");
    }
    Symbol x = call.required(0);
    int features = Shapes.size(x.shape());
    int supports = (int) node.integer("n_supports", 0);
    double[] weights = supports == 0 ? reals(node, "coefficients", features)
        : weights(reals(node, "coefficients", supports), reals(node, "support_vectors", (long) supports * features), features, 0, 0,
            supports);
    LinearForm form = call.scope().form(x).mapped(Matrix.dense(1, features, weights))
        .plus(LinearForm.constant(reals(node, "rho", 1)), 1);
    return List.of(call.scope().symbol(new int[] {1, 1}, form, node.label()));
  }

  /** The sum of coefficient times support vector, over the vectors from..to, whose coefficients start at an offset. */
  private static double[] weights(double[] coefficients, double[] vectors, int features, int offset, int from, int to) {
    double[] sum = new double[features];
    for (int m = from; m < to; m++) {
      for (int f = 0; f < features; f++) {
        sum[f] += coefficients[offset + m] * vectors[m * features + f];
      }
    }
    return sum;
  }

  private static List<Symbol> classifier(Handler.Call call) {
    OnnxNode node = call.node();
    Scope scope = call.scope();
    requireLinear(node);
    if (call.required(0) instanceof Symbol.Clear) {
      throw new Refusal("it has weights, but follows a step that only the client can take", "end the model before that step");
    }
    Tensor labels = ClassifierOps.labels(node);
    int classes = labels.size();
    Symbol.Clear decisions = scope.clear(decisions(call, classes));
    boolean probabilities = node.reals("prob_a") != null && node.reals("prob_a").length > 0;
    int[] labelShape = {1};
    if (classes == 2) {
      Symbol.Clear scores = decisions;
      if (probabilities) {
        scores = scope.tail(TailOp.SIGMOID, scope.tail(TailOp.AFFINE, decisions, reals(node, "prob_a", 1)[0], reals(node, "prob_b", 1)[0]));
        scores = scope.tail(decisions.shape(), TailOp.FUNCTION, List.of(scores.name()), new long[] {TailFunction.COUPLED.ordinal()}, new double[2],
            List.of());
      }
      Symbol.Clear both = scope.tail(new int[] {1, 2}, probabilities ? TailOp.BINARY_PROBABILITIES : TailOp.BINARY_SCORES,
          List.of(scores.name()), new long[0], new double[0], List.of());
      return List.of(new Symbol.Terminal(labelShape, threshold(decisions, labels)), both);
    }
    if (probabilities) {
      throw new Refusal("it couples the probabilities of " + classes + " classes by an iteration", "train with probability=False");
    }
    return List.of(TailLabels.label(labelShape, votes(scope, decisions, classes), labels), decisions);
  }

  /** A decision above 0 is for the first of two classes. */
  private static TailNode threshold(Symbol.Clear decision, Tensor labels) {
    if (labels.isText()) {
      return new TailNode(TailOp.THRESHOLD_LABEL, List.of(decision.name()), "", new long[0], new double[] {0},
          List.of(labels.texts()[1], labels.texts()[0]));
    }
    long[] numbers = TailLabels.integers(labels);
    return new TailNode(TailOp.THRESHOLD_LABEL, List.of(decision.name()), "", new long[] {numbers[1], numbers[0]},
        new double[] {0}, List.of());
  }

  /** One decision for each pair of classes, the earlier class against the later. */
  private static Symbol decisions(Handler.Call call, int classes) {
    OnnxNode node = call.node();
    Symbol x = call.required(0);
    int features = Shapes.size(x.shape());
    long[] perClass = node.integers("vectors_per_class");
    if (classes < 2 || perClass == null || perClass.length != classes || Arrays.stream(perClass).anyMatch(count -> count < 0)) {
      throw new Refusal("it has " + classes + " classes and vectors_per_class " + Arrays.toString(perClass), "export the model again");
    }
    int[] first = new int[classes + 1];
    for (int c = 0; c < classes; c++) {
      first[c + 1] = Math.addExact(first[c], Math.toIntExact(perClass[c]));
    }
    int supports = first[classes];
    double[] coefficients = reals(node, "coefficients", (long) (classes - 1) * supports);
    double[] vectors = reals(node, "support_vectors", (long) supports * features);
    int pairs = classes * (classes - 1) / 2;
    double[] matrix = new double[pairs * features];
    int pair = 0;
    for (int i = 0; i < classes; i++) {
      for (int j = i + 1; j < classes; j++) {
        double[] a = weights(coefficients, vectors, features, (j - 1) * supports, first[i], first[i + 1]);
        double[] b = weights(coefficients, vectors, features, i * supports, first[j], first[j + 1]);
        for (int f = 0; f < features; f++) {
          matrix[pair * features + f] = a[f] + b[f];
        }
        pair++;
      }
    }
    LinearForm form = call.scope().form(x).mapped(Matrix.dense(pairs, features, matrix))
        .plus(LinearForm.constant(reals(node, "rho", pairs)), 1);
    return call.scope().symbol(new int[] {1, pairs}, form, node.label());
  }

  /** The votes of each class: decisions above 0 are votes for the earlier class of a pair, others for the later. */
  private static Symbol.Clear votes(Scope scope, Symbol.Clear decisions, int classes) {
    Symbol.Clear won = scope.tail(decisions.shape(), TailOp.FUNCTION, List.of(decisions.name()),
        new long[] {TailFunction.GREATER.ordinal()}, new double[2], List.of());
    int others = classes - 1;
    long[] pairs = new long[classes * others];
    double[] affine = new double[2 * pairs.length];
    for (int i = 0, pair = 0; i < classes; i++) {
      for (int j = i + 1; j < classes; j++, pair++) {
        pairs[i * others + j - 1] = pair;
        affine[i * others + j - 1] = 1;
        pairs[j * others + i] = pair;
        affine[j * others + i] = -1;
        affine[pairs.length + j * others + i] = 1;
      }
    }
    int[] shape = {1, pairs.length};
    Symbol.Clear arranged = scope.tail(shape, TailOp.GATHER, List.of(won.name()), pairs, new double[0], List.of());
    Symbol.Clear each = scope.tail(TailOp.VECTOR_AFFINE, arranged, affine);
    return scope.tail(new int[] {1, classes}, TailOp.SUM, List.of(each.name()), new long[] {others}, new double[0], List.of());
  }
}
