// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.terminal.Machine;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.ModelFolder;
import dev.tacet.he.NativeLibrary;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what the machine offers and what is missing. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {"Check this machine and this installation.", "Exits with 1 if something is broken; warnings are no failure."})
public final class DoctorCommand implements Callable<Integer> {
  /** A secret key's seed and ternary form at N = 2^15, and the evaluation forms of a chain of 20 primes. */
  private static final long WANTED_LOCKED_BYTES = (1L << 15) * (1 + 8 * 20) + 4096;

  private static final long WANTED_MEMORY_BYTES = 4L << 30;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the findings as JSON; - is standard output.")
  private Path json;

  private enum Verdict {
    OK,
    WARNING,
    BROKEN
  }

  private record Finding(String name, String value, Verdict verdict, String advice) {}

  private static final long LEAST_FILES = 4096;

  private final List<Finding> findings = new ArrayList<>();

  @Override
  public Integer call() {
    OutputFile.require(json);
    machine();
    limits();
    java();
    engine();
    clearModels();
    models();
    boolean broken = findings.stream().anyMatch(finding -> finding.verdict() == Verdict.BROKEN);
    if (json != null) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (Finding finding : findings) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", finding.name());
        row.put("value", finding.value());
        row.put("verdict", finding.verdict().name().toLowerCase(java.util.Locale.ROOT));
        row.put("advice", finding.advice());
        rows.add(row);
      }
      Json.write(json, Map.of("findings", rows));
    }
    if (json == null || !json.toString().equals("-")) {
      show();
    }
    return broken ? CliException.FAILED : CliException.DONE;
  }

  private void show() {
    Table table = new Table("", "check", "found");
    for (Finding finding : findings) {
      table.row(mark(finding.verdict()), finding.name(), finding.value());
    }
    table.print();
    for (Finding finding : findings) {
      if (finding.verdict() != Verdict.OK) {
        System.out.println();
        System.out.println("  " + mark(finding.verdict()) + " " + Terminal.bold(finding.name()) + ": " + finding.advice());
      }
    }
  }

  private static String mark(Verdict verdict) {
    return verdict == Verdict.OK ? "✓" : verdict == Verdict.WARNING ? "!" : "✗";
  }

  private void machine() {
    List<String> sets = Machine.instructionSets();
    add("processor", Machine.processor() + (sets.isEmpty() ? "" : " (" + String.join(" ", sets) + ")"), Verdict.OK, null);
    add("cores", Integer.toString(Runtime.getRuntime().availableProcessors()), Verdict.OK, null);
    long memory = Machine.memoryBytes();
    long available = Machine.availableMemoryBytes();
    boolean scarce = available >= 0 && available < WANTED_MEMORY_BYTES;
    add(
        "memory",
        memory < 0 ? "unknown" : Units.bytes(memory) + ", " + Units.bytes(available) + " available",
        scarce ? Verdict.WARNING : Verdict.OK,
        "large models need about " + Units.bytes(WANTED_MEMORY_BYTES) + " for keys and encoded weights; close other programs");
  }

  private void limits() {
    long locked = Machine.lockedMemoryLimit();
    add(
        "locked memory",
        locked == -1 ? "no limit" : locked == -2 ? "unknown" : "limit " + Units.bytes(locked),
        locked >= 0 && locked < WANTED_LOCKED_BYTES ? Verdict.WARNING : Verdict.OK,
        "the evaluation forms of a large secret key (" + Units.bytes(WANTED_LOCKED_BYTES)
            + ") may be swapped to disk; raise it with 'ulimit -l unlimited' or in /etc/security/limits.conf");
    long core = Machine.coreDumpLimit();
    add(
        "core dumps",
        core == 0 ? "off" : core == -2 ? "unknown" : core == -1 ? "on, no limit" : "on, up to " + Units.bytes(core),
        Verdict.OK,
        null);
    int dumpable = Machine.dumpable();
    add("process dumpable", dumpable == 1 ? "yes" : dumpable == 0 ? "no" : "unknown", Verdict.OK, null);
  }

  private void java() {
    int version = Runtime.version().feature();
    add(
        "java",
        System.getProperty("java.vm.name") + " " + Runtime.version() + ", heap up to "
            + Units.bytes(Runtime.getRuntime().maxMemory()),
        version >= 17 ? Verdict.OK : Verdict.BROKEN,
        "Java 17 or newer is needed");
    temporaryFiles(Path.of(System.getProperty("java.io.tmpdir")));
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      long files = system.getMaxFileDescriptorCount();
      add("open files", "at most " + files, files >= LEAST_FILES ? Verdict.OK : Verdict.WARNING,
          "a host takes one for each connection, 16384 unless limits.connections says less, and Java itself some hundred: raise 'ulimit -n'");
    }
  }

  /** Tries it out: what root may do says nothing of a file system that takes no files, or lets none be executed. */
  private void temporaryFiles(Path folder) {
    String advice = "set TACET_JAVA_OPTS=-Djava.io.tmpdir=FOLDER to one that can be written and may hold executable files (not mounted noexec)";
    if (!Files.isDirectory(folder)) {
      add("temporary files", folder + ", no such folder", Verdict.WARNING, advice);
      return;
    }
    Path probe;
    try {
      probe = Files.createTempFile(folder, "tacet-probe", null);
    } catch (IOException | RuntimeException e) {
      add("temporary files", folder + ", cannot be written", Verdict.BROKEN, advice);
      return;
    }
    boolean executable = probe.toFile().setExecutable(true) && Files.isExecutable(probe);
    add(
        "temporary files",
        folder + (executable ? "" : ", no executable files"),
        executable ? Verdict.OK : Verdict.WARNING,
        "the engine, and for 'tacet demo', 'tacet try' and 'tacet simulate' onnxruntime, are unpacked there or in a folder of the user's; " + advice);
    try {
      Files.delete(probe);
    } catch (IOException e) {
      System.err.println("tacet: " + probe + " could not be removed: " + OutputFile.reason(e));
    }
  }

  private void engine() {
    try {
      Path library = NativeLibrary.load();
      add("native engine", library + ", " + NativeLibrary.version(), Verdict.OK, null);
      String forced = System.getenv("TACET_KERNELS");
      add("kernels", NativeLibrary.kernels() + (forced == null ? "" : ", chosen by TACET_KERNELS"), Verdict.OK, null);
    } catch (RuntimeException | LinkageError e) {
      add("native engine", "not usable", Verdict.BROKEN, e.getMessage());
    }
  }

  private void clearModels() {
    try {
      add("onnxruntime", ClearModel.version(), Verdict.OK, null);
    } catch (CliException e) {
      add("onnxruntime", "not usable", Verdict.WARNING, e.getMessage() + ". " + e.remedy());
    }
  }

  private void models() {
    Path root = ModelFolder.root();
    if (!Files.isDirectory(root)) {
      add("models", "no folder " + root, Verdict.WARNING, "'tacet demo' needs the models folder of the repository");
      return;
    }
    for (String name : ModelFolder.READY) {
      Path folder = root.resolve(name);
      String missing = ModelFolder.missing(folder);
      long bytes = 0;
      try {
        bytes = missing.isEmpty() ? Files.size(folder.resolve("model.onnx")) : 0;
      } catch (IOException e) {
        missing = e.toString();
      }
      add(
          "model " + name,
          missing.isEmpty() ? Units.bytes(bytes) : "incomplete",
          missing.isEmpty() ? Verdict.OK : Verdict.WARNING,
          "missing in " + folder + ": " + missing);
    }
  }

  private void add(String name, String value, Verdict verdict, String advice) {
    findings.add(new Finding(name, value, verdict, verdict == Verdict.OK ? null : advice));
  }
}
