// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The end of a model that runs on the client after decryption and costs no level: sigmoid, softmax, labels, class maps.
 *
 * <p>A list of nodes over named one-dimensional tensors of one row, from the VALUE outputs to the model's outputs. Error
 * bounds are carried through every node, and a label or index whose margin is below its error is reported as undecided.
 *
 * <p>Scores without a label have a class too: a choice named {@link #classOf} an output decides whether that output is undecided.
 */
public final class Postprocessing {
  /** Most nodes. */
  public static final int MAX_NODES = 4096;

  private final List<String> inputs;
  private final List<TailNode> nodes;
  private final List<String> outputs;

  /**
   * Makes and validates a graph.
   *
   * @param inputs names of the decrypted values
   * @param nodes in an order in which every input is made before it is used; labels, indices and maps are used by none
   * @param outputs names of the model's outputs in its order; each an input or made by a node
   * @throws IllegalArgumentException if a name is missing or made twice
   */
  public Postprocessing(List<String> inputs, List<TailNode> nodes, List<String> outputs) {
    this.inputs = List.copyOf(inputs);
    this.nodes = List.copyOf(nodes);
    this.outputs = List.copyOf(outputs);
    Signature.require(!inputs.isEmpty() && inputs.size() <= 0xffff, "postprocessing has %d inputs", inputs.size());
    Signature.require(!outputs.isEmpty() && outputs.size() <= 0xffff, "postprocessing has %d outputs", outputs.size());
    Signature.require(nodes.size() <= MAX_NODES, "postprocessing has %d nodes, at most %d", nodes.size(), MAX_NODES);
    Set<String> made = new HashSet<>();
    Set<String> usable = new HashSet<>();
    for (String input : inputs) {
      Signature.require(made.add(input), "postprocessing input %s occurs twice", input);
      usable.add(input);
    }
    for (TailNode node : nodes) {
      for (String input : node.inputs()) {
        Signature.require(usable.contains(input), "postprocessing %s takes %s, which no earlier node makes as numbers", node, input);
      }
      Signature.require(made.add(node.output()), "postprocessing makes %s twice", node.output());
      if (!node.op().terminal()) {
        usable.add(node.output());
      }
    }
    Set<String> distinct = new HashSet<>();
    for (String output : outputs) {
      Signature.require(made.contains(output), "postprocessing output %s is made by no node", output);
      Signature.require(distinct.add(output), "postprocessing output %s occurs twice", output);
    }
  }

  /** Returns the graph that hands the values through unchanged. */
  public static Postprocessing identity(List<String> names) {
    return new Postprocessing(names, List.of(), names);
  }

  /** Returns the name of the choice that says whether the class in an output of scores is undecided. */
  public static String classOf(String output) {
    return "#class " + output;
  }

  /** Returns whether a label, an index or the class of scores is chosen: the model is a classifier. */
  public boolean chooses() {
    return nodes.stream()
        .anyMatch(node -> node.op().chooses()
            && outputs.stream().anyMatch(name -> node.output().equals(name) || node.output().equals(classOf(name))));
  }

  /** Returns the names of the decrypted values that it takes. */
  public List<String> inputs() {
    return inputs;
  }

  /** Returns the nodes. */
  public List<TailNode> nodes() {
    return nodes;
  }

  /** Returns the names of the model's outputs in its order. */
  public List<String> outputs() {
    return outputs;
  }

  /**
   * The outputs of one row.
   *
   * @param outputs by name, in the model's order
   * @param errorBounds for each output of numbers or a map, a bound of the error of any of its elements; for a label or index, 0
   * @param undecided names of the outputs whose label, index or class of scores could be another within the error bounds, and of those
   *     with a number behind a step, such as a comparison or a rounding, that could fall to the other side
   */
  public record Result(Map<String, OutputValue> outputs, Map<String, Double> errorBounds, Set<String> undecided) {
    /** Copies. */
    public Result {
      outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
      errorBounds = Collections.unmodifiableMap(new LinkedHashMap<>(errorBounds));
      undecided = Set.copyOf(undecided);
    }

    /** Returns names and no value: this object is likely to be logged. */
    @Override
    public String toString() {
      return "Result[" + outputs.keySet() + ", undecided " + undecided + "]";
    }
  }

  /**
   * Runs on exact values.
   *
   * @param values numbers by input name
   * @return outputs by name, in the model's order
   * @throws IllegalArgumentException if a value is missing or a node's shape does not fit
   */
  public Map<String, OutputValue> run(Map<String, double[]> values) {
    return run(values, Map.of()).outputs();
  }

  /**
   * Runs on values that carry an error.
   *
   * @param values numbers by input name
   * @param errors bound of the absolute error of each element, by input name; a missing one is 0
   * @throws IllegalArgumentException if a value is missing or a node's shape does not fit
   */
  public Result run(Map<String, double[]> values, Map<String, Double> errors) {
    Map<String, double[]> each = new HashMap<>();
    values.forEach((name, value) -> each.put(name, Measured.uniform(value, errors.getOrDefault(name, 0.0)).errors()));
    return runMeasured(values, each);
  }

  /**
   * Runs on values that carry an error each.
   *
   * @param values numbers by input name
   * @param errors bounds of the absolute errors of the elements, one each, by input name
   * @throws IllegalArgumentException if a value or its errors are missing, or a node's shape does not fit
   */
  public Result runMeasured(Map<String, double[]> values, Map<String, double[]> errors) {
    return run(values, errors, true);
  }

  /**
   * Runs on values of unknown error: the bounds of the margins alone say which choices are undecided.
   *
   * @param values numbers by input name
   * @throws IllegalArgumentException if a value is missing or a node's shape does not fit
   */
  public Result runByMargins(Map<String, double[]> values) {
    Map<String, double[]> errors = new HashMap<>();
    values.forEach((name, value) -> errors.put(name, Measured.uniform(value, Double.MAX_VALUE).errors()));
    return run(values, errors, false);
  }

  private Result run(Map<String, double[]> values, Map<String, double[]> errors, boolean steps) {
    Map<String, Measured> tensors = new HashMap<>();
    for (String input : inputs) {
      double[] value = values.get(input);
      Signature.require(value != null, "postprocessing needs %s, has %s", input, values.keySet());
      double[] error = errors.get(input);
      Signature.require(error != null && error.length == value.length, "postprocessing needs %d errors of %s", value.length, input);
      tensors.put(input, new Measured(value.clone(), error.clone()));
    }
    Map<String, OutputValue> terminal = new HashMap<>();
    Map<String, Double> bounds = new HashMap<>();
    Set<String> undecided = new HashSet<>();
    for (TailNode node : nodes) {
      if (node.op().terminal()) {
        TailLabels.Choice choice = TailLabels.run(node, tensors.get(node.inputs().get(0)));
        terminal.put(node.output(), choice.value());
        bounds.put(node.output(), choice.errorBound());
        boolean map = node.op() == TailOp.ZIP_MAP && undecided.contains(node.inputs().get(0));
        if (choice.undecided() || map) {
          undecided.add(node.output());
        }
      } else {
        List<Measured> arguments = new ArrayList<>();
        node.inputs().forEach(name -> arguments.add(tensors.get(name)));
        Measured result = TailMath.run(node, arguments);
        tensors.put(node.output(), result);
        boolean behind = node.inputs().stream().anyMatch(undecided::contains) && !(result.largestError() == 0);
        if (steps && (behind || TailMath.jumps(node, arguments.get(0)))) {
          undecided.add(node.output());
        }
      }
    }
    Map<String, OutputValue> results = new LinkedHashMap<>();
    Map<String, Double> resultBounds = new LinkedHashMap<>();
    for (String output : outputs) {
      Measured tensor = tensors.get(output);
      results.put(output, tensor != null ? new OutputValue.Numbers(tensor.values()) : terminal.get(output));
      resultBounds.put(output, tensor != null ? tensor.largestError() : bounds.get(output));
    }
    Set<String> open = new HashSet<>();
    for (String output : outputs) {
      if (undecided.contains(output) || undecided.contains(classOf(output))) {
        open.add(output);
      }
    }
    return new Result(results, resultBounds, open);
  }

  void writeTo(BoundedWriter out) {
    out.u16(inputs.size());
    inputs.forEach(out::string);
    out.u16(nodes.size());
    nodes.forEach(node -> node.writeTo(out));
    out.u16(outputs.size());
    outputs.forEach(out::string);
  }

  static Postprocessing readFrom(BoundedReader in) {
    List<String> inputs = names(in, "postprocessing inputs");
    int count = in.u16("postprocessing nodes", 0, MAX_NODES);
    in.needItems("postprocessing nodes", count, 16);
    List<TailNode> nodes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      nodes.add(TailNode.readFrom(in));
    }
    return new Postprocessing(inputs, nodes, names(in, "postprocessing outputs"));
  }

  private static List<String> names(BoundedReader in, String what) {
    int count = in.u16(what, 1, 0xffff);
    in.needItems(what, count, 2);
    List<String> names = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      names.add(in.string(what));
    }
    return names;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Postprocessing p
        && inputs.equals(p.inputs)
        && nodes.equals(p.nodes)
        && outputs.equals(p.outputs);
  }

  @Override
  public int hashCode() {
    return 31 * nodes.hashCode() + outputs.hashCode();
  }

  @Override
  public String toString() {
    return "Postprocessing" + inputs + nodes + outputs;
  }
}
