// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What one accuracy costs: the model compiled for it.
 *
 * @param accuracy the largest error of an output that was allowed, as a part of its range over the sample data
 * @param report levels, time, sizes and what the answers show; empty where no parameter set has room for it
 * @param refusal why there is no program; empty where there is one
 */
public record AccuracyChoice(double accuracy, Optional<CompileReport> report, String refusal) {
  private static final double[] ACCURACIES = {0.1, 0.03, 0.01, 0.003, 0.001, 0.0003};

  /**
   * Compiles a model for several accuracies, the one asked for among them.
   *
   * @return a choice for each, from the coarsest to the finest; of neighbours of the same degrees, levels and ring the finest alone
   * @throws MalformedModelException if the file is not a valid ONNX model
   * @throws UncompilableModelException if the model runs with none of them
   * @throws IllegalArgumentException if rows or ranges do not fit the model, or there are neither
   */
  public static List<AccuracyChoice> of(OnnxSource source, CompileOptions options) {
    TreeSet<Double> accuracies = new TreeSet<>(List.of(options.accuracy()));
    for (double accuracy : ACCURACIES) {
      accuracies.add(accuracy);
    }
    List<AccuracyChoice> choices = new ArrayList<>();
    UncompilableModelException refused = null;
    for (double accuracy : accuracies.descendingSet()) {
      try {
        CompileReport report = Compiler.compile(source, options.withAccuracy(accuracy)).report();
        int last = choices.size() - 1;
        if (last >= 0 && choices.get(last).report.isPresent() && same(choices.get(last).report.get(), report)) {
          choices.remove(last);
        }
        choices.add(new AccuracyChoice(accuracy, Optional.of(report), ""));
      } catch (UncompilableModelException e) {
        refused = e;
        choices.add(new AccuracyChoice(accuracy, Optional.empty(), e.problems().get(0).reason()));
      }
    }
    if (choices.stream().noneMatch(choice -> choice.report.isPresent())) {
      throw refused;
    }
    return choices;
  }

  private static boolean same(CompileReport a, CompileReport b) {
    return a.ringDegree() == b.ringDegree() && a.levels() == b.levels() && functions(a).equals(functions(b));
  }

  private static List<String> functions(CompileReport report) {
    return report.layers().stream().map(CompileReport.Layer::kind).toList();
  }
}
