// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.bench.Charts;
import dev.tacet.cli.internal.bench.NativeBench;
import dev.tacet.cli.internal.bench.OperationsReport;
import dev.tacet.cli.internal.process.ThreadedRun;
import dev.tacet.he.RingType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tacet bench ops}: single operations of the engine, natively and through Java. */
@Command(
    name = "ops",
    mixinStandardHelpOptions = true,
    description = {
      "Measures single operations, natively and through JNI: minimum, median, cycles per element, the share of what this machine"
          + " can do at most, allocations.",
      "TACET_KERNELS names the kernel table."
    })
public final class BenchOpsCommand implements Callable<Integer> {
  @Option(names = "--params", paramLabel = "LOGN:LOGQ", split = ",", defaultValue = "14:340,15:740,16:1310",
      description = "Parameter sets. Default: ${DEFAULT-VALUE}.")
  private List<String> parameters;

  @Option(names = "--ops", paramLabel = "NAME", split = ",", description = "Which operations. Default: all.")
  private List<String> operations = List.of();

  @Option(names = "--ring-type", paramLabel = "TYPE", defaultValue = "STANDARD",
      description = "STANDARD or CONJUGATE_INVARIANT. Default: ${DEFAULT-VALUE}.")
  private RingType ringType;

  @Option(names = "--threads", paramLabel = "N", defaultValue = "1", description = "Threads of the engine. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(names = "--seconds", paramLabel = "S", defaultValue = "0.5",
      description = "How long each operation is measured at least. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write everything as JSON; - is standard output.")
  private Path json;

  @Option(names = "--charts", paramLabel = "FOLDER", description = "Also draw charts as SVG files.")
  private Path charts;

  @Override
  public Integer call() {
    OutputFile.require(json);
    OutputFile.requireFolder(charts);
    ThreadedRun.require(threads, seconds);
    if (!ThreadedRun.hasThreads(threads)) {
      return again();
    }
    List<String> arguments = common();
    OperationsReport report = new OperationsReport(NativeBench.run(arguments), ringType);
    report.addJava(seconds);
    if (json != null) {
      Json.write(json, report.json());
    }
    if (json == null || !json.toString().equals("-")) {
      report.print();
    }
    if (charts != null) {
      Charts.operations(report.json(), charts);
    }
    return CliException.DONE;
  }

  /** The options that tacet_bench has too. */
  private List<String> common() {
    List<String> arguments =
        new ArrayList<>(
            List.of("--params", String.join(",", parameters), "--ring-type", ringType.name(), "--threads", "" + threads,
                "--seconds", "" + seconds));
    if (!operations.isEmpty()) {
      arguments.addAll(List.of("--ops", String.join(",", operations)));
    }
    return arguments;
  }

  /** The same command in a process whose engine has the number of threads asked for. */
  private int again() {
    List<String> arguments = new ArrayList<>(List.of("bench", "ops"));
    arguments.addAll(common());
    if (json != null) {
      arguments.addAll(List.of("--json", json.toString()));
    }
    if (charts != null) {
      arguments.addAll(List.of("--charts", charts.toString()));
    }
    return ThreadedRun.again(arguments, threads);
  }
}
