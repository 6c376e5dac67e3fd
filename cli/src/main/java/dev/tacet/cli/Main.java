// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import dev.tacet.cli.internal.command.TacetCommand;

/** The entry point of {@code tacet}. */
public final class Main {
  private Main() {}

  /** Runs the command line and ends the process with its exit code: 0 done, 1 failed, 2 bad usage, 3 accuracy missed. */
  public static void main(String[] arguments) {
    System.exit(TacetCommand.run(arguments));
  }
}
