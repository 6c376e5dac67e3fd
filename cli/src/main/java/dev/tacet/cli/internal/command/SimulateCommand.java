// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.AccuracyAdvice;
import dev.tacet.cli.internal.trial.Comparison;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.cli.internal.trial.Simulation;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.LayerRange;
import dev.tacet.he.Signature;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs the program in the clear. */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    description = {
      "Run the compiled program without encryption, in double precision, with noise of the size that encryption makes, and compare"
          + " it with onnxruntime.",
      "Shows agreement, accuracy where --labels says what is true, and what the rows drive each activation's input to, without keys"
          + " and without waiting.",
      "Exits with 3 if the accuracy target is missed (98 %% of a classifier's rows, every row of a regressor within 1 %%)."
    })
public final class SimulateCommand implements Callable<Integer> {
  private static final String USUAL_ADVICE =
      "Give more rows to --calibration, or a smaller --accuracy (or a higher --max-degree, if one was given).";

  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = "--input", required = true, paramLabel = "ROWS.csv", description = "Rows to run.")
  private Path input;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the outputs as JSON; - is standard output.")
  private Path json;

  @Option(names = "--labels", paramLabel = "LABELS.csv",
      description = "What is true of each row, in the first column: the class's number, or the target.")
  private Path labels;

  @Option(names = "--without-noise", description = "Leave the noise out: the error of fitted activations and rounded weights alone.")
  private boolean withoutNoise;

  @Override
  public Integer call() {
    OutputFile.require(json);
    Compilation.requireSupported(model);
    Rows rows = Rows.read(input);
    double[] truths = labels == null ? null : truths(rows.count());
    Simulation simulation;
    String advice;
    try (ClearModel clear = ClearModel.load(model);
        Progress progress = Progress.start("Simulating", rows.count(), " rows")) {
      rows.requireFeatures(clear.features());
      CompileOptions options = settings.calibrated();
      Compilation compilation = Compilation.of(model, options);
      Signature signature = compilation.artifact().signature();
      simulation = Simulation.run(
          compilation.artifact(), rows.inOrder(signature), Rows.samples(options, signature), clear, !withoutNoise, done -> progress.at(done, rows.count()));
      advice = AccuracyAdvice.of(compilation.artifact(), USUAL_ADVICE, simulation.failed().size());
    }
    if (json != null) {
      Json.write(json, report(simulation, rows.count(), truths));
    }
    if (json == null || !json.toString().equals("-")) {
      show(simulation, rows.count(), truths);
    }
    Optional<String> miss = simulation.miss();
    if (miss.isEmpty()) {
      return CliException.DONE;
    }
    Failures.tell(
        miss.get() + ", without any encryption: the fitted activations are too coarse, or rows were clamped or left their intervals", advice);
    return CliException.ACCURACY_MISSED;
  }

  private double[] truths(int count) {
    double[][] values = Rows.read(labels).values();
    if (values.length < count) {
      throw CliException.usage(labels + " has " + values.length + " rows, there are " + count + " to run", "Give one label a row.");
    }
    return Arrays.stream(values, 0, count).mapToDouble(row -> row[0]).toArray();
  }

  private static Map<String, Object> report(Simulation simulation, int rows, double[] truths) {
    Comparison comparison = simulation.comparison();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("rows", rows);
    report.put("agreement", comparison.agreement());
    report.put("max_error", comparison.finiteMaxError());
    if (truths != null) {
      report.put("accuracy", simulation.accuracy(truths));
      report.put("accuracy_clear", simulation.accuracyClear(truths));
    }
    report.put("rows_per_second", simulation.rowsPerSecond());
    report.put("undecided_rows", comparison.undecided());
    report.put("clamped_rows", simulation.clamped());
    report.put("failed_rows", simulation.failed());
    report.put("refused_by", simulation.refusedBy());
    report.put("far_rows", comparison.far());
    report.put("layers", simulation.layers());
    report.put("outputs", simulation.outputs().outputs());
    report.put("clear_outputs", simulation.clearOutputs().outputs());
    return report;
  }

  private static void show(Simulation simulation, int rows, double[] truths) {
    Comparison comparison = simulation.comparison();
    System.out.printf(
        Locale.ROOT, "%d rows in the clear, %.0f a second: agreement %s, largest error %s, %d undecided, %d clamped, %d without an answer%n", rows,
        simulation.rowsPerSecond(), Units.percent(comparison.agreement()), Units.error(comparison.maxError()),
        comparison.undecided().size(), simulation.clamped().size(),
        simulation.failed().size());
    if (truths != null) {
      boolean classes = comparison.kind() == Comparison.Kind.CLASSIFIER;
      System.out.printf(Locale.ROOT, "%s %.4f, of the clear model %.4f%n", classes ? "accuracy" : "R²",
          simulation.accuracy(truths), simulation.accuracyClear(truths));
    }
    if (!simulation.layers().isEmpty()) {
      System.out.println();
      Table table = new Table("input of", ">smallest", ">largest", ">rows outside");
      for (LayerRange layer : simulation.layers()) {
        table.row(layer.layer(), place(layer.low()), place(layer.high()),
            layer.rowsOutside());
      }
      table.print();
      System.out.println("  in units of the interval that each function was fitted to, [-1, 1]");
    }
    if (!simulation.refusedBy().isEmpty()) {
      System.out.println();
      Table table = new Table("refused by", ">rows");
      simulation.refusedBy().forEach(table::row);
      table.print();
    }
  }

  /** A place in units of an interval; far beyond it only the size counts. */
  private static String place(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < 1000 ? "%.3f" : "%.1e", value);
  }
}
