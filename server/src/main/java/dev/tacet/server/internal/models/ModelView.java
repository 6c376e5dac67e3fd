// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The models that one tenant may see. A model outside of it and one that does not exist are answered alike, to the letter: whatever
 * is said is computed from what is inside.
 */
public final class ModelView {
  /** The most names that an answer lists. */
  private static final int MOST_NAMES = 8;

  private final ModelRepository repository;
  private final Predicate<String> visible;

  ModelView(ModelRepository repository, Predicate<String> visible) {
    this.repository = repository;
    this.visible = visible;
  }

  /** Returns every visible version, served or not. */
  public List<ModelStatus> statuses() {
    return repository.statuses().stream().filter(status -> visible.test(status.name())).toList();
  }

  /** Tells whether a version is served, or any if the version is empty. */
  public boolean serves(String name, String version) {
    return versions(name).stream().anyMatch(served -> version.isEmpty() || served.equals(version));
  }

  /** Returns the versions of a model that are served. */
  public List<String> versions(String name) {
    return statuses().stream().filter(s -> s.ready() && s.name().equals(name)).map(ModelStatus::version).toList();
  }

  /** Leases a served, visible model with these parameters, if there is one. */
  public Optional<ServedModel.Lease> withParameters(byte[] parameterHash) {
    return repository.ready().stream()
        .filter(model -> visible.test(model.name()) && Arrays.equals(model.parameters().hash(), parameterHash))
        .flatMap(model -> model.lease().stream())
        .findFirst();
  }

  /**
   * Checks that there is a visible model, or a folder for one, with this name.
   *
   * @throws ServiceException MODEL_NOT_FOUND, STORAGE_FAILED
   */
  public void requireKnown(String name) {
    if (!visible.test(name) || !repository.knows(name)) {
      throw new ServiceException(
          ErrorCause.MODEL_NOT_FOUND, "there is no model " + ModelNames.clip(name) + " that could be loaded or unloaded");
    }
  }

  /**
   * Loads a visible model, or brings it to what its folder says.
   *
   * @throws ServiceException as {@link #requireKnown}, and MODEL_UNAVAILABLE with the problem
   */
  public void load(String name) {
    requireKnown(name);
    repository.load(name);
  }

  /**
   * Serves a visible model no more.
   *
   * @throws ServiceException as {@link #requireKnown}
   */
  public void unload(String name) {
    requireKnown(name);
    repository.unload(name);
  }

  /**
   * Finds a model for what can be said of it; it may be retired at any time.
   *
   * @param version empty for the one that the client's calls get: by weight, or the newest
   * @param signatureSha256 that of the client's last call, which goes before the weight's draw; empty if it names none
   * @throws ServiceException MODEL_NOT_FOUND, or MODEL_UNAVAILABLE with the problem
   */
  public ServedModel get(String name, String version, String client, String signatureSha256) {
    Optional<ServedModel> model = visible.test(name) ? repository.find(name, version, client, signatureSha256) : Optional.empty();
    return model.orElseThrow(() -> missing(name, version));
  }

  /**
   * Leases a model to run it.
   *
   * @param version empty for one of this signature by weight, or the newest
   * @throws ServiceException MODEL_NOT_FOUND, or MODEL_UNAVAILABLE with the problem
   */
  public ServedModel.Lease lease(String name, String version, String client, String signatureSha256) {
    Optional<ServedModel.Lease> lease =
        visible.test(name) ? repository.lease(name, version, client, signatureSha256) : Optional.empty();
    return lease.orElseThrow(() -> missing(name, version));
  }

  private ServiceException missing(String name, String version) {
    SortedSet<String> versions = new TreeSet<>(ModelFolders.VERSION_ORDER);
    if (visible.test(name)) {
      for (ModelStatus status : repository.statuses()) {
        if (!status.name().equals(name)) {
          continue;
        }
        if (status.ready()) {
          versions.add(status.version());
        } else if (version.isEmpty() || status.version().equals(version)) {
          return new ServiceException(
              ErrorCause.MODEL_UNAVAILABLE,
              "model " + name + (status.version().isEmpty() ? "" : " version " + status.version()) + " is not served: " + status.problem());
        }
      }
    }
    if (!versions.isEmpty()) {
      return new ServiceException(
          ErrorCause.MODEL_NOT_FOUND, "model " + name + " has no version " + ModelNames.clip(version) + ", it has " + versions);
    }
    List<String> served = statuses().stream().filter(ModelStatus::ready).map(ModelStatus::name).distinct().sorted().toList();
    String names = served.stream().limit(MOST_NAMES).collect(Collectors.joining(", "));
    return new ServiceException(
        ErrorCause.MODEL_NOT_FOUND,
        "there is no model " + ModelNames.clip(name) + "; " + served.size() + (served.size() == 1 ? " is" : " are") + " served"
            + (served.isEmpty() ? "" : ": " + names) + (served.size() > MOST_NAMES ? " and more" : ""));
  }
}
