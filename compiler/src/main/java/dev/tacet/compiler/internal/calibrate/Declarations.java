// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.ModelDescription;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Whether what {@code tacet.yaml} declares is true of the model: its inputs, how many features they have, and its classes. */
final class Declarations {
  private Declarations() {}

  /**
   * Compares declared inputs and classes with the model.
   *
   * @throws MalformedException naming the key, and what the file and the model have there
   */
  static void require(Network network, CompileOptions options) {
    if (!options.ranges().isEmpty()) {
      inputs(network.inputs(), options.ranges());
    }
    if (!options.classes().isEmpty()) {
      classes(network, options.classes().size());
    }
  }

  private static void inputs(List<Node.Input> inputs, List<ModelDescription.InputRange> ranges) {
    List<String> names = inputs.stream().map(Node.Input::name).toList();
    Set<String> declared = new HashSet<>();
    for (ModelDescription.InputRange range : ranges) {
      if (!names.contains(range.input())) {
        throw wrong("inputs names '" + range.input() + "', the model's inputs are " + names);
      }
      if (!declared.add(range.input())) {
        throw wrong("inputs lists '" + range.input() + "' twice");
      }
    }
    for (Node.Input input : inputs) {
      ModelDescription.InputRange range = ranges.stream().filter(one -> one.input().equals(input.name())).findFirst()
          .orElseThrow(() -> wrong("inputs lists " + ranges.size() + " of the model's " + names.size() + " inputs, and '" + input.name()
              + "' is not among them"));
      range.lows(input.size());
    }
  }

  /** Names of labels 0, 1, .. are as many as one of the model's choices has labels, or one more than its largest label. */
  private static void classes(Network network, int named) {
    Postprocessing tail = network.tail();
    List<Long> counts = new ArrayList<>();
    for (TailNode node : tail.nodes()) {
      boolean asked = tail.outputs().stream().anyMatch(name -> node.output().equals(name) || node.output().equals(Postprocessing.classOf(name)));
      if (asked && node.op().chooses()) {
        long[] labels = node.integers();
        boolean labelled = switch (node.op()) {
          case LABEL, THRESHOLD_LABEL -> labels.length > 0;
          default -> false;
        };
        counts.add(switch (node.op()) {
          case LABEL, THRESHOLD_LABEL -> (long) Math.max(labels.length, node.strings().size());
          default -> labels.length > 0 ? labels[0] : elements(network, node.inputs().get(0));
        });
        if (labelled) {
          counts.add(1 + Arrays.stream(labels).max().orElse(0));
        }
      }
    }
    if (!counts.isEmpty() && !counts.contains((long) named)) {
      throw wrong("classes has " + named + (named == 1 ? " name" : " names") + ", the model chooses among "
          + counts.stream().distinct().sorted().map(String::valueOf).collect(Collectors.joining(" or ")) + " classes");
    }
  }

  /** How many numbers a tensor of the client's tail has. */
  private static long elements(Network network, String name) {
    Postprocessing tail = network.tail();
    List<TailNode> before = tail.nodes().stream().filter(node -> !node.op().terminal()).toList();
    return new Postprocessing(tail.inputs(), before, List.of(name))
        .run(Map.of(network.outputName(), new double[network.output().size()])).get(name).toNumbers().length;
  }

  private static MalformedException wrong(String what) {
    return new MalformedException(ModelDescription.FILE + ": " + what);
  }
}
