// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileResult;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.ModelDescription;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compiles an ONNX file with the ranges and options of the {@code tacet.yaml} beside it; the folder gives the model's name. */
public final class OnnxModelSource implements ModelSource {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxModelSource.class);

  @Override
  public ModelArtifact compile(String name, Path folder) throws IOException {
    Path yaml = folder.resolve(ModelFolders.DESCRIPTION);
    if (!Files.isRegularFile(yaml)) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "there is no " + ModelFolders.DESCRIPTION + " beside " + ModelFolders.ONNX + ": the ranges of the features are unknown");
    }
    long start = System.nanoTime();
    ModelDescription description = ModelDescription.read(folder);
    CompileOptions options = CompileOptions.fromYaml(yaml).withModel(name);
    CompileResult result = Compiler.compile(OnnxSource.ofFile(folder.resolve(description.model())), options);
    LOG.info("model {} compiled in {} ms", name, (System.nanoTime() - start) / 1_000_000);
    return result.artifact();
  }
}
