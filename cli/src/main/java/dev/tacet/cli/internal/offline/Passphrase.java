// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import java.io.Console;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Option;

/** Where the passphrase of a key folder comes from: a file, the environment, or a question on the terminal. */
public final class Passphrase {
  private static final String VARIABLE = "TACET_PASSPHRASE";

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = "First line: the passphrase of the key folder. Else $TACET_PASSPHRASE, else asked on the terminal.")
  private Path file;

  /**
   * The passphrase; the caller wipes it.
   *
   * @param twice whether it is a new one, which is asked for twice on a terminal
   */
  public char[] read(boolean twice) {
    if (file != null) {
      return fromFile();
    }
    String variable = System.getenv(VARIABLE);
    if (variable != null && !variable.isEmpty()) {
      return variable.toCharArray();
    }
    Console console = System.console();
    if (console == null) {
      throw CliException.usage(
          "the key folder needs a passphrase and there is no terminal to ask on",
          "Give --passphrase-file FILE or set " + VARIABLE + ".");
    }
    char[] given = console.readPassword("Passphrase of the key folder: ");
    if (given == null || given.length == 0) {
      throw CliException.usage("the passphrase is empty", "Type at least one character.");
    }
    if (twice) {
      char[] again = console.readPassword("Once more: ");
      boolean same = again != null && Arrays.equals(given, again);
      if (again != null) {
        Arrays.fill(again, '\0');
      }
      if (!same) {
        Arrays.fill(given, '\0');
        throw CliException.usage("the two passphrases differ", "Run the command again.");
      }
    }
    return given;
  }

  private char[] fromFile() {
    byte[] bytes = InputFile.read(file, "Name a file whose first line is the passphrase.");
    CharBuffer text = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
    Arrays.fill(bytes, (byte) 0);
    int length = 0;
    while (length < text.length() && text.charAt(length) != '\n' && text.charAt(length) != '\r') {
      length++;
    }
    char[] passphrase = new char[length];
    text.get(passphrase);
    Arrays.fill(text.array(), '\0');
    if (length == 0) {
      throw CliException.usage("the first line of " + file + " is empty", "Write the passphrase there.");
    }
    return passphrase;
  }
}
