// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import dev.tacet.compiler.MalformedModelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks that every name of a graph is made once and before it is used, and sorts the nodes so that it is. */
final class GraphChecker {
  private GraphChecker() {}

  /**
   * Returns the graph with its nodes in topological order, and without nodes that no output needs.
   *
   * @throws MalformedModelException if a name is missing, made twice, or part of a cycle, or there is no input or output
   */
  static OnnxGraph check(OnnxGraph graph) {
    if (graph.inputs().isEmpty() || graph.outputs().isEmpty()) {
      throw new MalformedModelException("the model has " + graph.inputs().size() + " inputs and "
          + graph.outputs().size() + " outputs, needs at least one of each");
    }
    Map<String, OnnxNode> makers = new HashMap<>();
    Set<String> given = new HashSet<>(graph.constants().keySet());
    given.addAll(graph.tooLarge().keySet());
    for (OnnxGraph.Value input : graph.inputs()) {
      if (!given.add(input.name())) {
        throw new MalformedModelException("input " + input.name() + " is given twice");
      }
    }
    for (OnnxNode node : graph.nodes()) {
      if (node.opType().isEmpty()) {
        throw new MalformedModelException("node " + node.label() + " has no operator");
      }
      for (String output : node.outputs()) {
        if (!output.isEmpty() && (given.contains(output) || makers.put(output, node) != null)) {
          throw new MalformedModelException("value " + output + " is made twice, the second time by node "
              + node.label());
        }
      }
    }
    for (OnnxNode node : graph.nodes()) {
      for (String input : node.inputs()) {
        if (!input.isEmpty() && !given.contains(input) && !makers.containsKey(input)) {
          throw new MalformedModelException("node " + node.label() + " (" + node.qualifiedType() + ") reads " + input
              + ", which is no input, initializer or output of a node");
        }
      }
    }
    for (OnnxGraph.Value output : graph.outputs()) {
      if (!makers.containsKey(output.name()) && !given.contains(output.name())) {
        throw new MalformedModelException("output " + output.name() + " is made by no node");
      }
    }
    List<OnnxNode> nodes = sort(graph, makers);
    return new OnnxGraph(
        graph.producer(), graph.opsets(), graph.inputs(), graph.outputs(), graph.constants(), graph.tooLarge(), graph.shapes(), nodes);
  }

  private static List<OnnxNode> sort(OnnxGraph graph, Map<String, OnnxNode> makers) {
    List<OnnxNode> sorted = new ArrayList<>();
    Set<OnnxNode> done = java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>());
    Set<OnnxNode> open = java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>());
    for (OnnxGraph.Value output : graph.outputs()) {
      ArrayDeque<OnnxNode> stack = new ArrayDeque<>();
      push(makers.get(output.name()), stack, done);
      while (!stack.isEmpty()) {
        OnnxNode node = stack.peek();
        if (done.contains(node)) {
          stack.pop();
          continue;
        }
        open.add(node);
        boolean ready = true;
        for (String input : node.inputs()) {
          OnnxNode maker = makers.get(input);
          if (maker == null || done.contains(maker)) {
            continue;
          }
          if (open.contains(maker)) {
            throw new MalformedModelException("the graph has a cycle through node " + node.label() + " and value "
                + input);
          }
          stack.push(maker);
          ready = false;
        }
        if (ready) {
          stack.pop();
          open.remove(node);
          done.add(node);
          sorted.add(node);
        }
      }
    }
    return sorted;
  }

  private static void push(OnnxNode node, ArrayDeque<OnnxNode> stack, Set<OnnxNode> done) {
    if (node != null && !done.contains(node)) {
      stack.push(node);
    }
  }
}
