// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files named model.tacet. */
public final class Artifacts {
  private Artifacts() {}

  /** Reads and proves an artifact. */
  public static ModelArtifact read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw CliException.usage("no such file: " + file, "Name a model.tacet, as 'tacet compile' writes it.");
    }
    try {
      return ModelArtifact.fromBytes(ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (MalformedException e) {
      throw new CliException(
          CliException.FAILED, file + " is not a model.tacet: " + e.getMessage(), "Compile the model again, or copy the file again.", e);
    } catch (IOException e) {
      throw new CliException(CliException.FAILED, "cannot read " + file + ": " + e.getMessage(), "Check the file.", e);
    }
  }
}
