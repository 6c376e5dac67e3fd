// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.HeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The single-operator cases of the ONNX project's own suite, lowered and computed in the clear: the small ones that lie beside this
 * test, or those of the folder that the system property {@value #FOLDER} names.
 */
class NodeSuiteTest {
  private static final String FOLDER = "tacet.node.suite";

  /** Operators that run and have cases in the suite. */
  static final Set<String> OPERATORS = Set.of("Conv", "AveragePool", "GlobalAveragePool", "BatchNormalization", "Gemm",
      "MatMul", "Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Reciprocal", "Exp", "ReduceSum", "ReduceMean", "Concat", "Slice", "Split",
      "Pad", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Gather", "Identity", "Cast", "CastLike", "Dropout",
      "Constant", "Clip", "Relu", "LeakyRelu", "PRelu", "Elu", "Celu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh",
      "Softplus", "Softsign", "Gelu", "Erf", "Swish", "Mish", "Softmax", "LogSoftmax", "ArgMax", "ArgMin", "TopK", "Neg", "Abs",
      "Sum", "Mean", "Max", "Min", "Log", "Expand", "ThresholdedRelu", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceMax",
      "ReduceMin", "Where", "Tile", "DepthToSpace", "SpaceToDepth");

  /** Those of them that have no small case. */
  private static final Set<String> WITHOUT_CASE = new TreeSet<>(Set.of("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMin", "Swish", "Where"));

  /** Cases of the small set that no lowering can run as they stand: its output is empty. */
  private static final Set<String> REFUSED = Set.of("test_slice_start_out_of_bounds");

  @TempDir
  Path temporary;

  private final List<String> wrong = new ArrayList<>();
  private final List<String> refused = new ArrayList<>();
  private final Set<String> operators = new TreeSet<>();
  private int cases;

  @Test
  void everyCaseGivesTheSuitesNumbersOnTheClientAndOnTheHost() throws Exception {
    String given = System.getProperty(FOLDER);
    if (given != null) {
      run(NodeCase.all(Path.of(given)));
      refused.forEach(System.out::println);
      System.out.println(cases + " cases, of which refused in some mode: " + refused.size() + ", wrong: " + wrong.size());
      assertEquals(List.of(), wrong);
      return;
    }
    run(NodeCase.small(temporary));
    assertEquals(List.of(), wrong);
    assertEquals(List.of(), refused);
    assertTrue(cases >= 280, cases + " cases");
    Set<String> absent = new TreeSet<>(OPERATORS);
    absent.removeAll(operators);
    assertEquals(WITHOUT_CASE, absent);
  }

  private void run(Map<String, NodeCase> suite) {
    for (Map.Entry<String, NodeCase> named : suite.entrySet()) {
      String name = named.getKey();
      NodeCase nodeCase = named.getValue();
      if (REFUSED.contains(name) || !nodeCase.isNumeric() || !OPERATORS.containsAll(nodeCase.operators())) {
        continue;
      }
      cases++;
      operators.addAll(nodeCase.operators());
      for (NodeCase.Mode mode : NodeCase.Mode.values()) {
        if (nodeCase.differs(mode)) {
          run(name + " " + mode, nodeCase, mode);
        }
      }
    }
  }

  /** Encrypted weights may be refused. */
  private void run(String what, NodeCase nodeCase, NodeCase.Mode mode) {
    try {
      double error = nodeCase.error(mode);
      if (!(error <= 1e-4)) {
        wrong.add(String.format(Locale.ROOT, "%s: wrong by %.3g", what, error));
      }
    } catch (HeException e) {
      if (mode != NodeCase.Mode.ALL_ON_HOST) {
        refused.add(what + ": " + e.getMessage());
      }
    } catch (IOException | RuntimeException e) {
      wrong.add(what + ": " + e);
    }
  }
}
