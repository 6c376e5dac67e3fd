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
    description = "Measure single operations, other libraries beside them, or the ready models end to end.",
    subcommands = {BenchOpsCommand.class, BenchPeersCommand.class, BenchModelsCommand.class})
public final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to measure: ops, peers or models");
  }
}
