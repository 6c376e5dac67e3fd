// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.yaml.snakeyaml.LoaderOptions;

/** Reads the YAML files of an operator: one mapping, no key twice, no aliases, at most 1 MiB. */
public final class Yaml {
  private static final int MAX_BYTES = 1 << 20;

  private static final ObjectMapper MAPPER = mapper();

  private Yaml() {}

  private static ObjectMapper mapper() {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_BYTES);
    options.setMaxAliasesForCollections(16);
    options.setNestingDepthLimit(32);
    options.setAllowDuplicateKeys(false);
    YAMLFactory factory =
        YAMLFactory.builder().loaderOptions(options).enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    return new ObjectMapper(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  /**
   * Reads a file.
   *
   * @return an empty mapping for an empty file
   * @throws IOException if it cannot be read or is not one mapping; the message names the file and, where known, the line
   */
  public static ObjectNode read(Path file) throws IOException {
    return read(file, file.toString());
  }

  /** As {@link #read(Path)}, for readers who must not learn where the file lies: messages call it by a name. */
  public static ObjectNode read(Path file, String name) throws IOException {
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new IOException(name + " has " + size + " bytes, at most " + MAX_BYTES + " are read");
    }
    JsonNode node;
    try {
      String text = Files.readString(file);
      refuseAliases(text, name);
      node = MAPPER.readTree(text);
    } catch (AccessDeniedException e) {
      throw new IOException(name + " cannot be read: no permission", e);
    } catch (CharacterCodingException e) {
      throw new IOException(name + " is not text in UTF-8", e);
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : " line " + e.getLocation().getLineNr();
      throw new IOException(name + line + ": " + e.getOriginalMessage().lines().findFirst().orElse("not YAML"), e);
    }
    if (node == null || node.isMissingNode() || node.isNull()) {
      return MAPPER.createObjectNode();
    }
    if (!(node instanceof ObjectNode mapping)) {
      throw new IOException(name + " must be a mapping of names to values");
    }
    return mapping;
  }

  /** An alias would be read as a text that is its name. */
  private static void refuseAliases(String text, String name) throws IOException {
    try (YAMLParser parser = (YAMLParser) MAPPER.createParser(text)) {
      while (parser.nextToken() != null) {
        if (parser.isCurrentAlias()) {
          throw new IOException(name + " line " + parser.currentTokenLocation().getLineNr() + ": *" + parser.getText()
              + " stands for another value; write the value itself");
        }
      }
    }
  }
}
