// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The values of the settings from their three sources; a flag goes before the environment, the environment before the file. Each
 * reader checks one value and adds what is wrong with it to the problems, with the setting's path and where it was set.
 */
final class Values {
  private record Value(String text, String origin) {}

  private final Map<Setting, Value> values = new EnumMap<>(Setting.class);
  private final List<String> problems;

  /** Collects the values; keys of the file that are no setting are left to the caller. */
  Values(ObjectNode file, String fileName, Map<String, String> environment, Map<String, String> flags, List<String> problems) {
    this.problems = problems;
    for (Setting setting : Setting.values()) {
      JsonNode node = file;
      for (String part : setting.path().split("\\.")) {
        node = node == null ? null : node.get(part);
      }
      if (node != null && !node.isNull()) {
        if (node.isValueNode()) {
          values.put(setting, new Value(node.asText(), fileName));
        } else {
          problems.add(setting.path() + " (" + fileName + ") must be one value");
        }
      }
      String variable = environment.get(setting.variable());
      if (variable != null) {
        values.put(setting, new Value(variable, "environment variable " + setting.variable()));
      }
    }
    flags.forEach((path, text) ->
        Setting.ofPath(path).ifPresentOrElse(
            setting -> values.put(setting, new Value(text, "flag")),
            () -> problems.add("flag " + path + " is no setting")));
  }

  boolean has(Setting setting) {
    return values.containsKey(setting);
  }

  void problem(Setting setting, String text) {
    Value value = values.get(setting);
    problems.add(setting.path() + (value == null ? "" : " (" + value.origin() + ")") + ": " + text);
  }

  Optional<String> text(Setting setting) {
    Value value = values.get(setting);
    if (value != null && value.text().isBlank()) {
      problem(setting, "is empty");
      return Optional.empty();
    }
    return Optional.ofNullable(value).map(v -> v.text().strip());
  }

  Optional<Path> path(Setting setting) {
    return text(setting).map(text -> {
      try {
        return Path.of(text);
      } catch (InvalidPathException e) {
        problem(setting, "is no path: " + e.getReason());
        return null;
      }
    });
  }

  /** A file that must be there and readable. */
  Optional<Path> file(Setting setting) {
    Optional<Path> path = path(setting);
    path.filter(p -> !Files.isRegularFile(p) || !Files.isReadable(p))
        .ifPresent(p -> problem(setting, "cannot read the file " + p));
    return path;
  }

  boolean flag(Setting setting, boolean otherwise) {
    Optional<String> text = text(setting);
    if (text.isPresent() && !text.get().equals("true") && !text.get().equals("false")) {
      problem(setting, "is \"" + text.get() + "\", must be true or false");
    }
    return text.map("true"::equals).orElse(otherwise);
  }

  int integer(Setting setting, int min, int max, int otherwise) {
    Optional<String> text = text(setting);
    if (text.isEmpty()) {
      return otherwise;
    }
    if (text.get().matches("-?[0-9]{1,18}")) {
      long value = Long.parseLong(text.get());
      if (value >= min && value <= max) {
        return (int) value;
      }
    }
    problem(setting, "is " + text.get() + ", must be a whole number in " + min + ".." + max);
    return otherwise;
  }

  long bytes(Setting setting, long min, long max, long otherwise) {
    Optional<String> text = text(setting);
    if (text.isEmpty()) {
      return otherwise;
    }
    OptionalLong bytes = Quantities.bytes(text.get());
    if (bytes.isPresent() && bytes.getAsLong() >= min && bytes.getAsLong() <= max) {
      return bytes.getAsLong();
    }
    problem(setting, "is " + text.get() + ", must be bytes such as 512MiB or 4GiB, " + min + ".." + max);
    return otherwise;
  }

  Duration duration(Setting setting, Duration min, Duration max, Duration otherwise) {
    Optional<String> text = text(setting);
    if (text.isEmpty()) {
      return otherwise;
    }
    Duration duration = Quantities.duration(text.get());
    if (duration != null && duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0) {
      return duration;
    }
    problem(setting,
        "is " + text.get() + ", must be a time such as 500ms, 30s or 2m, from " + min.toMillis() + "ms to " + max.toSeconds() + "s");
    return otherwise;
  }
}
