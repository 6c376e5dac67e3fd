// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/**
 * The nodes of a {@code tacet.yaml}: each method returns what a key holds, or throws {@link MalformedException} which names the
 * key and what belongs there. A key without a value counts as absent; an unknown key, a key that is there twice and a value of
 * another kind are errors, never ignored.
 */
final class YamlNodes {
  private static final int MAX_BYTES = 16 << 20;
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder(YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private YamlNodes() {}

  /**
   * The text of a file, at most 16 MiB of UTF-8.
   *
   * @throws IOException if it cannot be read
   */
  static String read(Path file) throws IOException {
    byte[] bytes;
    try (InputStream stream = Files.newInputStream(file)) {
      bytes = stream.readNBytes(MAX_BYTES + 1);  // a pipe has no size before it is read
    }
    if (bytes.length > MAX_BYTES) {
      throw wrong("the file has more than " + MAX_BYTES + " bytes");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedException(ModelDescription.FILE + ": the file is not text in UTF-8", e);
    }
  }

  /** The mapping that {@code text} is. */
  static JsonNode mapping(String text) {
    JsonNode root;
    try {
      root = MAPPER.readTree(text);
    } catch (IOException e) {
      throw new MalformedException(ModelDescription.FILE + " is not YAML: " + e.getMessage().lines().findFirst().orElse(""), e);
    }
    if (!root.isObject()) {
      throw wrong("the file must be a mapping of keys to values");
    }
    return root;
  }

  /** Refuses a {@code node} that is no mapping, or has a key that is not {@code known}; {@code where} names the node. */
  static JsonNode requireMapping(JsonNode node, String where, Set<String> known) {
    if (!node.isObject()) {
      throw wrong(where + " must be a mapping of keys to values");
    }
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String key = names.next();
      if (!known.contains(key)) {
        throw wrong(where + " has an unknown key '" + key + "'; known are " + known.stream().sorted().toList());
      }
    }
    return node;
  }

  /** Whether {@code key} has a value. */
  static boolean has(JsonNode node, String key) {
    return node.hasNonNull(key) && !(node.get(key).isTextual() && node.get(key).asText().isEmpty());
  }

  /** The elements of the list at {@code key}; none if it is absent. */
  static List<JsonNode> list(JsonNode node, String key, String where) {
    List<JsonNode> elements = new ArrayList<>();
    if (has(node, key)) {
      if (!node.get(key).isArray()) {
        throw wrong(where + " must be a list");
      }
      node.get(key).forEach(elements::add);
    }
    return elements;
  }

  /** The single value at {@code key} as text, or {@code otherwise}; null: the key is needed. */
  static String text(JsonNode node, String key, String where, String otherwise) {
    if (!has(node, key)) {
      if (otherwise == null) {
        throw wrong(where + " is missing");
      }
      return otherwise;
    }
    return text(node.get(key), where);
  }

  /** A single value as text. */
  static String text(JsonNode value, String where) {
    if (!value.isValueNode() || value.isNull()) {
      throw wrong(where + " must be a single value");
    }
    return value.asText();
  }

  /** The finite number at {@code key}, which must be there. */
  static double number(JsonNode node, String key, String where) {
    double number = has(node, key) ? number(node.get(key)) : Double.NaN;
    if (!Double.isFinite(number)) {
      throw wrong(where + ": " + key + " must be a finite number");
    }
    return number;
  }

  /** The number at {@code key}, or {@code otherwise}. */
  static double number(JsonNode node, String key, String where, double otherwise) {
    return has(node, key) ? number(node, key, where) : otherwise;
  }

  /** The whole number at {@code key}, or {@code otherwise}. */
  static long whole(JsonNode node, String key, String where, long otherwise) {
    if (!has(node, key)) {
      return otherwise;
    }
    JsonNode value = node.get(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(where + ": " + key + " must be a whole number");
    }
    return value.longValue();
  }

  /** The switch at {@code key}, or {@code otherwise}. */
  static boolean flag(JsonNode node, String key, String where, boolean otherwise) {
    if (!has(node, key)) {
      return otherwise;
    }
    if (!node.get(key).isBoolean()) {
      throw wrong(where + ": " + key + " must be true or false");
    }
    return node.get(key).booleanValue();
  }

  /** What is wrong with the file. */
  static MalformedException wrong(String what) {
    return new MalformedException(ModelDescription.FILE + ": " + what);
  }

  /** YAML reads 1e-3 as text: its numbers need a point before the exponent. */
  private static double number(JsonNode value) {
    if (value.isNumber()) {
      return value.doubleValue();
    }
    try {
      return value.isTextual() ? Double.parseDouble(value.asText()) : Double.NaN;
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
