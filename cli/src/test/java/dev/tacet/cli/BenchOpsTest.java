// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scripts read of {@code bench ops}. Times are not judged. */
class BenchOpsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> OPS =
      List.of(
          "ntt_forward", "ntt_inverse", "encode", "encrypt_secret", "encrypt_public", "decrypt_decode", "multiply_plain", "rescale",
          "rotate", "rotate_hoisted", "multiply_relinearize_rescale", "linear_transform_128", "linear_transform_1024",
          "matrix_product", "keygen_rotation");

  @TempDir Path folder;

  private static Tacet bench(String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("bench", "ops", "--seconds", "0.001"));
    arguments.addAll(List.of(more));
    return Tacet.run(arguments.toArray(new String[0]));
  }

  @Test
  void everyOperationIsMeasuredAndExact() throws Exception {
    Path json = folder.resolve("ops.json");
    Path charts = folder.resolve("charts");
    Tacet done = bench("--params", "12:60", "--json", json.toString(), "--charts", charts.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = JSON.readTree(json.toFile());
    for (String limit : List.of("multiply_64_per_second", "read_bytes_per_second")) {
      assertTrue(report.at("/machine/limits").has(limit), limit);
    }
    Set<String> seen = new HashSet<>();
    for (JsonNode result : report.get("results")) {
      String op = result.get("op").asText();
      seen.add(op);
      assertEquals("STANDARD", result.get("ring_type").asText());
      assertEquals(4096, result.get("ring_degree").asInt());
      assertEquals(60, result.get("log_q").asDouble(), 0.1);
      assertTrue(result.get("log_qp").asDouble() <= 106, op);
      assertEquals(1, result.get("threads").asInt());
      assertTrue(result.get("min_us").isNumber() && result.get("median_us").isNumber(), op + " " + result);
      for (String field : List.of("kernels", "share_of_limit", "cycles_per_element", "allocations")) {
        assertTrue(result.has(field), op + " has no " + field);
      }
      if (result.has("max_error")) {
        assertTrue(result.get("max_error").asDouble() < 1e-2, op + " " + result);
      }
      if (List.of("rotate", "encode", "keygen_rotation").contains(op)) {
        assertTrue(result.get("jni_min_us").asDouble() > 0, op);
      }
    }
    assertTrue(seen.containsAll(OPS), seen.toString());
    String chart = Files.readString(charts.resolve("times-12-60.svg"));
    assertTrue(chart.contains("<svg"), chart.substring(0, Math.min(200, chart.length())));
  }

  @Test
  void whatCannotBeMeasuredIsSaid() throws Exception {
    Tacet unknown = bench("--params", "12:60", "--ops", "rotate_twice");
    assertEquals(2, unknown.exit(), unknown.all());
    assertTrue(unknown.err().contains("rotate_twice"), unknown.err());
    Tacet unsafe = bench("--params", "12:120", "--ops", "rotate");
    assertEquals(2, unsafe.exit(), unsafe.all());
    assertTrue(unsafe.err().contains("120"), unsafe.err());
  }
}
