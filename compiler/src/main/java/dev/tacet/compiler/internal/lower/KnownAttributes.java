// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The attributes that operators have. One that an operator does not have would be passed over, and may be another operator set's way to
 * say what the node computes.
 */
final class KnownAttributes {
  private static final String TABLE = "attributes.txt";

  /** By operator with its domain, then by the first version of the operator set. */
  private static final Map<String, NavigableMap<Long, List<String>>> NAMES = read();

  private KnownAttributes() {}

  private static Map<String, NavigableMap<Long, List<String>>> read() {
    Map<String, NavigableMap<Long, List<String>>> names = new HashMap<>();
    try (InputStream in = KnownAttributes.class.getResourceAsStream(TABLE);
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      lines.lines().filter(line -> !line.startsWith("#")).map(line -> line.split(" ")).forEach(words -> names
          .computeIfAbsent(words[0], operator -> new TreeMap<>()).put(Long.valueOf(words[1]), List.of(Arrays.copyOfRange(words, 2, words.length))));
    } catch (IOException e) {
      throw new UncheckedIOException(TABLE, e);
    }
    return names;
  }

  /**
   * Returns a refusal of the first attribute that the operator does not have; nothing for operators that are not in the table. Names that
   * begin with two underscores are a runtime's own.
   *
   * @param opset version of the operator set of the node's domain
   */
  static Optional<Refusal> unknown(OnnxNode node, long opset) {
    NavigableMap<Long, List<String>> versions = NAMES.get(node.qualifiedType());
    if (versions == null) {
      return Optional.empty();
    }
    Map.Entry<Long, List<String>> version = versions.floorEntry(opset);
    List<String> known = (version == null ? versions.firstEntry() : version).getValue();
    return node.attributes().keySet().stream().filter(name -> !known.contains(name) && !name.startsWith("__")).findFirst()
        .map(name -> new Refusal(
            "its attribute " + name + " is none of " + node.opType() + " at operator set " + opset + ", which has "
                + (known.isEmpty() ? "none" : String.join(", ", known)),
            "export the model anew for one operator set, or leave the attribute out"));
  }
}
