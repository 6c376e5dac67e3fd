// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that a command reads: what is wrong with a name is bad usage, and is said in the words of the person who gave it. */
public final class InputFile {
  private InputFile() {}

  /**
   * Returns {@code file}, which is there, is no folder and may be read.
   *
   * @param remedy what to give instead
   * @throws CliException (bad usage) if it is not so
   */
  public static Path require(Path file, String remedy) {
    if (Files.isDirectory(file)) {
      throw CliException.usage(file + " is a folder, not a file", remedy);
    } else if (!Files.exists(file)) {
      throw CliException.usage("no such file: " + file, remedy);
    } else if (!Files.isReadable(file)) {
      throw CliException.usage("no permission to read " + file, remedy);
    }
    return file;
  }

  /**
   * Returns the bytes of {@code file}.
   *
   * @param remedy what to give instead
   * @throws CliException (bad usage) if they cannot be read
   */
  public static byte[] read(Path file, String remedy) {
    require(file, remedy);
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CliException(CliException.BAD_USAGE, "cannot read " + file + ": " + OutputFile.reason(e), remedy, e);
    } catch (OutOfMemoryError e) {
      throw new CliException(CliException.BAD_USAGE, file + " is too large to be read", remedy, e);
    }
  }
}
