// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.bench.Charts;
import dev.tacet.cli.internal.bench.NativeBench;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tacet bench peers}: the operations of other libraries beside Tacet's; benchmarks/peers/compare.py does the work. */
@Command(
    name = "peers",
    mixinStandardHelpOptions = true,
    description = {
      "Measures single operations of Tacet, OpenFHE, TenSEAL and Lattigo in one run, alternating, one thread, and prints one table with"
          + " ratios.",
      "The peers are installed into a cache folder by this machine's Python and Go; one that cannot be had is left out with a word."
    })
public final class BenchPeersCommand implements Callable<Integer> {
  @Option(names = "--with", paramLabel = "FOLDER",
      description = "Executables of builds of your own (benchmarks/peers/README.md says what they take and print).")
  private Path folder;

  @Option(names = "--params", paramLabel = "LOGN:LOGQ", split = ",", defaultValue = "14:340,15:740,16:1310",
      description = "Parameter sets. Default: ${DEFAULT-VALUE}.")
  private List<String> parameters;

  @Option(names = "--ops", paramLabel = "NAME", split = ",", description = "Which operations. Default: all.")
  private List<String> operations = List.of();

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "3", description = "Rounds through all libraries. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(names = "--seconds", paramLabel = "S", defaultValue = "0.3",
      description = "How long each operation is measured at least, each round. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(names = "--no-registry", description = "Only Tacet and the executables of --with.")
  private boolean noRegistry;

  @Option(names = "--python", paramLabel = "FILE", description = "A CPython 3.10, which OpenFHE's wheel needs.")
  private Path python;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write everything as JSON.")
  private Path json;

  @Option(names = "--charts", paramLabel = "FOLDER", description = "Also draw charts as SVG files.")
  private Path charts;

  @Override
  public Integer call() {
    OutputFile.require(json);
    OutputFile.requireFolder(charts);
    if (rounds < 1 || !(seconds > 0 && seconds <= 3600)) {
      throw CliException.usage(rounds + " rounds of " + seconds + " seconds cannot be measured", "Give at least one, at most 3600 s.");
    }
    Path script = Path.of(System.getProperty("tacet.home", "."), "benchmarks", "peers", "compare.py");
    if (!Files.isRegularFile(script)) {
      throw CliException.failed(script + " is missing", "Run './tacet bench peers' in the source tree.");
    }
    Path report = null;
    try {
      report = json != null || charts == null ? json : Files.createTempFile("tacet-peers", ".json");
      int code = run(command(script, report));
      if (code == 0 && charts != null) {
        Charts.peers(new JsonMapper().readTree(report.toFile()), charts);
      }
      return code == CliException.DONE || code == CliException.BAD_USAGE ? code : CliException.FAILED;
    } catch (IOException e) {
      throw new CliException(CliException.FAILED, "the comparison cannot be run: " + e.getMessage(), "It needs a Python 3.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CliException.FAILED;
    } finally {
      if (report != null && json == null) {
        report.toFile().delete();
      }
    }
  }

  private List<String> command(Path script, Path report) {
    List<String> command =
        new ArrayList<>(
            List.of("python3", script.toString(), "--tacet", NativeBench.executable().toString(), "--params",
                String.join(",", parameters), "--rounds", "" + rounds, "--seconds", "" + seconds));
    add(command, "--ops", operations.isEmpty() ? null : String.join(",", operations));
    add(command, "--with", folder);
    add(command, "--python", python);
    add(command, "--json", report);
    if (noRegistry) {
      command.add("--no-registry");
    }
    return command;
  }

  private static void add(List<String> command, String option, Object value) {
    if (value != null) {
      command.addAll(List.of(option, value.toString()));
    }
  }

  private static int run(List<String> command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().redirectInput(new File("/dev/null")).start().waitFor();
  }
}
