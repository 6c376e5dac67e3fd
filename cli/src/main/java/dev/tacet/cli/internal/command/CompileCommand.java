// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.AccuracyAdvice;
import dev.tacet.cli.internal.trial.Compilation;
import dev.tacet.cli.internal.trial.Explanation;
import dev.tacet.cli.internal.trial.ExplanationText;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes model.tacet. */
@Command(
    name = "compile",
    mixinStandardHelpOptions = true,
    description = {
      "Compile a model into model.tacet: program, signature, report. No row of data is in it.",
      "To serve it, put it into DIR/NAME/VERSION/model.tacet.",
      "Exits with 3, the file written, if the sample rows miss the accuracy: an error beyond --accuracy or, where a class is"
          + " chosen, more than 2 %% of the rows undecided or of another class."
    })
public final class CompileCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  private Path model;

  @Mixin private CompileSettings settings;

  @Option(names = {"-o", "--output"}, paramLabel = "FILE", defaultValue = "model.tacet", description = "Default: ${DEFAULT-VALUE}.")
  private Path output;

  @Override
  public Integer call() {
    OutputFile.requireFile(output);
    Compilation compilation;
    try (Progress progress = Progress.start("Compiling", 0, "")) {
      compilation = Compilation.of(model, settings.calibrated());
    }
    byte[] bytes = compilation.artifact().toBytes();
    OutputFile.write(output, bytes);
    ExplanationText.print(Explanation.of(compilation.artifact(), null));
    System.out.println();
    System.out.printf(
        "Wrote %s: %s in %s, SHA-256 %s%n",
        output, Units.bytes(bytes.length), Units.milliseconds(compilation.milliseconds()), compilation.artifact().sha256());
    if (!compilation.accuracyMet()) {
      Failures.tell(
          "the accuracy target was missed on the sample rows; " + output + " is written all the same",
          AccuracyAdvice.of(compilation.artifact(), "Give more rows to --calibration, a smaller --accuracy where rows are undecided or a larger one where numbers may be less exact"
              + " (or a higher --max-degree, if one was given), or look at the report with 'tacet explain --json'.", 0));
      return CliException.ACCURACY_MISSED;
    }
    return CliException.DONE;
  }
}
