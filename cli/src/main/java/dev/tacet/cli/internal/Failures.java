// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import dev.tacet.cli.internal.terminal.Terminal;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** How any failure is told to a person: one line of what, one line of what to do; never a stack trace. */
public final class Failures {
  private Failures() {}

  /**
   * Prints {@code failure} and returns the exit code. With the environment variable TACET_TRACE set, the stack trace
   * follows, for reports of faults.
   */
  public static int report(Throwable failure, PrintWriter err) {
    if (Cleanup.isEnding()) {
      return CliException.FAILED;
    }
    Throwable cause = failure;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    CliException told = cause instanceof CliException cli ? cli : Remedies.of(cause);
    err.println("tacet: " + oneLine(told.getMessage()));
    told.details().forEach(detail -> err.println("       " + oneLine(detail)));
    err.println("       " + oneLine(told.remedy()));
    if (System.getenv("TACET_TRACE") != null) {
      failure.printStackTrace(err);
    }
    err.flush();
    return told.exitCode();
  }

  /** Tells on standard error what a command that ran to its end found wanting: one line of what, one of what to do. */
  public static void tell(String what, String remedy) {
    System.err.println("tacet: " + oneLine(what));
    System.err.println("       " + oneLine(remedy));
  }

  /**
   * What a failure says at its root, its class's name if nothing: a class that could not be initialized says in its cause why, and is
   * merely "not initialized" for everybody after that.
   */
  public static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    if (root instanceof FileSystemException system) {
      return system.getFile() + ": " + OutputFile.reason(system);
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  private static String oneLine(String text) {
    return Terminal.plain(text.strip().replaceAll("\\s*\\R\\s*", "; "));
  }
}
