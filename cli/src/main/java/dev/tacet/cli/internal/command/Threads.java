// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.Cleanup;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.process.ServerProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The number of threads of the engine. It is read from the environment (TACET_THREADS) when the engine is loaded, so
 * another number needs another process.
 */
final class Threads {
  private static final String VARIABLE = "TACET_THREADS";
  private static List<String> arguments = List.of();

  private Threads() {}

  /** Keeps the arguments of this process for {@link #rerunWith}. */
  static void started(String... all) {
    arguments = List.of(all);
  }

  /** How many threads the engine of this process uses. */
  static int inUse() {
    String set = System.getenv(VARIABLE);
    return set == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(set);
  }

  /** Runs this command again with {@code threads} threads and returns its exit code; null if it already has them. */
  static Integer rerunWith(int threads) {
    if (threads < 1 || threads > 1024) {
      throw CliException.usage("--threads is " + threads, "Give a number in 1..1024.");
    }
    if (Integer.toString(threads).equals(System.getenv(VARIABLE))) {
      return null;
    }
    List<String> command = new ArrayList<>(ServerProcess.ownCommandLine(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put(VARIABLE, Integer.toString(threads));
    try {
      Process process = builder.start();
      try (Cleanup.Registration registration = Cleanup.atExit(process::destroyForcibly)) {
        return process.waitFor();
      }
    } catch (IOException e) {
      throw new CliException(CliException.FAILED, "cannot start java again: " + e.getMessage(), "Set " + VARIABLE + " instead.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CliException.FAILED;
    }
  }
}
