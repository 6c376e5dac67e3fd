// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.process;

import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.util.List;

/** A command run once more in a process whose engine has the number of threads asked for: the engine's pool is made once per process. */
public final class ThreadedRun {
  private static final String THREADS = "TACET_THREADS";
  private static final int MAX_THREADS = 256;
  private static final double MAX_SECONDS = 3600;

  private ThreadedRun() {}

  /**
   * Refuses a number of threads that no command takes.
   *
   * @throws CliException of bad usage with the number
   */
  public static void require(int threads) {
    if (threads < 1 || threads > MAX_THREADS) {
      throw CliException.usage("--threads is " + threads, "Give 1 to " + MAX_THREADS + ".");
    }
  }

  /**
   * Refuses numbers of threads and seconds that cannot be measured.
   *
   * @throws CliException of bad usage with the number
   */
  public static void require(int threads, double seconds) {
    require(threads);
    if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
      throw CliException.usage(seconds + " seconds cannot be measured", "Give more than 0 and at most " + (int) MAX_SECONDS + ".");
    }
  }

  /** Whether this process is already the one with so many threads. */
  public static boolean hasThreads(int threads) {
    return Integer.toString(threads).equals(System.getenv(THREADS));
  }

  /**
   * Runs the command line with {@code arguments} in such a process, which inherits the terminal.
   *
   * @return its exit code
   */
  public static int again(List<String> arguments, int threads) {
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
}
