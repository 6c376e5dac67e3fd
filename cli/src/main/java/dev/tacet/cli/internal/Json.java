// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** JSON as scripts read it: snake_case names, numbers in full precision, absent values left out. */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private Json() {}

  /** The JSON text of a record, map or list. */
  public static String text(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report cannot be written as JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Writes {@code value} to {@code file}, or to standard output if the file is named "-". */
  public static void write(Path file, Object value) {
    String text = text(value) + "\n";
    if (file.toString().equals("-")) {
      System.out.print(text);
      System.out.flush();
      return;
    }
    OutputFile.write(file, text.getBytes(StandardCharsets.UTF_8));
  }
}
