// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.Context;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The models that one tenant may see. A model outside of it and one that does not exist are answered alike, to the letter: whatever
 * is said is computed from what is inside.
 */
public final class ModelView {
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

  /** Tells whether a version is served, the newest if the version is empty. */
  public boolean serves(String name, String version) {
    return visible.test(name) && repository.find(name, version) != null;
  }

  /** Returns the versions of a model that are served. */
  public List<String> versions(String name) {
    return statuses().stream().filter(s -> s.ready() && s.name().equals(name)).map(ModelStatus::version).toList();
  }

  /** Returns the context of a served, visible model with these parameters, if there is one. */
  public Optional<Context> context(byte[] parameterHash) {
    for (ModelStatus status : statuses()) {
      ServedModel model = status.ready() ? repository.find(status.name(), status.version()) : null;
      if (model != null && Arrays.equals(model.parameters().hash(), parameterHash)) {
        return Optional.of(model.context());
      }
    }
    return Optional.empty();
  }

  /**
   * Finds a model.
   *
   * @param version empty for the newest that is served
   * @throws ServiceException MODEL_NOT_FOUND, or MODEL_UNAVAILABLE with the problem
   */
  public ServedModel get(String name, String version) {
    SortedSet<String> versions = new TreeSet<>(ModelFolders.VERSION_ORDER);
    if (visible.test(name)) {
      ServedModel model = repository.find(name, version);
      if (model != null) {
        return model;
      }
      for (ModelStatus status : repository.statuses()) {
        if (!status.name().equals(name)) {
          continue;
        }
        if (status.ready()) {
          versions.add(status.version());
        } else if (version.isEmpty() || status.version().equals(version)) {
          throw new ServiceException(
              ErrorCause.MODEL_UNAVAILABLE,
              "model " + name + " version " + status.version() + " is not served: " + status.problem());
        }
      }
    }
    if (!versions.isEmpty()) {
      throw new ServiceException(
          ErrorCause.MODEL_NOT_FOUND, "model " + name + " has no version " + ModelNames.clip(version) + ", it has " + versions);
    }
    long served = statuses().stream().filter(ModelStatus::ready).map(ModelStatus::name).distinct().count();
    throw new ServiceException(
        ErrorCause.MODEL_NOT_FOUND, "there is no model " + ModelNames.clip(name) + "; " + served + " models are served");
  }
}
