// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One mapping of a YAML file being read: what is missing, of another kind or unknown becomes a problem with its place. */
public final class Section {
  private final ObjectNode node;
  private final String place;
  private final List<String> problems;
  private final Set<String> known = new HashSet<>();

  /**
   * Starts reading.
   *
   * @param place names the mapping in messages, such as {@code tenants[1]}
   * @param problems receives what is wrong
   */
  public Section(ObjectNode node, String place, List<String> problems) {
    this.node = node;
    this.place = place;
    this.problems = problems;
  }

  /** Adds a problem of this mapping. */
  public void problem(String text) {
    problems.add(place.isEmpty() ? text : place + ": " + text);
  }

  /** Returns a scalar as text; a mapping or list is a problem. */
  public Optional<String> text(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isValueNode()) {
      problem(name + " must be one value");
      return Optional.empty();
    }
    return Optional.of(value.asText());
  }

  /** Returns a scalar as text; that it is missing is a problem. */
  public Optional<String> required(String name) {
    Optional<String> text = text(name);
    if (text.isEmpty() && (node.get(name) == null || node.get(name).isNull())) {
      problem(name + " is missing");
    }
    return text;
  }

  /** Returns a list of texts; empty if it is missing. */
  public List<String> texts(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    List<String> texts = new ArrayList<>();
    if (value == null || value.isNull()) {
      return texts;
    }
    if (!value.isArray()) {
      problem(name + " must be a list");
      return texts;
    }
    for (JsonNode item : value) {
      if (item.isValueNode() && !item.isNull()) {
        texts.add(item.asText());
      } else {
        problem(name + " must be a list of words");
      }
    }
    return texts;
  }

  /** Returns the mappings of a list; empty if it is missing. */
  public List<Section> sections(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    List<Section> sections = new ArrayList<>();
    if (value == null || value.isNull()) {
      return sections;
    }
    if (!value.isArray()) {
      problem(name + " must be a list");
      return sections;
    }
    int index = 0;
    for (JsonNode item : value) {
      String at = name + "[" + index++ + "]";
      String full = place.isEmpty() ? at : place + "." + at;
      if (item instanceof ObjectNode object) {
        sections.add(new Section(object, full, problems));
      } else {
        problems.add(full + " must be a mapping");
      }
    }
    return sections;
  }

  /** Reports every key that was not asked for. */
  public void end() {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        problem("unknown key " + name + "; known are " + known.stream().sorted().toList());
      }
    }
  }
}
