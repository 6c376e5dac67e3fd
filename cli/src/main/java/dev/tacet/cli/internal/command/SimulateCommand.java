// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.Comparison;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.cli.internal.trial.Simulation;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
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
      "Run the compiled program without encryption, in double precision, and compare it with onnxruntime.",
      "Shows the error of the fitted activations alone, without keys and without waiting.",
      "Exits with 3 if the accuracy target is missed (98 %% of a classifier's rows, every row of a regressor within 1 %%)."
    })
public final class SimulateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = "--input", required = true, paramLabel = "ROWS.csv", description = "Rows to run.")
  private Path input;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the outputs as JSON; - is standard output.")
  private Path json;

  @Override
  public Integer call() {
    OutputFile.require(json);
    Rows rows = Rows.read(input);
    Simulation simulation;
    try (ClearModel clear = ClearModel.load(model);
        Progress progress = Progress.start("Simulating", rows.count(), " rows")) {
      rows.requireFeatures(clear.features());
      Compilation compilation = Compilation.of(model, settings.calibrated());
      simulation = Simulation.run(compilation.artifact(), rows, clear, done -> progress.at(done, rows.count()));
    }
    Comparison comparison = simulation.comparison();
    if (json != null) {
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("rows", rows.count());
      report.put("agreement", comparison.agreement());
      report.put("max_error", comparison.finiteMaxError());
      report.put("clamped_rows", simulation.clamped());
      report.put("outputs", simulation.outputs().outputs());
      report.put("clear_outputs", simulation.clearOutputs().outputs());
      Json.write(json, report);
    }
    if (json == null || !json.toString().equals("-")) {
      System.out.printf(
          "%d rows in the clear: agreement %s, largest error %s%s%n",
          rows.count(), Units.percent(comparison.agreement()), Units.error(comparison.maxError()),
          simulation.clamped().isEmpty() ? "" : ", " + simulation.clamped().size() + " rows clamped");
    }
    if (comparison.meetsTarget()) {
      return CliException.DONE;
    }
    Failures.tell(
        "the accuracy target was missed without any encryption: the fitted activations are too coarse, or rows were clamped",
        "Give more rows to --calibration, or a smaller --accuracy.");
    return CliException.ACCURACY_MISSED;
  }
}
