// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.bench.OperationBenchmark;
import dev.tacet.cli.internal.bench.OperationResult;
import dev.tacet.cli.internal.bench.ParameterSet;
import dev.tacet.cli.internal.process.ServerProcess;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.he.NativeLibrary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tacet bench ops}: single operations at N = 2^13, 2^14 and 2^15. */
@Command(
    name = "ops",
    mixinStandardHelpOptions = true,
    description = "Measures single operations: minimum and median of each.")
public final class BenchOpsCommand implements Callable<Integer> {
  /** The engine's own setting; it sizes its pool when it is loaded, so another number needs another process. */
  private static final String THREADS = "TACET_THREADS";

  @Option(names = "--threads", paramLabel = "N", defaultValue = "1", description = "Threads of the engine (default: 1).")
  private int threads;

  @Option(names = "--ring-degree", paramLabel = "N", split = ",", description = "8192, 16384, 32768 (default: all).")
  private List<Integer> ringDegrees = List.of();

  @Option(names = "--repetitions", paramLabel = "K", defaultValue = "20", description = "Measured calls of each (default: 20).")
  private int repetitions;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the measurements as JSON; - is standard output.")
  private Path json;

  @Override
  public Integer call() {
    List<ParameterSet> sets = chosen();
    if (!Integer.toString(threads).equals(System.getenv(THREADS))) {
      return again();
    }
    List<OperationResult> results = new ArrayList<>();
    for (ParameterSet set : sets) {
      try (OperationBenchmark benchmark = new OperationBenchmark(set)) {
        results.addAll(benchmark.run(repetitions, name -> {}));
      }
    }
    if (json != null) {
      Json.write(json, Map.of("threads", threads, "kernels", NativeLibrary.kernels(), "results", results));
    }
    if (json == null || !json.toString().equals("-")) {
      Table table = new Table("set", "operation", ">minimum", ">median");
      results.forEach(
          r -> table.row(r.set(), r.op(), milliseconds(r.nanoseconds().min()), milliseconds(r.nanoseconds().median())));
      table.print();
    }
    return 0;
  }

  private List<ParameterSet> chosen() {
    if (threads < 1 || threads > 256 || repetitions < 1) {
      throw new CliException(
          CliException.BAD_USAGE,
          threads + " threads and " + repetitions + " repetitions cannot be measured",
          "Give 1 to 256 threads and at least one repetition.");
    }
    try {
      return ringDegrees.isEmpty() ? List.of(ParameterSet.values()) : ringDegrees.stream().map(ParameterSet::of).toList();
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Choose among these with --ring-degree.", e);
    }
  }

  /** The same command in a process whose engine has the number of threads asked for. */
  private int again() {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "ops", "--threads", "" + threads, "--repetitions", "" + repetitions));
    ringDegrees.forEach(n -> arguments.addAll(List.of("--ring-degree", n.toString())));
    if (json != null) {
      arguments.addAll(List.of("--json", json.toString()));
    }
    ProcessBuilder builder = new ProcessBuilder(ServerProcess.ownCommandLine(arguments)).inheritIO();
    builder.environment().put(THREADS, Integer.toString(threads));
    try {
      return builder.start().waitFor();
    } catch (IOException e) {
      throw new CliException(
          CliException.FAILED, "the measuring process cannot be started: " + e.getMessage(), "Run 'tacet doctor'.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CliException.FAILED;
    }
  }

  private static String milliseconds(long nanoseconds) {
    return Units.milliseconds(nanoseconds / 1e6);
  }
}
