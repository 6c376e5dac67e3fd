// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.tacet.compiler.ModelDescription.Task;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailFunction;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreChoicesTest {
  private static Network network(int size, List<TailNode> nodes, String... outputs) {
    return new Network(List.of(new Node.Input(0, "x", new int[] {size})), LinearForm.of(0, size), "v",
        new Postprocessing(List.of("v"), nodes, List.of(outputs)));
  }

  private static List<TailNode> choices(Network network) {
    return network.tail().nodes().stream().filter(node -> node.op().chooses()).toList();
  }

  @Test
  void severalPlainNumbersAreScoresUnlessSaidOtherwise() {
    Network plain = network(3, List.of(TailNode.of(TailOp.IDENTITY, "v", "y")), "y");
    assertEquals(List.of(TailNode.of(TailOp.ARGMAX, "y", "#class y")), choices(ScoreChoices.add(plain, null, "pytorch 2.1")));
    assertSame(plain, ScoreChoices.add(plain, Task.REGRESSION, "pytorch 2.1"));
    assertSame(plain, ScoreChoices.add(plain, null, "skl2onnx 1.2"));
    assertEquals(1, choices(ScoreChoices.add(plain, Task.CLASSIFICATION, "skl2onnx 1.2")).size());
  }

  @Test
  void onePlainNumberIsAQuantity() {
    assertFalse(ScoreChoices.add(network(1, List.of(TailNode.of(TailOp.IDENTITY, "v", "y")), "y"), null, "pytorch").tail().chooses());
  }

  @Test
  void probabilitiesChooseByTheirScoresAndOtherOutputsAreQuantities() {
    Network softmax = network(3,
        List.of(TailNode.of(TailOp.SOFTMAX, "v", "p"), TailNode.of(TailOp.IDENTITY, "v", "y")), "p", "y");
    assertEquals(List.of(TailNode.of(TailOp.ARGMAX, "v", "#class p")), choices(ScoreChoices.add(softmax, null, "pytorch")));
    Network sigmoid = network(1, List.of(TailNode.of(TailOp.SIGMOID, "v", "p")), "p");
    TailNode choice = choices(ScoreChoices.add(sigmoid, null, "pytorch")).get(0);
    assertEquals(TailOp.THRESHOLD_LABEL, choice.op());
    assertEquals(List.of("v"), choice.inputs());
    assertEquals(0, choice.numbers()[0]);
  }

  @Test
  void aMapOfSigmoidsAndNumbersBesideStepsAreScores() {
    TailNode sigmoid = TailNode.of(TailOp.SIGMOID, "v", "p");
    Network map = network(3, List.of(sigmoid, TailNode.withIntegers(TailOp.ZIP_MAP, "p", "m", 0, 1, 2)), "m");
    assertEquals(List.of(TailNode.of(TailOp.ARGMAX, "v", "#class m")), choices(ScoreChoices.add(map, null, "skl2onnx")));
    TailNode step = new TailNode(TailOp.FUNCTION, List.of("p"), "l", new long[] {TailFunction.SIGN.ordinal()}, new double[] {0, 0}, List.of());
    Network labels = network(3, List.of(TailNode.of(TailOp.IDENTITY, "v", "p"), step), "l", "p");
    assertEquals(List.of(TailNode.of(TailOp.ARGMAX, "p", "#class p")), choices(ScoreChoices.add(labels, null, "skl2onnx")));
  }

  @Test
  void aLabelIsChosenAlready() {
    Network labelled = network(3, List.of(TailNode.withIntegers(TailOp.LABEL, "v", "l", 5, 6, 7)), "v", "l");
    assertSame(labelled, ScoreChoices.add(labelled, null, "pytorch"));
  }
}
