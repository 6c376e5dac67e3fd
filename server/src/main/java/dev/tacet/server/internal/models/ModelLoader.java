// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.Context;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Parameters;
import dev.tacet.protocol.Ed25519Key;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelProvenance;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a version that can be served of its files, or says why it cannot be. */
final class ModelLoader {
  private static final Logger LOG = LoggerFactory.getLogger(ModelLoader.class);

  private final ModelSource source;
  private final long warmUpBytes;
  private final Optional<byte[]> trustedKey;
  private final Contexts contexts = new Contexts();

  /**
   * Makes a loader.
   *
   * @param source compiles ONNX files
   * @param options the bytes of warming up, and whose models are trusted
   */
  ModelLoader(ModelSource source, RepositoryOptions options) {
    this.source = source;
    this.warmUpBytes = options.warmUpBytes();
    this.trustedKey = options.trustedKey().map(Ed25519Key::publicKeyFromPem);
  }

  /**
   * Reads a version's artifact, or compiles it.
   *
   * @throws IOException if a file cannot be read
   * @throws RuntimeException that says what is wrong with them
   */
  ModelArtifact read(ModelFolders.Found found) throws IOException {
    if (!found.problem().isEmpty()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, found.problem());
    }
    Path file = found.folder().resolve(ModelFolders.ARTIFACT);
    if (!Files.isRegularFile(file)) {
      return source.compile(found.name(), found.folder());
    }
    long size = Files.size(file);
    if (size > ModelRepository.MAX_ARTIFACT_BYTES) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE,
          file.getFileName() + " has " + size + " bytes, at most " + ModelRepository.MAX_ARTIFACT_BYTES + " are read");
    }
    return ModelArtifact.fromBytes(ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  /**
   * Reads the owner's signature beside an artifact, if there is one.
   *
   * @throws IOException if the file cannot be read
   * @throws ServiceException INVALID_ARGUMENT if a trusted key is configured and the artifact is not signed by it
   */
  Optional<ModelProvenance> provenance(ModelFolders.Found found, ModelArtifact artifact) throws IOException {
    Path file = found.folder().resolve(ModelFolders.PROVENANCE);
    Optional<ModelProvenance> signed = Optional.empty();
    if (Files.isRegularFile(file)) {
      if (Files.size(file) > ModelProvenance.MAX_BYTES) {
        throw new ServiceException(
            ErrorCause.TOO_LARGE, ModelFolders.PROVENANCE + " has " + Files.size(file) + " bytes, at most " + ModelProvenance.MAX_BYTES);
      }
      signed = Optional.of(ModelProvenance.parse(Files.readString(file)));
    }
    if (trustedKey.isPresent()) {
      String problem =
          signed.map(s -> s.problem(trustedKey.get(), found.name(), artifact.sha256(), artifact.signature().sha256()))
              .orElse("model " + found.name() + " is not signed by its owner, and repository.trusted-key asks for that");
      if (!problem.isEmpty()) {
        throw new ServiceException(ErrorCause.INVALID_ARGUMENT, problem);
      }
    }
    return signed;
  }

  /**
   * Checks an artifact, prepares its program and runs it once.
   *
   * @return the model; whoever gets it retires it
   * @throws ServiceException INSECURE_PARAMETERS, INVALID_ARGUMENT, WRONG_PARAMETERS
   */
  ServedModel load(String name, String version, ModelArtifact artifact, Optional<ModelProvenance> provenance) {
    Parameters parameters = artifact.parameters();
    SecurityGate.check(parameters);
    if (!artifact.signature().model().equals(name)) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "the artifact is model " + ModelNames.clip(artifact.signature().model()) + " and lies in a folder of another name: every client"
              + " would refuse it; rename the folder, or compile under this name");
    }
    if (!artifact.program().parameters().equals(parameters)) {
      throw new ServiceException(ErrorCause.WRONG_PARAMETERS, "program and artifact have different parameters");
    }
    Context context = contexts.acquire(parameters);
    ServedModel model;
    try {
      model = new ServedModel(
          name, version, artifact, provenance, context, ExecutableProgram.load(context, artifact.program()), () -> contexts.release(parameters));
    } catch (RuntimeException | Error e) {
      contexts.release(parameters);
      throw e;
    }
    try {
      WarmUp.run(model, warmUpBytes, WarmUp.MOST);
    } catch (RuntimeException | Error e) {
      model.retire();
      throw e;
    }
    LOG.info(
        "model {} version {}: {}, {} security bits, artifact {}",
        name, version, parameters, parameters.security().bits(), model.artifactSha256().substring(0, 12));
    return model;
  }

  /** Returns how many contexts are held. */
  int contexts() {
    return contexts.size();
  }
}
