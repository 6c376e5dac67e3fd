// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.DataType;
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
import java.util.stream.IntStream;

/** Labels, indexes and maps on the client: what makes them, and what renames or converts them. */
final class TailLabels {
  /** The choices that end in one of a list of labels. */
  private static final Set<TailOp> LABELS = Set.of(TailOp.LABEL, TailOp.THRESHOLD_LABEL);

  private TailLabels() {}

  /** Looks a label up by an index: the label of the best score. */
  static Symbol lookup(Handler.Call call) {
    if (!(call.required(0) instanceof Symbol.Known known) || !(call.required(1) instanceof Symbol.Index index)) {
      throw new Refusal("it selects by a computed position", "select by a constant, or look up a label after ArgMax");
    }
    Tensor labels = known.tensor();
    if (labels.size() != index.group() || Shapes.size(index.shape()) != 1) {
      throw new Refusal("it looks up " + Shapes.size(index.shape()) + " labels among " + labels.size() + " for groups of "
          + index.group() + " scores", "look up one label among as many as there are scores");
    }
    return label(index.shape(), scores(call, index), labels);
  }

  /** The scores of which the index is that of the largest. */
  private static Symbol.Clear scores(Handler.Call call, Symbol.Index index) {
    return index.largest() ? index.scores() : call.scope().tail(TailOp.AFFINE, index.scores(), -1, 0);
  }

  /** The label of the largest score. */
  static Symbol.Terminal label(int[] shape, Symbol.Clear scores, Tensor labels) {
    TailNode node = labels.isText()
        ? TailNode.withStrings(TailOp.LABEL, scores.name(), "", List.of(labels.texts()))
        : TailNode.withIntegers(TailOp.LABEL, scores.name(), "", integers(labels));
    return new Symbol.Terminal(shape, node);
  }

  static long[] integers(Tensor tensor) {
    double[] numbers = tensor.numbers();
    for (double value : numbers) {
      if (value != (long) value) {
        throw new Refusal("its label " + value + " is no whole number", "use text, or look the number up behind the answer's index");
      }
    }
    return Arrays.stream(numbers).mapToLong(value -> (long) value).toArray();
  }

  static List<Symbol> zipMap(Handler.Call call) {
    Symbol.Clear x = call.scope().clear(call.required(0));
    String[] texts = call.node().texts("classlabels_strings");
    long[] integers = call.node().integers("classlabels_int64s");
    int classes = texts != null ? texts.length : integers != null ? integers.length : 0;
    if (classes != Shapes.size(x.shape())) {
      throw new Refusal("it has " + classes + " classes for " + Shapes.size(x.shape()) + " scores",
          "export the model again");
    }
    TailNode node = texts != null
        ? TailNode.withStrings(TailOp.ZIP_MAP, x.name(), "", List.of(texts))
        : TailNode.withIntegers(TailOp.ZIP_MAP, x.name(), "", integers);
    return List.of(new Symbol.Terminal(x.shape(), node));
  }

  /** LabelEncoder after a label or an index: the labels themselves are translated. */
  static List<Symbol> encode(Handler.Call call) {
    OnnxNode node = call.node();
    String[] keys = texts(node, "keys_");
    String[] values = texts(node, "values_");
    if (keys == null || values == null || keys.length != values.length) {
      throw new Refusal("it encodes by another table than one of text or int64 keys and values", "apply it to the model's outputs");
    }
    Symbol.Terminal terminal = labelled(call, call.required(0));
    TailNode label = terminal.node();
    if (label.strings().isEmpty() == node.has("keys_strings")) {
      throw new Refusal("its keys are of another type than the labels", "export the model again");
    }
    Map<String, String> table = new LinkedHashMap<>();
    for (int i = 0; i < keys.length; i++) {
      table.putIfAbsent(keys[i], values[i]);
    }
    List<String> old = label.strings().isEmpty()
        ? Arrays.stream(label.integers()).mapToObj(Long::toString).toList() : label.strings();
    boolean text = node.has("values_strings");
    String other = text ? node.text("default_string", "_Unused") : Long.toString(node.integer("default_int64", -1));
    List<String> renamed = old.stream().map(key -> table.getOrDefault(key, other)).toList();
    return List.of(relabelled(terminal, text ? renamed : List.of(),
        text ? new long[0] : renamed.stream().mapToLong(Long::parseLong).toArray()));
  }

  /** A symbol as a choice with a list of labels; an index has its own numbers for labels. */
  private static Symbol.Terminal labelled(Handler.Call call, Symbol symbol) {
    if (symbol instanceof Symbol.Terminal terminal && LABELS.contains(terminal.node().op())) {
      return terminal;
    }
    if (symbol instanceof Symbol.Index index && Shapes.size(index.shape()) == 1) {
      double[] numbers = IntStream.range(0, index.group()).asDoubleStream().toArray();
      return label(index.shape(), scores(call, index), Tensor.of(DataType.INT64, new int[] {numbers.length}, numbers));
    }
    throw new Refusal("it takes something else than one label of a classifier", "apply it to the model's outputs");
  }

  private static Symbol.Terminal relabelled(Symbol.Terminal terminal, List<String> texts, long[] numbers) {
    TailNode label = terminal.node();
    return new Symbol.Terminal(terminal.shape(), new TailNode(label.op(), label.inputs(), "", numbers, label.numbers(), texts));
  }

  private static String[] texts(OnnxNode node, String prefix) {
    if (node.has(prefix + "strings")) {
      return node.texts(prefix + "strings");
    }
    if (node.has(prefix + "int64s")) {
      return Arrays.stream(node.integers(prefix + "int64s")).mapToObj(Long::toString).toArray(String[]::new);
    }
    return null;
  }

  static List<Symbol> cast(Handler.Call call) {
    DataType type = DataType.ofCode((int) call.node().integer("to", 0));
    if (type == null) {
      throw new Refusal("it casts to element type " + call.node().integer("to", 0), "cast to float or int64");
    }
    return List.of(cast(call, call.required(0), type));
  }

  private static Symbol cast(Handler.Call call, Symbol x, DataType type) {
    if (x instanceof Symbol.Clear clear) {
      if (type.isReal()) {
        return x;
      }
      if (type != DataType.BOOL && type != DataType.INT32 && type != DataType.INT64) {
        throw new Refusal("it casts numbers to " + type + ", which holds few of them", "cast to int64, or cast the model's output");
      }
      return TailFunctions.function(call, clear, type == DataType.BOOL ? "nonzero" : "truncate", 0, 0);
    }
    if (x instanceof Symbol.Terminal terminal && !terminal.node().strings().isEmpty()) {
      if (type == DataType.STRING && LABELS.contains(terminal.node().op())) {
        return x;
      }
    } else if (type == DataType.STRING) {
      Symbol.Terminal terminal = labelled(call, x);
      return relabelled(terminal, Arrays.stream(terminal.node().integers()).mapToObj(Long::toString).toList(), new long[0]);
    } else if (type != DataType.BOOL && numbers(x).stream().allMatch(number -> type.isReal() ? type.rounded(number) == number : type.holds(number))) {
      return x;
    }
    throw new Refusal("it casts a label or an index to " + type + ", which does not hold it", "cast the model's output");
  }

  /** What a label or an index may be: all of the labels, or the largest index. */
  private static List<Long> numbers(Symbol x) {
    if (x instanceof Symbol.Index index) {
      return List.of(index.group() - 1L);
    }
    if (x instanceof Symbol.Terminal terminal && terminal.node().op() != TailOp.ZIP_MAP) {
      TailNode node = terminal.node();
      return LABELS.contains(node.op()) ? Arrays.stream(node.integers()).boxed().toList() : List.of(node.integers()[0] - 1);
    }
    throw new Refusal("it casts a map", "cast its scores");
  }
}
