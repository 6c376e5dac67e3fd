// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides which nodes are the client's: the end of the graph that carries no weights, and whatever follows a step that
 * only the client can take.
 *
 * <p>From the free end, nodes that are linear and read nothing of the client's go back to the host, where they cost no level.
 */
final class TailSplit {
  private static final Set<String> LINEAR = Set.of("Add", "Sub", "Sum", "Neg", "ReduceSum", "ReduceMean");

  /** Operators whose scores are the host's work, though their label is the client's: what they read is not free. */
  private static final Set<String> SCORERS = Set.of("ai.onnx.ml.LinearClassifier", "ai.onnx.ml.SVMClassifier");

  private final OnnxGraph graph;
  private final Map<String, Tensor> constants = new HashMap<>();
  private final Set<String> derivedConstants = new HashSet<>();
  private final Set<OnnxNode> forced = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<OnnxNode> tail = Collections.newSetFromMap(new IdentityHashMap<>());

  private TailSplit(OnnxGraph graph) {
    this.graph = graph;
  }

  /** Returns the client's nodes, by identity. */
  static Set<OnnxNode> of(OnnxGraph graph) {
    TailSplit split = new TailSplit(graph);
    split.findConstants();
    split.force();
    split.closeBackward();
    split.giveBack();
    return split.tail;
  }

  private void findConstants() {
    constants.putAll(graph.constants());
    derivedConstants.addAll(constants.keySet());
    for (OnnxNode node : graph.nodes()) {
      boolean constant = node.opType().equals("Shape") || node.opType().equals("Size")
          || node.inputs().stream().allMatch(name -> name.isEmpty() || derivedConstants.contains(name));
      if (!constant) {
        continue;
      }
      derivedConstants.addAll(node.outputs());
      if (node.opType().equals("Constant") && node.has("value")) {
        constants.put(node.outputs().get(0), node.tensor("value"));
      } else if (node.opType().equals("Identity") && constants.containsKey(node.inputs().get(0))) {
        constants.put(node.outputs().get(0), constants.get(node.inputs().get(0)));
      }
    }
  }

  private boolean isConstant(OnnxNode node) {
    return node.outputs().stream().allMatch(name -> name.isEmpty() || derivedConstants.contains(name));
  }

  /** Whether the node reads a constant of more than one value element by element: learned weights. */
  private boolean hasWeights(OnnxNode node) {
    if (!TailOps.elementWise(node.qualifiedType()) && !node.opType().equals("PRelu")) {
      return false;
    }
    for (String input : node.inputs()) {
      Tensor tensor = constants.get(input);
      if (tensor != null && !tensor.isText() && tensor.size() > 1) {
        return true;
      }
    }
    return false;
  }

  private void force() {
    Set<String> forcedValues = new HashSet<>();
    for (OnnxNode node : graph.nodes()) {
      boolean lookup = (node.opType().equals("Gather") || node.opType().equals("ArrayFeatureExtractor"))
          && node.inputs().size() > 1 && !derivedConstants.contains(node.inputs().get(1));
      if (!isConstant(node) && (TailOps.CLIENT_ONLY.contains(node.qualifiedType()) || lookup
          || node.inputs().stream().anyMatch(forcedValues::contains))) {
        forced.add(node);
        forcedValues.addAll(node.outputs());
      }
    }
  }

  private void closeBackward() {
    tail.addAll(forced);
    Map<String, Integer> hostReaders = new HashMap<>();
    List<OnnxNode> nodes = graph.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      OnnxNode node = nodes.get(i);
      if (isConstant(node)) {
        continue;
      }
      boolean free = node.outputs().stream().noneMatch(hostReaders::containsKey);
      if (free && TailOps.runs(node.qualifiedType()) && !hasWeights(node)) {
        tail.add(node);
      }
      if (!tail.contains(node) || SCORERS.contains(node.qualifiedType())) {
        node.inputs().forEach(input -> hostReaders.merge(input, 1, Integer::sum));
      }
    }
  }

  private void giveBack() {
    Set<String> clientValues = new HashSet<>();
    for (OnnxNode node : graph.nodes()) {
      if (!tail.contains(node)) {
        continue;
      }
      boolean readsClient = node.inputs().stream().anyMatch(clientValues::contains);
      if (!forced.contains(node) && !readsClient && isLinear(node)) {
        tail.remove(node);
      } else {
        clientValues.addAll(node.outputs());
      }
    }
  }

  private boolean isLinear(OnnxNode node) {
    if (TailOps.isStructural(node.qualifiedType()) || LINEAR.contains(node.opType())) {
      return true;
    }
    long variable = node.inputs().stream().filter(name -> !derivedConstants.contains(name)).count();
    return node.opType().equals("Mul") && variable == 1
        || node.opType().equals("Div") && variable == 1 && derivedConstants.contains(node.inputs().get(1))
        || node.opType().equals("Cast") && castsToReal(node);
  }

  private static boolean castsToReal(OnnxNode node) {
    dev.tacet.compiler.internal.onnx.DataType type =
        dev.tacet.compiler.internal.onnx.DataType.ofCode((int) node.integer("to", 0));
    return type != null && type.isReal();
  }
}
