// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.bench.ProfileBench;
import dev.tacet.cli.internal.process.ThreadedRun;
import dev.tacet.cli.internal.terminal.Machine;
import dev.tacet.compiler.CostProfile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  @Option(names = "--seconds", paramLabel = "S", defaultValue = "2",
      description = "How long the programs run, beside their preparation. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Override
  public Integer call() {
    OutputFile.require(output);
    int wanted = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    ThreadedRun.require(wanted, seconds);
    if (!ThreadedRun.hasThreads(wanted)) {
      return again(wanted);
    }
    CostProfile profile;
    try {
      profile = ProfileBench.measure(name == null ? Machine.processor() : name, seconds, wanted);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Give another --name.", e);
    }
    if (output.toString().equals("-")) {
      System.out.print(profile.toJson());
    } else {
      OutputFile.write(output, profile.toJson().getBytes(StandardCharsets.UTF_8));
      System.out.printf("Wrote %s: %s, %d threads, SHA-256 %s%n", output, profile.name(), wanted, profile.sha256());
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
    return ThreadedRun.again(arguments, wanted);
  }
}
