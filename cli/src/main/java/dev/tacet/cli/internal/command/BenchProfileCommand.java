// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.bench.ProfileBench;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.process.ThreadedRun;
import dev.tacet.cli.internal.terminal.Machine;
import dev.tacet.compiler.CostProfile;
import dev.tacet.he.ModelArtifact;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tacet bench profile}: the machine's cost profile, an input of the compiler. */
@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    description = {
      "Measures what the parts of an evaluation take on this machine, for 'compile --cost-profile FILE' and 'explain': the predicted"
          + " times are then this machine's.",
      "A profile also steers the choice between rotations: every host that compiles a model for the same clients takes the same file."
    })
public final class BenchProfileCommand implements Callable<Integer> {
  @Option(names = {"-o", "--output"}, paramLabel = "FILE", required = true, description = "The JSON file to write; - is standard output.")
  private Path output;

  @Option(names = "--name", paramLabel = "NAME", description = "The machine's name in reports. Default: its processor's.")
  private String name;

  @Option(names = "--threads", paramLabel = "N", description = "Threads of the engine. Default: all cores.")
  private Integer threads;

  @Option(names = "--seconds", paramLabel = "S", defaultValue = "10",
      description = "How long the programs run, beside their preparation. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(names = "--check", paramLabel = "MODEL.tacet", arity = "1..*",
      description = "Compiled models that are run in turns with the programs: their times beside those that the profile predicts.")
  private List<Path> models = List.of();

  @Override
  public Integer call() {
    OutputFile.require(output);
    int wanted = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    ThreadedRun.require(wanted, seconds);
    if (!ThreadedRun.hasThreads(wanted)) {
      return again(wanted);
    }
    Map<String, ModelArtifact> artifacts = new LinkedHashMap<>();
    models.forEach(model -> artifacts.put(model.toString(), Artifacts.read(model)));
    ProfileBench.Result result;
    try {
      result = ProfileBench.measure(name == null ? Machine.processor() : name, seconds, wanted, artifacts);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Give another --name, or another model to --check.", e);
    }
    CostProfile profile = result.profile();
    if (output.toString().equals("-")) {
      System.out.print(profile.toJson());
    } else {
      OutputFile.write(output, profile.toJson().getBytes(StandardCharsets.UTF_8));
      System.out.printf("Wrote %s: %s, %d threads, SHA-256 %s%n", output, profile.name(), wanted, profile.sha256());
      result.checks().forEach(check -> System.out.printf(Locale.ROOT,
          "%s: %d runs, at the least %.2f ms, median %.2f ms; predicted %.2f ms, %.2f and %.2f times as much%n", check.model(), check.runs(),
          check.least(), check.median(), check.predicted(), check.predicted() / check.least(), check.predicted() / check.median()));
    }
    return CliException.DONE;
  }

  /** The same command in a process whose engine has the number of threads asked for. */
  private int again(int wanted) {
    List<String> arguments =
        new ArrayList<>(
            List.of("bench", "profile", "--threads", "" + wanted, "--seconds", "" + seconds, "--output", output.toString()));
    if (name != null) {
      arguments.addAll(List.of("--name", name));
    }
    if (!models.isEmpty()) {
      arguments.add("--check");
      models.forEach(model -> arguments.add(model.toString()));
    }
    return ThreadedRun.again(arguments, wanted);
  }
}
