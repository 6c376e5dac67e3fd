// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.ModelDescription.Task;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The pass that gives scores without a label their class: a choice beside the output, which says whether the class that a reader
 * takes from the scores is undecided.
 *
 * <p>Probabilities at the end (sigmoid, softmax) are a classifier's. Several plain numbers may be scores or quantities, and
 * nothing in the graph tells; they are taken for scores unless the task is regression or the exporter is skl2onnx, whose
 * classifiers always have a label. Where that is no choice but steps, a 0 or 1 for each of several labels, the numbers beside it are scores.
 */
public final class ScoreChoices {
  private final Network network;
  private final Map<String, TailNode> makers = new HashMap<>();
  /** The tensors that are computed from a step, such as a comparison. */
  private final Set<String> stepped = new HashSet<>();
  private final List<TailNode> choices = new ArrayList<>();

  private ScoreChoices(Network network) {
    this.network = network;
    for (TailNode node : network.tail().nodes()) {
      makers.put(node.output(), node);
      if (node.isStep() || node.inputs().stream().anyMatch(stepped::contains)) {
        stepped.add(node.output());
      }
    }
  }

  /**
   * Adds the choices.
   *
   * @param task what the outputs mean, or null to tell by the graph
   * @param producer what exported the model
   */
  public static Network add(Network network, Task task, String producer) {
    if (task == Task.REGRESSION || network.tail().chooses()) {
      return network;
    }
    boolean plainScores = task == Task.CLASSIFICATION || !producer.contains("skl2onnx");
    return new ScoreChoices(network).run(plainScores);
  }

  private Network run(boolean plainScores) {
    Postprocessing tail = network.tail();
    Map<String, OutputValue> shapes = tail.run(Map.of(network.outputName(), new double[network.output().size()]));
    for (String output : tail.outputs()) {
      probabilities(output, shapes.get(output).toNumbers().length);
    }
    boolean steps = tail.outputs().stream().anyMatch(stepped::contains);
    for (String output : tail.outputs()) {
      boolean plain = plainScores && shapes.get(output) instanceof OutputValue.Numbers || steps && !stepped.contains(output);
      if (choices.isEmpty() && plain && shapes.get(output).toNumbers().length > 1) {
        choices.add(TailNode.of(TailOp.ARGMAX, scoresOf(output), Postprocessing.classOf(output)));
      }
    }
    if (choices.isEmpty()) {
      return network;
    }
    List<TailNode> nodes = new ArrayList<>(tail.nodes());
    nodes.addAll(choices);
    return new Network(network.nodes(), network.output(), network.outputName(),
        new Postprocessing(tail.inputs(), nodes, tail.outputs()));
  }

  /** A softmax has the order of its scores; a sigmoid is one half where its score is 0. */
  private void probabilities(String output, int size) {
    TailNode maker = maker(output);
    if (maker == null) {
      return;
    }
    String scores = maker.inputs().get(0);
    String name = Postprocessing.classOf(output);
    switch (maker.op()) {
      case SOFTMAX, LOG_SOFTMAX -> choices.add(TailNode.withIntegers(TailOp.ARGMAX, scores, name, maker.integers()));
      case SIGMOID -> choices.add(size == 1
          ? new TailNode(TailOp.THRESHOLD_LABEL, List.of(scores), name, new long[] {0, 1}, new double[] {0}, List.of())
          : TailNode.of(TailOp.ARGMAX, scores, name));
      default -> { }
    }
  }

  /** The numbers in an output: those of a map, or the output itself. */
  private String scoresOf(String output) {
    TailNode node = makers.get(output);
    return node != null && node.op() == TailOp.ZIP_MAP ? node.inputs().get(0) : output;
  }

  private TailNode maker(String tensor) {
    TailNode node = makers.get(tensor);
    while (node != null && (node.op() == TailOp.IDENTITY || node.op() == TailOp.ZIP_MAP)) {
      node = makers.get(node.inputs().get(0));
    }
    return node;
  }
}
