// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class DemoTest {
  @Test
  void theHostOfTheDemoIsBlindAndTheTabularModelsKeepTheirPromises(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("demo.json");
    Tacet done = Tacet.run("demo", "--models", "breast-cancer,diabetes", "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(0, report.get("blind").get("hits").asInt());
    assertTrue(report.get("blind").get("bytes_searched").asLong() > 100_000_000);
    assertEquals(2, report.get("models").size());
    JsonNode cancer = report.get("models").get(0);
    assertEquals("breast-cancer", cancer.get("name").asText());
    assertEquals(143, cancer.get("rows").asInt());
    assertEquals(1.0, cancer.get("agreement").asDouble());
    assertTrue(cancer.get("max_error").asDouble() <= 1e-3);
    assertTrue(cancer.get("accuracy_clear").asDouble() > 0.95);
    assertEquals(cancer.get("accuracy_clear"), cancer.get("accuracy_encrypted"));
  }
}
