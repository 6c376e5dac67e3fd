// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** What a command writes is no file that the same command line names for something else. */
final class FilesApart {
  private static final Set<String> WRITTEN = Set.of("--output", "--json", "--html", "--receipt", "--withdraw");

  private record Named(ArgSpec argument, Path file) {}

  private FilesApart() {}

  /**
   * Compares the files of a command line, whatever their spelling.
   *
   * @throws CliException bad usage, naming the file
   */
  static void require(ParseResult parsed) {
    while (parsed.hasSubcommand()) {
      parsed = parsed.subcommand();
    }
    List<Named> files = new ArrayList<>();
    for (ArgSpec argument : parsed.matchedArgs()) {
      Object value = argument.getValue();
      for (Object each : value instanceof Collection<?> several ? several : List.of(value)) {
        if (each instanceof Path file && !file.toString().equals("-")) {
          files.add(new Named(argument, file));
        }
      }
    }
    for (Named written : files) {
      for (Named other : files) {
        if (written != other && isWritten(written.argument()) && same(written.file(), other.file())) {
          String option = ((OptionSpec) written.argument()).longestName();
          throw CliException.usage(written.file() + (isWritten(other.argument()) ? " is written twice" : " is both read and written"),
              "Name another file for " + option + ".");
        }
      }
    }
  }

  private static boolean isWritten(ArgSpec argument) {
    return argument instanceof OptionSpec option && WRITTEN.contains(option.longestName());
  }

  private static boolean same(Path a, Path b) {
    try {
      return Files.exists(a) && Files.exists(b) ? Files.isSameFile(a, b) : a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
    } catch (IOException e) {
      return false; // whoever opens it says what is wrong with it
    }
  }
}
