// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.config.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What {@code <root>/<model>/serving.yaml} says: which versions are loaded, and how calls that name none are spread over them.
 *
 * @param versions empty if the file is silent
 * @param weights by version, 1..1000000; empty if calls without a version get the newest one
 */
record ServingRules(Optional<VersionPolicy> versions, Map<String, Integer> weights) {
  static final String FILE = "serving.yaml";
  static final ServingRules NONE = new ServingRules(Optional.empty(), Map.of());

  private static final int MAX_WEIGHT = 1_000_000;

  /**
   * Reads a model's rules.
   *
   * @return {@link #NONE} if there is no file
   * @throws ServiceException INVALID_ARGUMENT with everything that is wrong
   * @throws IOException if it cannot be read or is no mapping
   */
  static ServingRules read(Path model) throws IOException {
    Path file = model.resolve(FILE);
    if (!Files.exists(file)) {
      return NONE;
    }
    ObjectNode root = Yaml.read(file, FILE);
    List<String> problems = new ArrayList<>();
    Optional<VersionPolicy> versions = Optional.empty();
    Map<String, Integer> weights = new TreeMap<>(ModelFolders.VERSION_ORDER);
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      switch (field.getKey()) {
        case "versions" -> versions = versions(field.getValue(), problems);
        case "weights" -> readWeights(field.getValue(), weights, problems);
        default -> problems.add("unknown key " + ModelNames.clip(field.getKey()) + "; known are versions, weights");
      }
    }
    if (problems.isEmpty() && root.has("weights") && weights.isEmpty()) {
      problems.add("no version has a weight above 0");
    }
    if (!problems.isEmpty()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, FILE + ": " + String.join("; ", problems));
    }
    return new ServingRules(versions, weights);
  }

  /**
   * Says which of the versions named is not there, or has a weight but is not loaded; nothing if all are.
   *
   * @param found every version of the model, ascending
   * @param otherwise the policy where the file has none
   */
  Optional<String> absent(List<String> found, VersionPolicy otherwise) {
    VersionPolicy policy = versions.orElse(otherwise);
    for (String version : new TreeSet<>(policy.named())) {
      if (!found.contains(version)) {
        return Optional.of(FILE + " names version " + ModelNames.clip(version) + ", which is not there");
      }
    }
    List<String> loaded = policy.choose(found, Function.identity());
    for (String version : weights.keySet()) {
      if (!loaded.contains(version)) {
        return Optional.of(FILE + " gives a weight to version " + ModelNames.clip(version) + ", which "
            + (found.contains(version) ? "is not to be loaded" : "is not there"));
      }
    }
    return Optional.empty();
  }

  private static Optional<VersionPolicy> versions(JsonNode node, List<String> problems) {
    if (node.isArray() && !node.isEmpty()) {
      List<String> named = new ArrayList<>();
      for (JsonNode item : node) {
        if (item.isValueNode() && !item.isNull()) {
          named.add(item.asText());
        }
      }
      if (named.size() == node.size()) {
        return Optional.of(VersionPolicy.only(named));
      }
    }
    Optional<VersionPolicy> policy = node.isTextual() ? VersionPolicy.of(node.asText()) : Optional.empty();
    if (policy.isEmpty()) {
      problems.add("versions must be all, latest N, or a list of versions");
    }
    return policy;
  }

  private static void readWeights(JsonNode node, Map<String, Integer> weights, List<String> problems) {
    if (!node.isObject() || node.isEmpty()) {
      problems.add("weights must be a mapping of versions to numbers");
      return;
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      JsonNode weight = field.getValue();
      if (!weight.isInt() || weight.intValue() < 0 || weight.intValue() > MAX_WEIGHT) {
        problems.add("the weight of version " + ModelNames.clip(field.getKey()) + " must be a whole number in 0.." + MAX_WEIGHT);
      } else if (weight.intValue() > 0) {
        weights.put(field.getKey(), weight.intValue());
      }
    }
  }
}
