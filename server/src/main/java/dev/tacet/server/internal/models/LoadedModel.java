// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.server.internal.identity.Identity;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One model of the repository at one moment. Immutable.
 *
 * @param versions those that the version policy chose, ascending
 * @param rules what is in force of its {@code serving.yaml}
 * @param rulesProblem why the file's present contents are not in force; empty if they are
 * @param unloaded a caller unloaded it
 */
record LoadedModel(String name, List<LoadedVersion> versions, ServingRules rules, String rulesProblem, boolean unloaded) {

  /**
   * One version.
   *
   * @param found its place
   * @param stamp the files that were looked at
   * @param served empty if there is nothing to serve
   * @param problem what is wrong with its files; empty if nothing is
   */
  record LoadedVersion(ModelFolders.Found found, FolderStamp stamp, Optional<ServedModel> served, String problem) {}

  /** Returns the versions that are served. */
  NavigableMap<String, ServedModel> served() {
    NavigableMap<String, ServedModel> served = new TreeMap<>(ModelFolders.VERSION_ORDER);
    for (LoadedVersion version : versions) {
      version.served().ifPresent(model -> served.put(version.found().version(), model));
    }
    return served;
  }

  /** Returns what is known of each version. */
  List<ModelStatus> statuses() {
    List<ModelStatus> statuses = new ArrayList<>();
    if (versions.isEmpty()) {
      statuses.add(new ModelStatus(name, "", ModelStatus.State.REFUSED, "", "", rulesProblem));
    }
    for (LoadedVersion version : versions) {
      ModelStatus.State state =
          version.served().isPresent() ? ModelStatus.State.READY : unloaded ? ModelStatus.State.UNLOADED : ModelStatus.State.REFUSED;
      String problem = version.problem().isEmpty() ? rulesProblem : version.problem();
      statuses.add(new ModelStatus(
          name, version.found().version(), state, version.served().map(ServedModel::artifactSha256).orElse(""),
          version.served().map(ServedModel::signatureSha256).orElse(""), problem));
    }
    return statuses;
  }

  /**
   * Finds what a call runs: the version that it names; else one by weight among those that have a weight, by preference of the
   * signature that the call names; else the newest. A client stays with its version as long as the weights do: its place on the line
   * of all weights, the newest version's first, follows from its name. Callers who cannot be told apart get a place by chance.
   *
   * @param version empty if the call names none
   * @param client who asks
   * @param signatureSha256 empty if the call names none
   */
  Optional<ServedModel> find(String version, String client, String signatureSha256) {
    NavigableMap<String, ServedModel> served = served();
    if (!version.isEmpty() || served.isEmpty()) {
      return Optional.ofNullable(served.get(version));
    }
    List<ServedModel> weighted =
        served.descendingMap().values().stream().filter(model -> rules.weights().containsKey(model.version())).toList();
    List<ServedModel> same = weighted.stream().filter(model -> model.signatureSha256().equals(signatureSha256)).toList();
    List<ServedModel> candidates = same.isEmpty() ? weighted : same;
    if (candidates.isEmpty()) {
      return Optional.of(served.lastEntry().getValue());
    }
    long sum = candidates.stream().mapToLong(model -> rules.weights().get(model.version())).sum();
    long point = (long) (place(client) * sum);
    for (ServedModel model : candidates) {
      point -= rules.weights().get(model.version());
      if (point < 0) {
        return Optional.of(model);
      }
    }
    return Optional.of(candidates.get(candidates.size() - 1));
  }

  /** Returns a client's place in [0, 1), another one for each model. */
  private double place(String client) {
    if (client.equals(Identity.ANYBODY.subject())) {
      return ThreadLocalRandom.current().nextDouble();
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest((name + "\0" + client).getBytes(StandardCharsets.UTF_8));
      return (ByteBuffer.wrap(hash).getLong() >>> 11) * 0x1p-53;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
