// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.trial.AccuracyAdvice;
import dev.tacet.cli.internal.trial.ClampedRows;
import dev.tacet.cli.internal.trial.Comparison;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.cli.internal.trial.LocalHost;
import dev.tacet.cli.internal.trial.Trial;
import dev.tacet.cli.internal.trial.TrialReport;
import dev.tacet.cli.internal.trial.TrialView;
import dev.tacet.client.TacetClient;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.he.Signature;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A model of one's own, end to end. */
@Command(
    name = "try",
    mixinStandardHelpOptions = true,
    description = {
      "Try a model of your own: compile it, serve it on this machine in a second process, encrypt, evaluate and decrypt"
          + " every row, and compare with onnxruntime on the clear rows.",
      "Rows outside the calibrated bounds are moved to the bound and listed. Exits with 3 if the accuracy target is missed:"
          + " 98 %% of a classifier's rows agree, every row of a regressor is within 1 %% of the output's range."
    },
    footerHeading = "%nExample:%n",
    footer = "  tacet try model.onnx --calibration train.csv --input test.csv --json report.json")
public final class TryCommand implements Callable<Integer> {
  private static final String USUAL_ADVICE =
      "Give more rows to --calibration, a smaller --accuracy (or a higher --max-degree, if one was given), or look at the layers with 'tacet explain'.";

  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = "--input", required = true, paramLabel = "ROWS.csv", description = "Rows to predict: flat features in input order.")
  private Path input;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write everything as JSON; - is standard output.")
  private Path json;

  @Override
  public Integer call() {
    OutputFile.require(json);
    CompileOptions options = settings.calibrated();
    Rows given = Rows.read(input);
    Compilation.requireSupported(model);
    TrialReport report;
    Optional<String> miss;
    String advice;
    try (ClearModel clear = ClearModel.load(model)) {
      given.requireFeatures(clear.features());
      Compilation compilation;
      try (Progress progress = Progress.start("Compiling", 0, "")) {
        compilation = Compilation.of(model, options);
      }
      Signature signature = compilation.artifact().signature();
      Rows rows = given.inOrder(signature);
      OutputTable clearOutputs = clear.run(rows.values());
      OutputTable compared = ClampedRows.of(signature, rows).clear(clear, clearOutputs);
      try (LocalHost host = LocalHost.start(List.of(compilation.artifact()), null, false);
          ClientProgress progress = new ClientProgress();
          TacetClient client = TacetClient.builder(host.uri()).clampFeatures(true).deadline(LocalHost.DEADLINE).progress(progress).build()) {
        Trial trial = Trial.prepare(client, compilation.artifact());
        trial.run(rows, clearOutputs, compared, clear.runSamples(Rows.samples(options, signature)), Comparison.kindOf(signature),
            done -> progress.rows(done, rows.count()));
        report = trial.report(compilation.milliseconds(), null);
        miss = trial.miss();
        advice = AccuracyAdvice.of(compilation.artifact(), USUAL_ADVICE, report.failedRows().size());
      }
    }
    if (json != null) {
      Json.write(json, report);
    }
    if (json == null || !json.toString().equals("-")) {
      TrialView.print(report, 5);
    }
    if (miss.isPresent()) {
      Failures.tell(miss.get(), advice);
      return CliException.ACCURACY_MISSED;
    }
    return CliException.DONE;
  }
}
