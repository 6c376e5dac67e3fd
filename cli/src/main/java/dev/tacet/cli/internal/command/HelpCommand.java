// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tacet help}: of a command, also of one of a group, which the library's own help command does not find. */
@Command(name = "help", helpCommand = true, mixinStandardHelpOptions = true, description = "Show the commands, or the options of one.")
final class HelpCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "The command, with its group before it where it has one.")
  private List<String> path = List.of();

  @Override
  public void run() {
    CommandLine command = spec.parent().commandLine();
    for (String name : path) {
      CommandLine next = command.getSubcommands().get(name);
      if (next == null) {
        throw new ParameterException(command, "'" + command.getCommandSpec().qualifiedName(" ") + "' has no command '" + name + "'");
      }
      command = next;
    }
    command.usage(spec.commandLine().getOut());
  }
}
