// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.compiler.ModelProblem;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says which nodes of a model cannot run encrypted, and why. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Say whether a model can run encrypted: every node that cannot, the reason, and the rewrite that would work.",
      "With --calibration or --config it is compiled too, which proves that depth and size fit. Exits with 1 if it cannot run."
    })
public final class CheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the findings as JSON; - is standard output.")
  private Path json;

  @Override
  public Integer call() {
    OutputFile.require(json);
    List<ModelProblem> problems = Compilation.check(model, settings.hasRanges() ? settings.options() : null);
    if (json != null) {
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("model", model.getFileName().toString());
      report.put("runs", problems.isEmpty());
      report.put("problems", problems);
      Json.write(json, report);
    }
    if (json == null || !json.toString().equals("-")) {
      show(problems);
    }
    if (problems.isEmpty()) {
      return CliException.DONE;
    }
    Failures.tell(
        model.getFileName() + " cannot run encrypted: " + problems.size() + (problems.size() == 1 ? " node is" : " nodes are")
            + " in the way",
        "Make the rewrites that are listed with the nodes, and export the model again.");
    return CliException.FAILED;
  }

  private void show(List<ModelProblem> problems) {
    String name = Terminal.plain(String.valueOf(model.getFileName()));
    if (problems.isEmpty()) {
      System.out.println(name + " can run encrypted.");
      return;
    }
    System.out.printf(
        "%s cannot run encrypted: %d node%s in the way.%n",
        name, problems.size(), problems.size() == 1 ? " is" : "s are");
    for (ModelProblem problem : problems) {
      System.out.println();
      System.out.println("  " + Terminal.bold(Terminal.plain(problem.node())) + " (" + Terminal.plain(problem.opType()) + ")");
      System.out.println("    why      " + Terminal.plain(problem.reason()));
      System.out.println("    instead  " + Terminal.plain(problem.rewrite()));
    }
  }
}
