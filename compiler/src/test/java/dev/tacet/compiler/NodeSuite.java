// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.HeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs the single-operator cases of the ONNX project's backend suite (folder onnx/backend/test/data of the PyPI package) in the
 * clear, for every operator that the compiler runs: {@code NodeSuite FOLDER...}, where a folder holds one folder per case.
 */
final class NodeSuite {
  static final Set<String> OPERATORS = Set.of("Conv", "AveragePool", "GlobalAveragePool", "BatchNormalization", "Gemm", "MatMul",
      "Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Reciprocal", "Exp", "ReduceSum", "ReduceMean", "Concat", "Slice", "Split", "Pad",
      "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Gather", "Identity", "Cast", "CastLike", "Dropout", "Constant",
      "Clip", "Relu", "LeakyRelu", "PRelu", "Elu", "Celu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus",
      "Softsign", "Gelu", "Erf", "Swish", "Mish", "Softmax", "LogSoftmax", "ArgMax", "ArgMin", "TopK", "Neg", "Abs", "Sum", "Mean",
      "Max", "Min", "Log", "Expand", "ThresholdedRelu", "ReduceSumSquare", "Where", "Tile", "DepthToSpace", "SpaceToDepth", "Range", "Size");

  private NodeSuite() {}

  /** What became of a case in one mode: null where it agrees. */
  static String trouble(NodeCase nodeCase, NodeCase.Mode mode) {
    try {
      double error = nodeCase.error(mode);
      return error <= 1e-4 ? null : String.format(Locale.ROOT, "WRONG by %.3g", error);
    } catch (HeException e) {
      return "refused: " + e.getMessage();
    } catch (IOException | RuntimeException e) {
      return "FAILED: " + e;
    }
  }

  public static void main(String[] arguments) throws IOException {
    Map<String, int[]> counts = new TreeMap<>();
    int wrong = 0;
    for (String argument : arguments) {
      List<Path> folders = new ArrayList<>();
      try (var files = Files.list(Path.of(argument))) {
        files.filter(file -> Files.exists(file.resolve("test_data_set_0"))).sorted().forEach(folders::add);
      }
      for (Path folder : folders) {
        NodeCase nodeCase = NodeCase.read(folder);
        if (!OPERATORS.containsAll(nodeCase.operators()) || !nodeCase.isNumeric()) {
          continue;
        }
        String operator = String.join("+", new java.util.TreeSet<>(nodeCase.operators()));
        for (NodeCase.Mode mode : NodeCase.Mode.values()) {
          if (!nodeCase.differs(mode)) {
            continue;
          }
          String trouble = trouble(nodeCase, mode);
          int[] count = counts.computeIfAbsent(operator, key -> new int[2]);
          count[trouble == null ? 0 : 1]++;
          if (trouble != null) {
            System.out.println(folder.getFileName() + " " + mode + " " + trouble);
            wrong += trouble.startsWith("refused") ? 0 : 1;
          }
        }
      }
    }
    counts.forEach((operator, count) -> System.out.printf("%-24s agrees %3d, not %3d%n", operator, count[0], count[1]));
    System.out.println(wrong + " wrong");
    System.exit(wrong == 0 ? 0 : 1);
  }
}
