// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.cli.internal.trial.Explanation;
import dev.tacet.cli.internal.trial.ExplanationPage;
import dev.tacet.cli.internal.trial.ExplanationText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a model becomes. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    description = {
      "Show what a model becomes: parameters, every layer's level, operations, predicted time and precision, keys, sizes and memory.",
      "Of a model.tacet, --cost-profile predicts the times of another machine than the one it was compiled for."
    })
public final class ExplainCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "MODEL.onnx (compiled on the way) or model.tacet.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write it as JSON; - is standard output.")
  private Path json;

  @Option(names = "--html", paramLabel = "FILE", description = "Also write it as one HTML page with charts, that needs nothing else.")
  private Path html;

  @Option(names = "--choices",
      description = "Also show what other accuracies cost in degrees, levels, time and bytes; the model is compiled for each.")
  private boolean choices;

  @Override
  public Integer call() {
    OutputFile.require(json);
    OutputFile.require(html);
    boolean compiled = model.toString().endsWith(".tacet");
    if (compiled && choices) {
      throw CliException.usage("--choices is given for a compiled model", "Give the MODEL.onnx with its sample rows.");
    }
    Explanation explanation =
        Explanation.of(compiled ? Artifacts.read(model) : Compilation.of(model, settings.calibrated()).artifact(), settings.costs());
    if (choices) {
      explanation = explanation.with(Compilation.choices(model, settings.calibrated()));
    }
    if (json != null) {
      Json.write(json, explanation);
    }
    if (html != null) {
      OutputFile.write(html, ExplanationPage.of(explanation).getBytes(StandardCharsets.UTF_8));
    }
    if (json == null || !json.toString().equals("-")) {
      ExplanationText.print(explanation);
    }
    return CliException.DONE;
  }
}
