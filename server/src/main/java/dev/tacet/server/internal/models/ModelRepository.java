// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelProvenance;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.StartException;
import dev.tacet.server.internal.models.LoadedModel.LoadedVersion;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of a folder. A version that cannot be loaded is listed with its problem, and the others are served; one whose files
 * change for the worse stays as it was loaded. Reading never waits for loading: what is served is one immutable map, replaced as a
 * whole, and a version that leaves it is freed when the last call that uses it ends. Thread safe.
 */
public final class ModelRepository implements AutoCloseable {
  /** Largest artifact that is read. */
  public static final long MAX_ARTIFACT_BYTES = 1L << 30;

  private static final Logger LOG = LoggerFactory.getLogger(ModelRepository.class);

  private final Path root;
  private final RepositoryOptions options;
  private final ModelLoader loader;
  private final ScheduledExecutorService poller =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "tacet-models");
        thread.setDaemon(true);
        return thread;
      });

  /** By name; never changed, only replaced, by the thread that holds this object's monitor. */
  private volatile NavigableMap<String, LoadedModel> models = Collections.emptyNavigableMap();

  /** Files as the last look found them where they were not loaded yet: a folder is loaded when two looks find it alike. */
  private final Map<Path, FolderStamp> settling = new HashMap<>();

  /** Models without a folder at the last look: one is retired when two looks miss it. */
  private final Set<String> missing = new TreeSet<>();

  /** Why the last look failed; empty if it did not. */
  private volatile String problem = "";

  private boolean closed;

  private ModelRepository(Path root, ModelSource source, RepositoryOptions options) {
    this.root = root;
    this.options = options;
    this.loader = new ModelLoader(source, options);
  }

  /**
   * Loads every model below a folder.
   *
   * @throws IOException if the folder itself cannot be read
   */
  public static ModelRepository open(Path root, ModelSource source, RepositoryOptions options) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new StartException("models folder " + root + " does not exist", "Name the folder that holds NAME/VERSION/model.tacet.", null);
    }
    ModelRepository repository = new ModelRepository(root, source, options);
    repository.look(false);
    if (repository.models.isEmpty()) {
      LOG.warn("models folder {} holds no model; NAME/{} and NAME/VERSION/{} are looked for", root, ModelFolders.ARTIFACT, ModelFolders.ARTIFACT);
    }
    long millis = options.poll().toMillis();
    if (millis > 0) {
      repository.poller.scheduleWithFixedDelay(repository::poll, millis, millis, TimeUnit.MILLISECONDS);
    }
    return repository;
  }

  private void poll() {
    try {
      look(true);
      problem = "";
    } catch (IOException | RuntimeException | Error e) {
      String said = "the models folder cannot be looked at, what is loaded stays: " + (e instanceof FileSystemException ? message(e) : e.toString());
      if (!said.equals(problem)) {
        LOG.warn("{}", said);
      }
      problem = said;
    }
  }

  /** Brings every model to what the folder says. */
  private synchronized void look(boolean onlySettled) throws IOException {
    if (closed) {
      return;
    }
    Map<String, List<ModelFolders.Found>> found = new LinkedHashMap<>();
    for (ModelFolders.Found version : ModelFolders.scan(root)) {
      found.computeIfAbsent(version.name(), name -> new ArrayList<>()).add(version);
    }
    Set<String> names = new TreeSet<>(models.keySet());
    names.addAll(found.keySet());
    for (String name : names) {
      LoadedModel before = models.get(name);
      boolean gone = !found.containsKey(name) && (!onlySettled || !missing.add(name));
      if (found.containsKey(name) || gone) {
        missing.remove(name);
      }
      if ((found.containsKey(name) || gone) && (before == null || !before.unloaded())) {
        refresh(name, found.getOrDefault(name, List.of()), onlySettled, false);
      }
    }
  }

  private List<ModelFolders.Found> scan(String name) {
    try {
      return ModelFolders.scan(root, name);
    } catch (IOException e) {
      throw new ServiceException(ErrorCause.STORAGE_FAILED, "the models folder cannot be read: " + e.getClass().getSimpleName());
    }
  }

  /**
   * Tells whether a model is loaded, or has a folder.
   *
   * @throws ServiceException STORAGE_FAILED
   */
  boolean knows(String name) {
    return models.containsKey(name) || !scan(name).isEmpty();
  }

  /**
   * Loads a model, or brings it to what its folder says now; returns when it is done.
   *
   * @throws ServiceException MODEL_NOT_FOUND if there is no such folder, MODEL_UNAVAILABLE if a version cannot be loaded; the others
   *     and what was served of this one before are served then
   */
  public synchronized void load(String name) {
    requireOpen();
    List<ModelFolders.Found> found = scan(name);
    if (found.isEmpty() && !models.containsKey(name)) {
      throw new ServiceException(ErrorCause.MODEL_NOT_FOUND, "there is no model " + ModelNames.clip(name) + " to load");
    }
    refresh(name, found, false, true);
    LoadedModel after = models.get(name);
    if (after == null) {
      throw new ServiceException(ErrorCause.MODEL_NOT_FOUND, "model " + ModelNames.clip(name) + " has no version any more");
    }
    List<ModelStatus> all = after.statuses();
    for (ModelStatus status : all) {
      if (!status.problem().isEmpty()) {
        String served = all.stream().filter(ModelStatus::ready).map(ModelStatus::version).collect(Collectors.joining(", "));
        throw new ServiceException(
            ErrorCause.MODEL_UNAVAILABLE, "model " + name + (status.version().isEmpty() ? "" : " version " + status.version()) + " cannot be loaded: " + status.problem()
                + (served.isEmpty() ? "; no version of it is served" : "; served are its versions " + served));
      }
    }
  }

  /**
   * Serves no version of a model any more, until it is loaded again or the server starts again. Calls that run end.
   *
   * @throws ServiceException MODEL_NOT_FOUND if there is none
   */
  public synchronized void unload(String name) {
    requireOpen();
    LoadedModel before = models.get(name);
    if (before == null) {
      throw new ServiceException(ErrorCause.MODEL_NOT_FOUND, "there is no model " + ModelNames.clip(name) + " to unload");
    }
    List<LoadedVersion> versions = new ArrayList<>();
    for (LoadedVersion version : before.versions()) {
      versions.add(new LoadedVersion(version.found(), version.stamp(), Optional.empty(), "it was unloaded"));
    }
    publish(name, Optional.of(new LoadedModel(name, versions, before.rules(), before.rulesProblem(), true)));
    LOG.info("model {} is unloaded", name);
  }

  private void requireOpen() {
    if (!options.requested()) {
      throw new ServiceException(ErrorCause.PERMISSION_DENIED, "this host takes no requests to load or unload models");
    }
    if (closed) {
      throw new ServiceException(ErrorCause.SHUTTING_DOWN, "the host is shutting down");
    }
  }

  /**
   * Brings one model to what its folder says: loads what is new or changed, keeps the rest, retires what is gone.
   *
   * @param onlySettled leave files alone that changed since the last look
   * @param again also look into files that seem not to have changed
   */
  private void refresh(String name, List<ModelFolders.Found> found, boolean onlySettled, boolean again) {
    LoadedModel before = models.get(name);
    ServingRules rules = before == null ? ServingRules.NONE : before.rules();
    if (!found.isEmpty() && found.get(0).version().isEmpty()) {
      String closed = found.get(0).problem();
      if (before == null || !before.rulesProblem().equals(closed)) {
        LOG.warn("model {}: {}", name, closed);
      }
      publish(name, Optional.of(new LoadedModel(name, before == null ? List.of() : before.versions(), rules, closed, false)));
      return;
    }
    String rulesProblem = "";
    try {
      ServingRules read = ServingRules.read(root.resolve(name));
      List<String> there = found.stream().map(ModelFolders.Found::version).distinct().toList();
      rulesProblem = read.absent(there, options.versions()).orElse("");
      // Rules that would leave no version of those that are there are a mistake: what was in force before stays.
      boolean leavesNone = read.versions().orElse(options.versions()).choose(there, Function.identity()).isEmpty();
      rules = leavesNone && !there.isEmpty() ? rules : read;
    } catch (IOException | RuntimeException e) {
      rulesProblem = message(e);
      if (before == null || !before.rulesProblem().equals(rulesProblem)) {
        LOG.warn("model {}: {}", name, rulesProblem);
      }
    }
    VersionPolicy policy = rules.versions().orElse(options.versions());
    List<ModelFolders.Found> chosen = policy.choose(found, ModelFolders.Found::version);
    List<LoadedVersion> versions = new ArrayList<>();
    for (ModelFolders.Found version : chosen) {
      Optional<LoadedVersion> old = before == null
          ? Optional.empty()
          : before.versions().stream().filter(v -> v.found().isSame(version)).findFirst();
      refresh(version, old, onlySettled, again).ifPresent(versions::add);
    }
    publish(name, versions.isEmpty() && (rulesProblem.isEmpty() || found.isEmpty())
        ? Optional.empty()
        : Optional.of(new LoadedModel(name, List.copyOf(versions), rules, rulesProblem, false)));
  }

  private Optional<LoadedVersion> refresh(
      ModelFolders.Found found, Optional<LoadedVersion> old, boolean onlySettled, boolean again) {
    Optional<ServedModel> served = old.flatMap(LoadedVersion::served);
    FolderStamp stamp = new FolderStamp(List.of());
    try {
      stamp = found.problem().isEmpty() ? FolderStamp.of(found.folder()) : stamp;
      boolean changed = old.isEmpty() || !old.get().stamp().equals(stamp) || !old.get().found().equals(found);
      if (!changed && !again) {
        return old;
      }
      if (onlySettled && !stamp.equals(settling.put(found.folder(), stamp))) {
        return old;
      }
      settling.remove(found.folder());
      ModelArtifact artifact = loader.read(found);
      Optional<ModelProvenance> signed = loader.provenance(found, artifact);
      if (served.isEmpty() || !served.get().artifactSha256().equals(artifact.sha256()) || !served.get().provenance().equals(signed)) {
        served = Optional.of(loader.load(found.name(), found.version(), artifact, signed));
      }
      return Optional.of(new LoadedVersion(found, stamp, served, ""));
    } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) {
      String problem = served.isPresent() ? "its files changed and cannot be used, what was loaded before is served: " + message(e) : message(e);
      if (old.isEmpty() || !old.get().problem().equals(problem)) {
        LOG.warn("model {} version {}{}: {}", found.name(), found.version(), served.isPresent() ? "" : " is not served", problem);
      }
      LOG.debug("model {} version {}", found.name(), found.version(), e);
      return Optional.of(new LoadedVersion(found, stamp, served, problem));
    }
  }

  /** The failure in words for every reader: without the path of a file. */
  private static String message(Throwable e) {
    if (e instanceof FileSystemException system) {
      Path file = Path.of(String.valueOf(system.getFile())).getFileName();
      return (file == null ? "a file" : file) + " cannot be read" + (system.getReason() == null ? "" : ": " + system.getReason());
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Replaces a model, then retires what is served no more. */
  private void publish(String name, Optional<LoadedModel> model) {
    NavigableMap<String, LoadedModel> next = new TreeMap<>(models);
    LoadedModel before = model.isPresent() ? next.put(name, model.get()) : next.remove(name);
    models = Collections.unmodifiableNavigableMap(next);
    if (before != null) {
      List<ServedModel> kept = model.isPresent() ? List.copyOf(model.get().served().values()) : List.of();
      for (ServedModel served : before.served().values()) {
        if (!kept.contains(served)) {
          served.retire();
          LOG.info("model {} version {}, artifact {}, is retired", name, served.version(), served.artifactSha256().substring(0, 12));
        }
      }
    }
  }

  /** Returns why the folder could not be looked at when that was tried last; empty if it could. */
  public String problem() {
    return problem;
  }

  /** Returns every version found, served or not. */
  public List<ModelStatus> statuses() {
    return models.values().stream().flatMap(model -> model.statuses().stream()).toList();
  }

  /** Returns every served version. */
  public List<ServedModel> ready() {
    return models.values().stream().flatMap(model -> model.served().values().stream()).toList();
  }

  /** Returns the number of served versions. */
  public int readyCount() {
    return ready().size();
  }

  /** Returns the number of versions that cannot be loaded. */
  public int refusedCount() {
    return (int) statuses().stream().filter(status -> status.state() == ModelStatus.State.REFUSED).count();
  }

  /** Returns how many sets of parameters have their native context in memory. */
  public int contexts() {
    return loader.contexts();
  }

  /** Tells whether models may come and go. */
  public boolean changes() {
    return options.changes();
  }

  /** Returns what a call runs, see {@link LoadedModel#find}; nothing if nothing fits. */
  Optional<ServedModel> find(String name, String version, String client, String signatureSha256) {
    LoadedModel model = models.get(name);
    return model == null ? Optional.empty() : model.find(version, client, signatureSha256);
  }

  /** As {@link #find}, with the right to use the native parts. */
  Optional<ServedModel.Lease> lease(String name, String version, String client, String signatureSha256) {
    while (true) {
      Optional<ServedModel> model = find(name, version, client, signatureSha256);
      Optional<ServedModel.Lease> lease = model.flatMap(ServedModel::lease);
      if (model.isEmpty() || lease.isPresent()) {
        return lease;
      }
      Thread.onSpinWait(); // it was retired in between: another map is in place, which has another model or none
    }
  }

  /** Returns the models whose names pass a test. */
  public ModelView view(Predicate<String> visible) {
    return new ModelView(this, visible);
  }

  /** Retires every model; native memory is freed with the last lease. */
  @Override
  public void close() {
    poller.shutdownNow();
    synchronized (this) {
      closed = true;
      List.copyOf(models.keySet()).forEach(name -> publish(name, Optional.empty()));
    }
  }
}
