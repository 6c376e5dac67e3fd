// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.process.ThreadedRun;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.LocalHost;
import dev.tacet.cli.internal.trial.ModelFolder;
import dev.tacet.cli.internal.trial.ReadyModel;
import dev.tacet.cli.internal.trial.Trial;
import dev.tacet.cli.internal.trial.TrialReport;
import dev.tacet.client.TacetClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The ready models end to end, over more rows than the demo. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    description = {
      "Run the ready models end to end, server and client as two processes, and compare with onnxruntime.",
      "Exits with 3 if a model misses what its card promises."
    })
public final class BenchModelsCommand implements Callable<Integer> {
  @Option(names = "--rows", paramLabel = "N", defaultValue = "1000",
      description = "Rows of each model, as far as its held-out rows go. Default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(names = "--models", paramLabel = "NAME", split = ",", description = "Which models of the folder models. Default: all that have rows and truths there.")
  private List<String> names;

  @Option(names = "--packing", paramLabel = "PACKING", 
      description = "auto, latency, throughput or coefficient. Default: what the model's tacet.yaml says.")
  private String packing;

  @Option(names = "--threads", paramLabel = "N", description = "Threads of the engine, on both sides. Default: all cores.")
  private Integer threads;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write everything as JSON; - is standard output.")
  private Path json;

  @Override
  public Integer call() {
    OutputFile.require(json);
    if (packing != null) {
      CompileSettings.packing(packing);
    }
    if (rows < 1) {
      throw CliException.usage("--rows is " + rows, "Give a number above 0.");
    }
    if (threads != null) {
      ThreadedRun.require(threads);
    }
    List<String> all = ModelFolder.all();
    names = names == null ? all : names;
    for (String name : names) {
      if (!all.contains(name)) {
        throw CliException.usage("no ready model " + name, "There are " + String.join(", ", all) + ".");
      }
    }
    if (threads != null && !ThreadedRun.hasThreads(threads)) {
      return again();
    }
    List<TrialReport> reports = new ArrayList<>();
    List<String> missed = new ArrayList<>();
    for (String name : names) {
      ReadyModel model = ReadyModel.open(name, rows, packing == null ? null : CompileSettings.packing(packing));
      if (model.rows().count() < rows && Files.isRegularFile(model.folder().folder().resolve("fetch_mnist.mjs"))) {
        System.err.println(
            "tacet: " + name + " has " + model.rows().count() + " held-out rows here; 'node models/" + name
                + "/fetch_mnist.mjs' fetches all 10,000");
      }
      try (LocalHost host = LocalHost.start(List.of(model.compilation().artifact()), null, false);
          ClientProgress progress = new ClientProgress();
          TacetClient client = TacetClient.builder(host.uri()).clampFeatures(true).deadline(LocalHost.DEADLINE).progress(progress).build()) {
        Trial trial = Trial.prepare(client, model.compilation().artifact());
        trial.run(model.rows(), model.clear(), model.clear(), new OutputTable(), model.kind(), done -> progress.rows(done, model.rows().count()));
        TrialReport report = trial.report(model.compilation().milliseconds(), model.truths());
        reports.add(report);
        missed.addAll(model.missed(report));
      }
    }
    if (json != null) {
      Json.write(json, Map.of("models", reports));
    }
    if (json == null || !json.toString().equals("-")) {
      show(reports);
    }
    if (!missed.isEmpty()) {
      Failures.tell("the accuracy target was missed: " + String.join("; ", missed), "Look at the rows with --json FILE.");
      return CliException.ACCURACY_MISSED;
    }
    return CliException.DONE;
  }

  private static void show(List<TrialReport> reports) {
    Table table =
        new Table("model", ">rows", ">N", ">keygen", ">upload", ">encrypt", ">server", ">decrypt", ">agreement", ">clear",
            ">encrypted", ">largest error", ">rows a second");
    for (TrialReport report : reports) {
      TrialReport.Milliseconds t = report.milliseconds();
      table.row(
          report.name(), report.rows(), report.parameters().ringDegree(),
          Units.milliseconds(t.keygen().median()), Units.milliseconds(t.upload().median()),
          Units.milliseconds(t.encrypt().median()), Units.milliseconds(t.server().median()),
          Units.milliseconds(t.decrypt().median()), Units.percent(report.agreement()),
          String.format(Locale.ROOT, "%.4f", report.accuracyClear()),
          String.format(Locale.ROOT, "%.4f", report.accuracyEncrypted()), Units.error(report.maxError()),
          report.rowsPerSecond() == null ? "" : String.format(Locale.ROOT, "%.0f", report.rowsPerSecond()));
    }
    table.print();
    System.out.println("  clear, encrypted: accuracy of a classifier, R² of a regressor");
  }

  /** The same command in a process whose engine has the number of threads asked for. */
  private int again() {
    List<String> arguments =
        new ArrayList<>(
            List.of("bench", "models", "--threads", threads.toString(), "--rows", Integer.toString(rows), "--models",
                String.join(",", names)));
    if (packing != null) {
      arguments.addAll(List.of("--packing", packing));
    }
    if (json != null) {
      arguments.addAll(List.of("--json", json.toString()));
    }
    return ThreadedRun.again(arguments, threads);
  }
}
