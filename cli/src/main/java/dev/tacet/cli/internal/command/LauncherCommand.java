// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A command that the launcher of a clone carries out before any Java runs: here it has its help alone. */
abstract class LauncherCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MAVEN_OPTION", arity = "0..*", description = "Handed on to Maven.")
  private List<String> options;

  @Override
  public Integer call() {
    throw CliException.usage(
        "'" + spec.name() + "' builds from the sources, and there are none here", "Run ./tacet " + spec.name() + " in a clone.");
  }

  /** Builds and tests. */
  @Command(
      name = "verify",
      mixinStandardHelpOptions = true,
      description = {
        "Build everything and run every test, in a clone: ./tacet verify.",
        "Exits with 0 if all pass; Maven's own lines say which did not."
      })
  static final class Verify extends LauncherCommand {}

  /** Makes the archive. */
  @Command(
      name = "package",
      mixinStandardHelpOptions = true,
      description = {
        "Make the archive that operators install, and start it once to try it, in a clone: ./tacet package.",
        "Prints the archive's path; what the build said is in .tacet/package.log."
      })
  static final class Package extends LauncherCommand {}
}
