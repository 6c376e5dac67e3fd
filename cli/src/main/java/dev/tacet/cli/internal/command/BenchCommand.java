// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Measure single operations, other libraries beside them, the ready models end to end, or this machine for the compiler.",
    subcommands = {BenchOpsCommand.class, BenchPeersCommand.class, BenchModelsCommand.class, BenchProfileCommand.class})
public final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to measure: ops, peers, models or profile");
  }
}
