// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.file.Path;

/** How a folder with {@code model.onnx} becomes an artifact. */
@FunctionalInterface
public interface ModelSource {
  /**
   * Compiles the folder's ONNX file with what its {@code tacet.yaml} says.
   *
   * @throws IOException if a file cannot be read
   * @throws RuntimeException that says, node by node, why it cannot be compiled
   */
  ModelArtifact compile(String name, Path folder) throws IOException;
}
