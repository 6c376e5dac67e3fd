// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import java.util.List;

/** A failure as the command line reports it: one line of what, one line of what to do, and the exit code. */
public final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The work is done. */
  public static final int DONE = 0;

  /** The work failed. */
  public static final int FAILED = 1;

  /** The command was used wrongly: arguments, files that are not what the command reads. */
  public static final int BAD_USAGE = 2;

  /** The work is done but the accuracy target was missed. */
  public static final int ACCURACY_MISSED = 3;

  private final int exitCode;
  private final transient List<String> details;
  private final String remedy;

  /**
   * @param exitCode one of the constants of this class
   * @param what one line: what went wrong, with numbers
   * @param remedy one line: what to do about it
   */
  public CliException(int exitCode, String what, String remedy) {
    this(exitCode, what, remedy, null);
  }

  /** As {@link #CliException(int, String, String)}, with the failure underneath. */
  public CliException(int exitCode, String what, String remedy, Throwable cause) {
    this(exitCode, what, List.of(), remedy, cause);
  }

  /** As {@link #CliException(int, String, String, Throwable)}, with a line for each part of what went wrong. */
  public CliException(int exitCode, String what, List<String> details, String remedy, Throwable cause) {
    super(what, cause);
    this.details = List.copyOf(details);
    this.exitCode = exitCode;
    this.remedy = remedy;
  }

  /** A use of the command that cannot be carried out. */
  public static CliException usage(String what, String remedy) {
    return new CliException(BAD_USAGE, what, remedy);
  }

  /** Work that failed. */
  public static CliException failed(String what, String remedy) {
    return new CliException(FAILED, what, remedy);
  }

  /** The process's exit code. */
  public int exitCode() {
    return exitCode;
  }

  /** The parts of what went wrong, a line each; empty where the message says all. */
  public List<String> details() {
    return details == null ? List.of() : details;
  }

  /** One line: what to do. */
  public String remedy() {
    return remedy;
  }
}
