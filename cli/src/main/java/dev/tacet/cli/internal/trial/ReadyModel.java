// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.compiler.CompileOptions;
import java.io.IOException;
import dev.tacet.cli.internal.terminal.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A ready model, compiled, with its held-out rows and what onnxruntime answers to them.
 *
 * @param folder where it comes from
 * @param compilation what it became
 * @param rows held-out rows
 * @param truths what is true of them
 * @param clear what onnxruntime answers
 */
public record ReadyModel(ModelFolder folder, Compilation compilation, Rows rows, double[] truths, OutputTable clear) {
  /** Share of labels that an image classifier must answer as the clear model does. */
  private static final double LABEL_TARGET = 0.995;

  /** Compiles a ready model and runs it in the clear on its first {@code rowsAtMost} held-out rows. */
  public static ReadyModel open(String name, int rowsAtMost) {
    return open(name, rowsAtMost, null);
  }

  /** As {@link #open(String, int)}, in another packing than its settings say; null for theirs. */
  public static ReadyModel open(String name, int rowsAtMost, CompileOptions.Packing packing) {
    ModelFolder folder = ModelFolder.open(name);
    CompileOptions options;
    try {
      options = CompileOptions.fromYaml(folder.folder().resolve("tacet.yaml")).withModel(name);
    } catch (IOException e) {
      throw new CliException(CliException.FAILED, "cannot read the settings of " + name + ": " + e.getMessage(), "Repair the clone with git.", e);
    }
    options = packing == null ? options : options.withPacking(packing);
    Compilation compilation = Compilation.of(folder.onnx(), options);
    Rows rows = folder.test(rowsAtMost).inOrder(compilation.artifact().signature());
    try (ClearModel clear = ClearModel.load(folder.onnx())) {
      return new ReadyModel(folder, compilation, rows.requireFeatures(clear.features()), folder.truths(rowsAtMost), clear.run(rows.values()));
    }
  }

  /** Classifier or regressor, as tacet.yaml says. */
  public Comparison.Kind kind() {
    return folder.classifier() ? Comparison.Kind.CLASSIFIER : Comparison.Kind.REGRESSOR;
  }

  /**
   * What a report misses of what the model's card promises: of a classifier, the share of equal labels and, where it gives
   * probabilities, their error; of a regressor, the relative error.
   */
  public List<String> missed(TrialReport report) {
    List<String> missed = new ArrayList<>();
    if (!report.failedRows().isEmpty()) {
      missed.add(folder.name() + ": " + report.failedRows().size() + " answers failed a check");
    }
    boolean probabilities =
        clear.outputs().values().stream().anyMatch(rows -> Comparison.isLabel(rows.get(0)));
    if (folder.classifier()) {
      double target = probabilities ? 1 : LABEL_TARGET;
      if (report.agreement() < target) {
        missed.add(String.format(Locale.ROOT, "%s: agreement %.4f is below %.4f", folder.name(), report.agreement(), target));
      }
    }
    if (!folder.classifier() || probabilities) {
      double limit = folder.accuracy() * (folder.classifier() ? 1 : smallestAnswer());
      if (report.maxError() == null || report.maxError() > limit) {
        missed.add(
            String.format(Locale.ROOT, "%s: largest error %s is above %.2e", folder.name(), Units.error(report.maxError()), limit));
      }
    }
    return missed;
  }

  /** The smallest magnitude among the clear answers, so that the limit holds for the relative error of every row. */
  private double smallestAnswer() {
    double least = Double.POSITIVE_INFINITY;
    for (List<List<Object>> rows : clear.outputs().values()) {
      for (List<Object> row : rows) {
        least = Math.min(least, Math.abs(((Number) row.get(0)).doubleValue()));
      }
    }
    return least;
  }
}
