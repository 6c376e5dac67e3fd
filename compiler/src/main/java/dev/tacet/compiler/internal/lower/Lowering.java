// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.MalformedModelException;
import dev.tacet.compiler.ModelProblem;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.DataType;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailFunction;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The pass from {@link OnnxGraph} to {@link Network}. */
public final class Lowering {
  /** The most elements of all values together, 2^28. */
  private static final long MAX_ELEMENTS = 1L << 28;

  private static final Map<String, Handler> HANDLERS = handlers();

  private final OnnxGraph graph;
  private final int columns;
  private final Scope scope = new Scope();
  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Map<String, OnnxNode> makers = new HashMap<>();
  /** What stands before refused nodes and was gone through. */
  private final Set<OnnxNode> explained = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<ModelProblem> problems = new ArrayList<>();
  private final Weights weights = new Weights();
  private final ElementTypes types;
  private final FixedRows rows;
  private final OpenRows openRows;
  private final ChannelAxes channels = new ChannelAxes();
  private long elements;

  private Lowering(OnnxGraph graph, int columns) {
    this.graph = graph;
    this.types = new ElementTypes(graph);
    this.rows = new FixedRows(graph);
    this.openRows = new OpenRows(graph);
    this.columns = columns;
  }

  private static Map<String, Handler> handlers() {
    Map<String, Handler> handlers = new HashMap<>();
    UnaryOps.register(handlers);
    BinaryOps.register(handlers);
    LinearOps.register(handlers);
    ConvOps.register(handlers);
    SumOps.register(handlers);
    ShapeOps.register(handlers);
    ClassifierOps.register(handlers);
    SvmOps.register(handlers);
    return handlers;
  }

  /**
   * Lowers a graph.
   *
   * @param columns features of one row of sample data, for models that leave the width of their input open; 0 if unknown
   * @throws UncompilableModelException with every node that cannot run
   */
  public static Network lower(OnnxGraph graph, int columns) {
    return new Lowering(graph, columns).run();
  }

  private Network run() {
    graph.constants().forEach((name, tensor) -> symbols.put(name, new Symbol.Known(weights.admit(name, tensor))));
    graph.tooLarge().forEach((name, reason) -> {
      problems.add(new ModelProblem(name, "constant", reason, "use smaller layers: fewer features, units or channels"));
      symbols.put(name, new Symbol.Failed());
    });
    graph.inputs().forEach(this::bindInput);
    Set<OnnxNode> tail = TailSplit.of(graph);
    for (OnnxNode node : graph.nodes()) {
      execute(node, tail.contains(node));
    }
    Network network = problems.isEmpty() ? assemble() : null;
    if (!problems.isEmpty()) {
      throw new UncompilableModelException(problems);
    }
    return network;
  }

  private void bindInput(OnnxGraph.Value input) {
    List<Integer> dimensions = input.dimensions();
    List<Integer> features = new ArrayList<>(dimensions.size() > 1 ? dimensions.subList(1, dimensions.size()) : dimensions);
    int open = 0;
    long known = 1;
    for (int dimension : features) {
      open += dimension < 0 ? 1 : 0;
      known = Math.min(known * Math.max(dimension, 1), Shapes.MAX_ELEMENTS + 1L);
    }
    if (known > Shapes.MAX_ELEMENTS) {
      problems.add(new ModelProblem(input.name(), "input",
          "its shape " + dimensions + " (-1 is open) has more than " + Shapes.MAX_ELEMENTS + " elements in a row", "declare fewer features"));
      symbols.put(input.name(), new Symbol.Failed());
      return;
    }
    boolean fits = open == 1 && graph.inputs().size() == 1 && columns > 0 && columns % known == 0;
    if (input.type() == null || !input.type().isReal() && input.type() != dev.tacet.compiler.internal.onnx.DataType.INT64
        && input.type() != dev.tacet.compiler.internal.onnx.DataType.INT32 || dimensions.isEmpty() || features.contains(0)
        || open > 0 && !fits) {
      problems.add(new ModelProblem(input.name(), "input",
          "its type is " + input.type() + " and its shape " + dimensions + " (-1 is open)",
          "declare a float tensor with a batch dimension and fixed feature dimensions"));
      symbols.put(input.name(), new Symbol.Failed());
      return;
    }
    int size = (int) (columns / known);
    features.replaceAll(dimension -> dimension < 0 ? size : dimension);
    int[] shape = new int[dimensions.size()];
    shape[0] = dimensions.size() > 1 ? 1 : features.get(0);
    for (int i = 1; i < shape.length; i++) {
      shape[i] = features.get(i - 1);
    }
    try {
      symbols.put(input.name(), scope.input(input.name(), shape));
    } catch (Refusal | IllegalArgumentException e) {
      problems.add(new ModelProblem(input.name(), "input", e.getMessage(), "declare fewer features"));
      symbols.put(input.name(), new Symbol.Failed());
    }
  }

  private void execute(OnnxNode node, boolean client) {
    node.outputs().stream().filter(output -> !output.isEmpty()).forEach(output -> makers.put(output, node));
    List<Symbol> inputs = new ArrayList<>();
    for (String name : node.inputs()) {
      inputs.add(name.isEmpty() ? null : symbols.get(name));
    }
    for (Refusal refusal : weights.notFinite(node)) {
      problems.add(problem(node, refusal));
    }
    types.made(node);
    rows.made(node, inputs);
    Optional<Refusal> attribute =
        Weights.notFiniteAttribute(node).or(() -> KnownAttributes.unknown(node, graph.opset(node.domain())));
    if (attribute.isPresent()) {
      problems.add(problem(node, attribute.get()));
      standIn(node, Optional.empty());
      return;
    }
    if (inputs.stream().anyMatch(Symbol.Failed.class::isInstance)) {
      standIn(node, Optional.empty());
      if (!HANDLERS.containsKey(node.qualifiedType()) && !TailOps.runs(node.qualifiedType())) {
        problems.add(problem(node, unknown(node)));
      }
      return;
    }
    boolean variable = inputs.stream().anyMatch(symbol -> symbol != null && !(symbol instanceof Symbol.Known));
    boolean clear = inputs.stream().anyMatch(symbol -> symbol instanceof Symbol.Clear || symbol instanceof Symbol.Index
        || symbol instanceof Symbol.Terminal);
    Handler.Call call = new Handler.Call(node, inputs, scope, graph, openRows.areElsewhere(node, inputs));
    try {
      openRows.require(node, inputs, rows.isOfShapes(node));
      inputs = rows.inputs(node, inputs);
      call = call.with(inputs);
      Handler handler = HANDLERS.get(node.qualifiedType());
      boolean classifier = node.qualifiedType().equals("ai.onnx.ml.LinearClassifier")
          || node.qualifiedType().equals("ai.onnx.ml.SVMClassifier");
      List<Symbol> outputs;
      if (handler == null && !TailOps.runs(node.qualifiedType())) {
        throw unknown(node);
      }
      types.require(node, inputs, variable);
      Weights.requireModest(node, inputs);
      if (variable && (client || clear) && !classifier && !node.opType().equals("Shape") && !node.opType().equals("Size")) {
        outputs = TailOps.lower(call);
      } else if (handler != null) {
        outputs = handler.lower(call);
      } else {
        throw variable ? unknown(node) : Scope.constant();
      }
      outputs = weights.admit(node, outputs);
      Weights.requireModest(outputs, inputs);
      if (!variable) {
        outputs = types.folded(node, outputs);
      }
      types.made(node, outputs);
      channels.made(node, inputs, outputs);
      Handler.Call made = call;
      openRows.made(node, inputs, outputs, others -> handler.lower(made.with(others)));
      if (elements > MAX_ELEMENTS) {
        throw new MalformedModelException("the values of the model have more than " + MAX_ELEMENTS
            + " elements together, reached at node " + node.label());
      }
      for (int i = 0; i < node.outputs().size(); i++) {
        Symbol output = i < outputs.size() ? outputs.get(i) : new Symbol.Failed();
        symbols.put(node.outputs().get(i), output);
        elements += Shapes.size(output.shape());
      }
    } catch (Refusal refusal) {
      if (clear) {
        refuseEarlierClientStep(node);
      }
      refuse(call, refusal);
    } catch (ClassCastException e) {  // an operator on vectors got a label or an index
      refuse(call, clear ? Scope.arithmeticOnLabels() : new Refusal("its operands do not fit", "check the model with onnx.checker and export it again"));
    } catch (IndexOutOfBoundsException e) {  // its text is of the program that looked, not of the model
      refuse(call, new Refusal("an index, an axis or a count of it lies outside of its operands", "check the model with onnx.checker and export it again"));
    } catch (IllegalArgumentException | ArithmeticException e) {
      refuse(call, new Refusal("its operands do not fit: " + e.getMessage(), "check the model with onnx.checker and export it again"));
    }
  }

  /** A step that only the client can take stands before weights: both are named, for either could be changed. */
  private void refuseEarlierClientStep(OnnxNode node) {
    Deque<String> open = new ArrayDeque<>(node.inputs());
    while (!open.isEmpty()) {
      OnnxNode earlier = makers.get(open.remove());
      if (earlier == null || !explained.add(earlier)) {
        continue;
      }
      if (TailOps.CLIENT_ONLY.contains(earlier.qualifiedType())) {
        problems.add(new ModelProblem(earlier.label(), earlier.qualifiedType(), Rewrites.reason(earlier.qualifiedType()),
            Rewrites.rewrite(earlier.qualifiedType())));
      } else {
        open.addAll(earlier.inputs());
      }
    }
  }

  private void refuse(Handler.Call call, Refusal refusal) {
    problems.add(problem(call.node(), refusal));
    standIn(call.node(), RefusedShapes.of(call));
  }

  /** Puts vectors in the place of those that a node cannot make, so that their readers are judged too; of the first output by its shape. */
  private void standIn(OnnxNode node, Optional<int[]> first) {
    for (int i = 0; i < node.outputs().size(); i++) {
      String name = node.outputs().get(i);
      Symbol declared = standIn(name, graph.shapes().getOrDefault(name, List.of()).stream().mapToInt(Integer::intValue).toArray());
      symbols.put(name, declared instanceof Symbol.Failed && i == 0 && first.isPresent() ? standIn(name, first.get().clone()) : declared);
    }
  }

  private Symbol standIn(String name, int[] shape) {
    if (shape.length > 1 && shape[0] <= 0) {
      shape[0] = 1;
    }
    if (shape.length < 2 || shape[0] != 1 || Arrays.stream(shape).anyMatch(dimension -> dimension < 1)) {
      return new Symbol.Failed();
    }
    try {
      return scope.input(name, shape);
    } catch (Refusal | IllegalArgumentException e) {
      return new Symbol.Failed();
    }
  }

  private static ModelProblem problem(OnnxNode node, Refusal refusal) {
    return new ModelProblem(node.label(), node.qualifiedType(), refusal.getMessage(), refusal.rewrite());
  }

  private static Refusal unknown(OnnxNode node) {
    return new Refusal(Rewrites.reason(node.qualifiedType()), Rewrites.rewrite(node.qualifiedType()));
  }

  private Network assemble() {
    List<TailNode> last = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    for (OnnxGraph.Value output : graph.outputs()) {
      Symbol symbol = symbols.get(output.name());
      if (!names.add(output.name())) {
        problems.add(new ModelProblem(output.name(), "output", "the model lists it twice", "list each output once"));
        continue;
      }
      DataType made = types.of(output.name());
      if (made != null && output.type() != null && made != output.type()) {
        problems.add(new ModelProblem(output.name(), "output", "it is declared as " + output.type() + ", and is of the type " + made,
            "check the model with onnx.checker and export it again"));
      } else if (symbol instanceof Symbol.Known || symbol instanceof Symbol.Failed) {
        problems.add(new ModelProblem(output.name(), "output", "it does not depend on the input", "remove it from the outputs"));
      } else if (symbol instanceof Symbol.Index index) {
        last.add(TailNode.withIntegers(index.largest() ? TailOp.ARGMAX : TailOp.ARGMIN, index.scores().name(),
            output.name(), index.group()));
      } else if (symbol instanceof Symbol.Terminal terminal) {
        TailNode node = terminal.node();
        last.add(new TailNode(node.op(), node.inputs(), output.name(), node.integers(), node.numbers(), node.strings()));
      } else {
        String value = scope.clear(symbol).name();
        last.add(types.isWhole(output.name()) ? new TailNode(TailOp.FUNCTION, List.of(value), output.name(),
            new long[] {TailFunction.ROUND.ordinal()}, new double[2], List.of()) : TailNode.of(TailOp.IDENTITY, value, output.name()));
      }
    }
    long returned = scope.exports().stream().mapToLong(LinearForm::size).sum();
    if (returned > Scope.MAX_VECTOR) {
      problems.add(new ModelProblem(names.iterator().next(), "output", "an answer has " + returned + " values, at most " + Scope.MAX_VECTOR
          + " fit in the slots", "return fewer values"));
    }
    if (!problems.isEmpty()) {
      return null;
    }
    List<TailNode> tail = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < scope.exports().size(); i++) {
      int size = scope.exports().get(i).size();
      long[] indexes = new long[size];
      for (int j = 0; j < size; j++) {
        indexes[j] = offset + j;
      }
      offset += size;
      tail.add(scope.exports().size() == 1
          ? TailNode.of(TailOp.IDENTITY, Scope.DECRYPTED, Scope.exportName(i))
          : TailNode.withIntegers(TailOp.GATHER, Scope.DECRYPTED, Scope.exportName(i), indexes));
    }
    tail.addAll(scope.tail());
    tail.addAll(last);
    LinearForm output = LinearForm.stack(scope.exports());
    if (output.isConstant() || Shapes.size(new int[] {output.size()}) == 0) {
      problems.add(new ModelProblem(names.iterator().next(), "output", "it does not depend on the input", "remove it from the outputs"));
      return null;
    }
    return new Network(scope.nodes(), output, Scope.DECRYPTED,
        new Postprocessing(List.of(Scope.DECRYPTED), tail, List.copyOf(names)));
  }
}
