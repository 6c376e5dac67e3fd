// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.cli.internal.trial.Explanation;
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
    description = "Show what a model becomes: parameters, every layer's level and operations, keys and sizes.")
public final class ExplainCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "MODEL.onnx (compiled on the way) or model.tacet.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write it as JSON; - is standard output.")
  private Path json;

  @Override
  public Integer call() {
    OutputFile.require(json);
    Explanation explanation =
        Explanation.of(
            model.toString().endsWith(".tacet")
                ? Artifacts.read(model)
                : Compilation.of(model, settings.calibrated()).artifact());
    if (json != null) {
      Json.write(json, explanation);
    }
    if (json == null || !json.toString().equals("-")) {
      explanation.print();
    }
    return CliException.DONE;
  }
}
