// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files named model.tacet. */
public final class Artifacts {
  private Artifacts() {}

  /** Reads and proves an artifact. */
  public static ModelArtifact read(Path file) {
    byte[] bytes = InputFile.read(file, "Name a model.tacet, as 'tacet compile' writes it.");
    try {
      return ModelArtifact.fromBytes(ByteBuffer.wrap(bytes));
    } catch (MalformedException e) {
      throw new CliException(
          CliException.FAILED, file + " is not a model.tacet: " + e.getMessage(), "Compile the model again, or copy the file again.", e);
    }
  }
}
