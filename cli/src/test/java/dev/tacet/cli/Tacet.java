// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import dev.tacet.cli.internal.command.TacetCommand;
import dev.tacet.cli.internal.process.ServerProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One run of the command line, in a process of its own or in this one.
 *
 * @param exit its exit code
 * @param out what it wrote on standard output
 * @param err what it wrote on standard error
 */
record Tacet(int exit, String out, String err) {
  /** The folder of the ready models. */
  static final Path MODELS = Path.of("../models").toAbsolutePath().normalize();

  /** Runs {@code tacet ARGUMENTS} with the passphrase of the tests in its environment. */
  static Tacet run(String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), arguments);
  }

  /** The same with further variables in its environment. */
  static Tacet run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
    return run(environment, List.of(), List.of(), arguments);
  }

  /** The same with a command before {@code java}, empty for none, and with further options of it. */
  static Tacet run(List<String> before, List<String> options, String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), before, options, arguments);
  }

  private static Tacet run(Map<String, String> environment, List<String> before, List<String> options, String... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("tacet-out", ".txt");
    Path err = Files.createTempFile("tacet-err", ".txt");
    try {
      List<String> command = new ArrayList<>(ServerProcess.ownCommandLine(List.of(arguments)));
      command.add(1, "-Dtacet.home=" + MODELS.getParent());
      command.addAll(command.indexOf("-cp"), options);
      command.addAll(0, before);
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("TACET_PASSPHRASE", "correct horse battery staple");
      builder.environment().putAll(environment);
      Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      if (!process.waitFor(10, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException("tacet " + String.join(" ", arguments) + " did not end in 10 minutes");
      }
      return new Tacet(
          process.exitValue(),
          new String(Files.readAllBytes(out), StandardCharsets.UTF_8),
          new String(Files.readAllBytes(err), StandardCharsets.UTF_8));
    } finally {
      Files.deleteIfExists(out);
      Files.deleteIfExists(err);
    }
  }

  /**
   * Runs {@code tacet ARGUMENTS} in this process, in a fraction of the time, with the passphrase that the build puts into the
   * environment; one at a time, since what it writes is caught. The commands of the guide, which is a test too, are processes.
   */
  static Tacet here(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream before = System.out;
    PrintStream errors = System.err;
    int exit;
    try (PrintStream caught = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream complaints = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      System.setOut(caught);
      System.setErr(complaints);
      exit = TacetCommand.run(arguments);
    } finally {
      System.setOut(before);
      System.setErr(errors);
    }
    return new Tacet(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Everything that it said, for the message of a failed assertion. */
  String all() {
    return "exit " + exit + "\n" + out + err;
  }
}
