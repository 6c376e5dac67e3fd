// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which versions of a model are loaded.
 *
 * @param latest how many of the newest, 0 if that is not the question
 * @param named just these, empty if that is not the question
 */
public record VersionPolicy(int latest, Set<String> named) {
  /** Every version that is there. */
  public static final VersionPolicy ALL = new VersionPolicy(0, Set.of());

  private static final Pattern LATEST = Pattern.compile("latest ([1-9][0-9]{0,3})");

  /** Reads {@code all} or {@code latest N}; nothing if it is neither. */
  public static Optional<VersionPolicy> of(String text) {
    if (text.equals("all")) {
      return Optional.of(ALL);
    }
    Matcher matcher = LATEST.matcher(text);
    return matcher.matches() ? Optional.of(new VersionPolicy(Integer.parseInt(matcher.group(1)), Set.of())) : Optional.empty();
  }

  /** Loads just the versions named. */
  public static VersionPolicy only(List<String> versions) {
    return new VersionPolicy(0, Set.copyOf(versions));
  }

  /** Returns the chosen ones of a list that ascends by {@link ModelFolders#VERSION_ORDER}, in its order. */
  <T> List<T> choose(List<T> ascending, Function<T, String> version) {
    if (!named.isEmpty()) {
      return ascending.stream().filter(item -> named.contains(version.apply(item))).toList();
    }
    if (latest == 0) {
      return ascending;
    }
    List<String> versions = ascending.stream().map(version).distinct().toList();
    Set<String> newest =
        versions.subList(Math.max(0, versions.size() - latest), versions.size()).stream().collect(Collectors.toSet());
    return ascending.stream().filter(item -> newest.contains(version.apply(item))).toList();
  }
}
