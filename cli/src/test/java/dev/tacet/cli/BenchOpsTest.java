// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.he.NativeLibrary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    assertFalse(report.at("/machine/cpu").asText().isEmpty());
    assertEquals(Runtime.getRuntime().availableProcessors(), report.at("/machine/cores").asInt());
    assertEquals(NativeLibrary.kernels(), report.at("/machine/kernels").asText());
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
      assertTrue(result.get("min_us").asDouble() > 0 && result.get("median_us").asDouble() >= result.get("min_us").asDouble(), op);
      assertEquals(report.at("/machine/kernels"), result.get("kernels"));
      for (String field : List.of("share_of_limit", "cycles_per_element", "allocations")) {
        assertTrue(result.path(field).isNumber(), op + " has no " + field);
      }
      if (result.has("max_error")) {
        assertTrue(result.get("max_error").asDouble() < 1e-2, op + " " + result);
      }
      if (List.of("rotate", "encode", "keygen_rotation").contains(op)) {
        assertTrue(result.get("jni_min_us").asDouble() > 0, op);
      }
    }
    assertTrue(seen.containsAll(OPS), seen.toString());
    assertTrue(seen.contains("key_expansion"), seen.toString());
    for (String word : List.of("minimum", "median", "cycles/element", "share of limit", "allocations", "through JNI", "limit of this machine")) {
      assertTrue(done.out().contains(word), done.out());
    }
    for (String name : List.of("times-12-60.svg", "share-12-60.svg")) {
      String chart = Files.readString(charts.resolve(name));
      assertTrue(chart.contains("<svg") && chart.contains("</svg>"), chart.substring(0, Math.min(200, chart.length())));
    }
  }

  @Test
  void theRealRingIsMeasuredUnderItsNameAndJsonGoesWhereItIsSent() throws Exception {
    Tacet done = bench("--params", "12:60", "--ring-type", "CONJUGATE_INVARIANT", "--ops", "rotate,encode", "--json", "-");
    assertEquals(0, done.exit(), done.all());
    JsonNode results = JSON.readTree(done.out()).get("results");
    assertEquals(2, results.size());
    for (JsonNode result : results) {
      assertEquals("CONJUGATE_INVARIANT", result.get("ring_type").asText());
      assertTrue(result.get("jni_min_us").asDouble() > 0);
    }
  }

  @Test
  void whatCannotBeMeasuredIsSaid() throws Exception {
    Tacet unknown = bench("--params", "12:60", "--ops", "rotate_twice");
    assertEquals(2, unknown.exit(), unknown.all());
    assertTrue(unknown.err().contains("rotate_twice"), unknown.err());
    for (String params : List.of("12:120", "")) {
      Tacet refused = bench("--params=" + params, "--ops", "rotate");
      assertEquals(2, refused.exit(), "--params=" + params + ": " + refused.all());
      assertTrue(refused.err().contains("--params"), "--params=" + params + ": " + refused.err());
      assertEquals("", refused.out());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "12:120", "12", "12:", ":60", "12:60:3", "twelve:60", "12:sixty", "12:60 ", "10:20", "17:60", "12:0", "12:-60", "12:9999999999",
        "12:6e1", "12:60,", ",12:60", "12:60,,13:60", ",", ":", ""
      })
  void parameterSetsThatAreNoneAreRefusedByTheExecutable(String params) throws Exception {
    Path executable = Path.of("..", "native", "target", "cmake", "bench", "tacet_bench").toAbsolutePath().normalize();
    Process process = new ProcessBuilder(executable.toString(), "--params", params, "--list-params").redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(2, process.waitFor(), said);
    assertTrue(said.startsWith("tacet_bench: --params"), said);
  }
}
