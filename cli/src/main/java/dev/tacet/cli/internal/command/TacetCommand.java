// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Variables;
import dev.tacet.cli.internal.terminal.Terminal;
import java.io.PrintWriter;
import java.util.logging.LogManager;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root of the command line. */
@Command(
    name = "tacet",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    header = "Inference on data that the host never sees.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0  done",
      "  1  failed",
      "  2  bad usage",
      "  3  done, but the accuracy target was missed",
      "",
      "'tacet help COMMAND' shows the options of a command."
    },
    subcommands = {
      DemoCommand.class,
      TryCommand.class,
      CheckCommand.class,
      ExplainCommand.class,
      SimulateCommand.class,
      CompileCommand.class,
      SignCommand.class,
      ServeCommand.class,
      ApiKeyCommand.class,
      PredictCommand.class,
      KeysCommand.class,
      AuditCommand.class,
      PrivacyCommand.class,
      KeygenCommand.class,
      EncryptCommand.class,
      EvaluateCommand.class,
      DecryptCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      LauncherCommand.Verify.class,
      LauncherCommand.Package.class,
      CompletionCommand.class,
      HelpCommand.class
    })
public final class TacetCommand implements Runnable {
  /** Columns of a synopsis on one line. */
  private static final int WIDEST = 10_000;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** Parses and runs; prints failures as two lines on standard error; returns the exit code. */
  public static int run(String... arguments) {
    // gRPC logs there, with stack traces, what the caller is told by an exception as well.
    LogManager.getLogManager().reset();
    String level = System.getenv("TACET_LOG");
    if (level != null && !level.equalsIgnoreCase("OFF")) {
      SLF4JBridgeHandler.install(); // in the format and at the levels of all other lines
    }
    CommandLine commandLine = commandLine();
    int exit = commandLine.execute(arguments);
    if (System.out.checkError() && exit == CliException.DONE) {
      CliException lost =
          CliException.failed(
              "standard output took only a part of the result", "Check the free disk space, or the program that reads the output.");
      return Failures.report(lost, commandLine.getErr());
    }
    return exit;
  }

  /** The command line with its handlers of failures. */
  public static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new TacetCommand());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setUsageHelpLongOptionsMaxWidth(30);
    commandLine.setParameterExceptionHandler(TacetCommand::misused);
    CommandLine.IExecutionStrategy last = new CommandLine.RunLast();
    commandLine.setExecutionStrategy(parsed -> {
      try {
        Variables.require(System.getenv());
        FilesApart.require(parsed);
      } catch (CliException e) {
        return Failures.report(e, commandLine.getErr());
      }
      return last.execute(parsed);
    });
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> Failures.report(failure, command.getErr()));
    return commandLine;
  }

  private static int misused(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("tacet: " + Terminal.plain(decapitalize(failure.getMessage())));
    String name = command.getCommandSpec().qualifiedName(" ");
    err.println("       " + synopsis(command) + "   ('" + name + " --help' explains)");
    return CliException.BAD_USAGE;
  }

  /** The first line of the usage, "Usage: " and all. */
  private static String synopsis(CommandLine command) {
    int width = command.getUsageHelpWidth();
    try {
      command.setUsageHelpWidth(WIDEST);  // one that wraps breaks inside of an option's parameter, too
      CommandLine.Help help = command.getHelpFactory().create(command.getCommandSpec(), CommandLine.Help.defaultColorScheme(Ansi.OFF));
      return "Usage: " + help.synopsis(0).strip();
    } finally {
      command.setUsageHelpWidth(width);
    }
  }

  private static String decapitalize(String text) {
    String line = text.replaceAll("\\s*\\R\\s*", "; ");
    boolean acronym = line.length() > 1 && Character.isUpperCase(line.charAt(1));
    return line.isEmpty() || acronym ? line : Character.toLowerCase(line.charAt(0)) + line.substring(1);
  }
}
