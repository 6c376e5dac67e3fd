// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.Context;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Parameters;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of a folder, loaded once. A model that cannot be loaded is listed with its problem; the others are served.
 * Immutable after opening and shared between threads.
 */
public final class ModelRepository implements AutoCloseable {
  /** Largest artifact that is read. */
  public static final long MAX_ARTIFACT_BYTES = 1L << 30;

  private static final Logger LOG = LoggerFactory.getLogger(ModelRepository.class);

  private final Map<String, TreeMap<String, ServedModel>> ready = new LinkedHashMap<>();
  private final List<ModelStatus> statuses = new ArrayList<>();
  private final Map<String, Context> contexts = new HashMap<>();
  private final ModelSource source;

  private ModelRepository(ModelSource source) {
    this.source = source;
  }

  /**
   * Loads every model below a folder.
   *
   * @throws IOException if the folder itself cannot be read
   */
  public static ModelRepository open(Path root, ModelSource source) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new IOException("models folder " + root + " does not exist");
    }
    ModelRepository repository = new ModelRepository(source);
    for (ModelFolders.Found found : ModelFolders.scan(root)) {
      repository.load(found);
    }
    return repository;
  }

  private void load(ModelFolders.Found found) {
    String name = found.name();
    String version = found.version();
    try {
      if (!found.problem().isEmpty()) {
        throw new ServiceException(ErrorCause.INVALID_ARGUMENT, found.problem());
      }
      ServedModel model = load(name, version, read(name, found.folder()));
      ready.computeIfAbsent(name, n -> new TreeMap<>(ModelFolders.VERSION_ORDER)).put(version, model);
      statuses.add(new ModelStatus(name, version, true, model.artifactSha256(), model.signatureSha256(), ""));
      LOG.info(
          "model {} version {}: {}, {} security bits, artifact {}",
          name, version, model.parameters(), model.parameters().security().bits(), model.artifactSha256().substring(0, 12));
    } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) {
      String problem = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      statuses.add(new ModelStatus(name, version, false, "", "", problem));
      LOG.warn("model {} version {} is not served: {}", name, version, problem);
      LOG.debug("model {} version {}", name, version, e);
    }
  }

  private ModelArtifact read(String name, Path folder) throws IOException {
    Path file = folder.resolve(ModelFolders.ARTIFACT);
    if (!Files.isRegularFile(file)) {
      return source.compile(name, folder);
    }
    long size = Files.size(file);
    if (size > MAX_ARTIFACT_BYTES) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE, file.getFileName() + " has " + size + " bytes, at most " + MAX_ARTIFACT_BYTES + " are read");
    }
    return ModelArtifact.fromBytes(ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  private ServedModel load(String name, String version, ModelArtifact artifact) {
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
    Context context = contexts.computeIfAbsent(parameters.hashHex(), hash -> Context.create(parameters));
    return new ServedModel(name, version, artifact, context, ExecutableProgram.load(context, artifact.program()));
  }

  /** Returns every version found, served or not. */
  public List<ModelStatus> statuses() {
    return List.copyOf(statuses);
  }

  /** Returns every served version. */
  public List<ServedModel> ready() {
    return ready.values().stream().flatMap(versions -> versions.values().stream()).toList();
  }

  /** Returns the number of served versions. */
  public int readyCount() {
    return (int) statuses.stream().filter(ModelStatus::ready).count();
  }

  /** Returns a version that is served, the newest if the version is empty; null if there is none. */
  ServedModel find(String name, String version) {
    TreeMap<String, ServedModel> versions = ready.get(name);
    if (versions == null) {
      return null;
    }
    return version.isEmpty() ? versions.lastEntry().getValue() : versions.get(version);
  }

  /** Returns the models whose names pass a test. */
  public ModelView view(Predicate<String> visible) {
    return new ModelView(this, visible);
  }

  /** Closes the native programs and contexts. No run may be left. */
  @Override
  public void close() {
    ready.values().forEach(versions -> versions.values().forEach(ServedModel::close));
    contexts.values().forEach(Context::close);
  }
}
