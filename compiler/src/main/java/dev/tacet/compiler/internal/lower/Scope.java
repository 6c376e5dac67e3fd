// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.compiler.internal.onnx.Tensor;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The network and tail under construction while a graph is lowered. */
final class Scope {
  /** The name of the single decrypted vector from which the tail starts. */
  static final String DECRYPTED = "#decrypted";

  /** The most elements of an encrypted vector: the slots of a standard ring of degree 2^16. */
  static final int MAX_VECTOR = 1 << 15;

  /** The most elements of a linear form that other forms are made of, and that is never encrypted itself. */
  private static final int MAX_FORM = 1 << 18;

  private final List<Node> nodes = new ArrayList<>();
  private final Map<Symbol.Root, Map<Univariate, LinearForm>> materialised = new HashMap<>();
  private final Map<Symbol.Root, Map<Univariate, Symbol.Clear>> exported = new HashMap<>();
  private final List<LinearForm> exports = new ArrayList<>();
  private final List<TailNode> tail = new ArrayList<>();
  private final Map<String, Order> orders = new HashMap<>();

  /** The vector whose elements have the same order in each group of so many consecutive ones. */
  private record Order(Symbol.Clear original, int group) {}

  List<Node> nodes() {
    return nodes;
  }

  List<LinearForm> exports() {
    return exports;
  }

  List<TailNode> tail() {
    return tail;
  }

  /** Adds an input and returns its symbol. */
  Symbol.Hidden input(String name, int[] shape) {
    requireSlots(Shapes.size(shape));
    Node.Input input = new Node.Input(nodes.size(), name, features(shape));
    nodes.add(input);
    return hidden(shape, LinearForm.of(input.id(), input.size()), name);
  }

  /** Returns a symbol for a form: a constant if it has no terms, else the root of a new chain. */
  Symbol symbol(int[] shape, LinearForm form, String name) {
    if (form.isConstant()) {
      return new Symbol.Known(Tensor.of(DataType.DOUBLE, shape, form.bias()));
    }
    return hidden(shape, form, name);
  }

  private static Symbol.Hidden hidden(int[] shape, LinearForm form, String name) {
    if (form.size() > MAX_FORM) {
      throw new Refusal("it makes a vector of " + form.size() + " elements, at most " + MAX_FORM + " are compiled",
          "make the layer narrower");
    }
    return new Symbol.Hidden(shape, new Symbol.Root(shape, form), Univariate.X, name);
  }

  /** Returns the linear form of a constant or encrypted symbol, making an activation node where it has none yet. */
  LinearForm form(Symbol symbol) {
    if (symbol instanceof Symbol.Known known) {
      return LinearForm.constant(known.tensor().numbers());
    }
    Symbol.Hidden hidden = (Symbol.Hidden) symbol;
    return materialised
        .computeIfAbsent(hidden.root(), root -> new HashMap<>())
        .computeIfAbsent(hidden.function(), function -> materialise(hidden));
  }

  private LinearForm materialise(Symbol.Hidden hidden) {
    LinearForm form = hidden.root().form();
    Univariate function = hidden.function();
    if (function.degree() == 0 || function.degree() == 1) {
      double[] factors = new double[form.size()];
      double[] offsets = new double[form.size()];
      double offset = function.at(0);
      Arrays.fill(offsets, offset);
      Arrays.fill(factors, function.equals(Univariate.X) ? 1 : function.at(1) - offset);
      return form.scaled(factors, offsets);
    }
    requireSlots(form.size());
    int[] features = features(hidden.root().shape());
    int batch = hidden.root().shape().length - features.length;
    int[] channels = Arrays.stream(hidden.root().channelAxes())
        .map(axis -> Math.max(0, Math.min(axis - batch, features.length - 1))).distinct().toArray();
    Node.Activation activation = new Node.Activation(nodes.size(), unique(hidden.name()), features, channels, function, form);
    nodes.add(activation);
    return LinearForm.of(activation.id(), activation.size());
  }

  /** Adds the element-wise product of two forms and returns its form. */
  LinearForm product(String name, int[] shape, LinearForm left, LinearForm right) {
    requireSlots(left.size());
    Node.Product product = new Node.Product(nodes.size(), unique(name), features(shape), left, right);
    nodes.add(product);
    return LinearForm.of(product.id(), product.size());
  }

  /**
   * Returns a shape that a node asks for, as the file has it, in ints.
   *
   * @throws Refusal if its tensor would have a negative dimension, or more elements than any may have
   */
  static int[] modest(long... shape) {
    long size = 1;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new Refusal("it makes a tensor of shape " + Arrays.toString(shape) + ", which has a negative dimension",
            "check the model with onnx.checker and export it again");
      }
      size = dimension > Shapes.MAX_ELEMENTS ? Shapes.MAX_ELEMENTS + 1L : size * dimension;
      if (size > Shapes.MAX_ELEMENTS) {
        throw new Refusal("it makes a tensor of shape " + Arrays.toString(shape) + ", more than " + Shapes.MAX_ELEMENTS + " elements",
            "make the tensor smaller: fewer repeats, features or channels");
      }
    }
    return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
  }

  private static void requireSlots(int size) {
    if (size > MAX_VECTOR) {
      throw new Refusal("it makes an encrypted vector of " + size + " elements, at most " + MAX_VECTOR + " fit in the slots",
          "make the layer narrower: fewer channels, or a larger stride");
    }
  }

  /** Returns a shape without its batch, which is the first dimension where it is 1 and others follow. */
  private static int[] features(int[] shape) {
    return shape.length > 1 && shape[0] == 1 ? Arrays.copyOfRange(shape, 1, shape.length)
        : shape.length == 0 ? new int[] {1} : shape;
  }

  private String unique(String name) {
    String base = name;
    for (int i = 2; nodes.stream().map(Node::name).anyMatch(name::equals); i++) {
      name = base + "#" + i;
    }
    return name;
  }

  /** The refusal of a step of the client's whose argument is a constant. */
  static Refusal constant() {
    return new Refusal("what it takes does not depend on the model's input",
        "remove it from the outputs; if all weights before it are zero, train the model again");
  }

  /** Returns the client's copy of a symbol: an encrypted one joins the values that are sent back. */
  Symbol.Clear clear(Symbol symbol) {
    if (symbol instanceof Symbol.Clear clear) {
      return clear;
    }
    if (symbol instanceof Symbol.Known) {
      throw constant();
    }
    if (!(symbol instanceof Symbol.Hidden hidden)) {
      throw arithmeticOnLabels();
    }
    Symbol.Clear clear = exported
        .computeIfAbsent(hidden.root(), root -> new HashMap<>())
        .computeIfAbsent(hidden.function(), function -> {
          exports.add(form(hidden));
          return new Symbol.Clear(hidden.shape(), exportName(exports.size() - 1));
        });
    return new Symbol.Clear(hidden.shape(), clear.name());
  }

  /** Returns the tail's name of an exported vector. */
  static String exportName(int index) {
    return "#value" + index;
  }

  /** Notes that two vectors have the same order of elements in each group, so that the best of one is that of the other. */
  void sameOrder(Symbol.Clear vector, Symbol.Clear original, int group) {
    orders.put(vector.name(), new Order(original, group));
  }

  /** Returns the earliest vector known to have the same order of elements in groups of so many. */
  Symbol.Clear ordered(Symbol.Clear vector, int group) {
    Order order = orders.get(vector.name());
    return order == null || order.group() % group != 0 ? vector : ordered(order.original(), group);
  }

  /** Adds a tail node and returns its symbol. */
  Symbol.Clear tail(int[] shape, TailOp op, List<String> inputs, long[] integers, double[] numbers, List<String> strings) {
    String name = "#" + tail.size();
    tail.add(new TailNode(op, inputs, name, integers, numbers, strings));
    return new Symbol.Clear(shape, name);
  }

  /** Adds a tail node of one input with numbers. */
  Symbol.Clear tail(TailOp op, Symbol.Clear input, double... numbers) {
    return tail(input.shape(), op, List.of(input.name()), new long[0], numbers, List.of());
  }

  /** Returns a symbol whose element i is element indexes[i] of the argument, under a new shape. */
  Symbol select(Symbol symbol, int[] indexes, int[] shape, String name) {
    boolean whole = indexes.length == Shapes.size(symbol.shape());
    for (int i = 0; whole && i < indexes.length; i++) {
      whole = indexes[i] == i;
    }
    if (symbol instanceof Symbol.Known known) {
      return new Symbol.Known(whole ? known.tensor().reshape(shape) : pick(known.tensor(), indexes, shape));
    }
    if (symbol instanceof Symbol.Hidden hidden) {
      return whole
          ? new Symbol.Hidden(shape, hidden.root(), hidden.function(), hidden.name())
          : symbol(shape, form(hidden).select(indexes), name);
    }
    if (symbol instanceof Symbol.Clear clear) {
      if (whole) {
        return new Symbol.Clear(shape, clear.name());
      }
      return tail(shape, TailOp.GATHER, List.of(clear.name()), Arrays.stream(indexes).asLongStream().toArray(),
          new double[0], List.of());
    }
    if (whole && symbol instanceof Symbol.Index index) {
      return new Symbol.Index(shape, index.scores(), index.group(), index.largest());
    }
    if (whole && symbol instanceof Symbol.Terminal terminal) {
      return new Symbol.Terminal(shape, terminal.node());
    }
    throw new Refusal("it selects from labels or maps", "select from the scores instead");
  }

  private static Tensor pick(Tensor tensor, int[] indexes, int[] shape) {
    if (tensor.isText()) {
      String[] texts = tensor.texts();
      return Tensor.ofTexts(shape, Arrays.stream(indexes).mapToObj(i -> texts[i]).toArray(String[]::new));
    }
    double[] numbers = tensor.numbers();
    return Tensor.of(tensor.type(), shape, Arrays.stream(indexes).mapToDouble(i -> numbers[i]).toArray());
  }

  /** The refusal of an operator that would compute with a label or an index. */
  static Refusal arithmeticOnLabels() {
    return new Refusal("it computes with a label or an index on the client's side",
        "let the model end with the scores and do this step on its outputs");
  }
}
