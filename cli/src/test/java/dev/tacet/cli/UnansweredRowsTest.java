// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A row that leaves an activation's interval has no answer, in the clear as under encryption, and counts in no error. */
class UnansweredRowsTest {
  private static final Path ZOO = Path.of("../compiler/src/test/resources/zoo").toAbsolutePath().normalize();
  private static final String NAME = "skl_mlpr_tanh";

  @TempDir Path folder;

  private JsonNode report(String command, Path rows) throws Exception {
    Path json = folder.resolve(command + ".json");
    Tacet done = Tacet.here(command, ZOO.resolve(NAME + ".onnx").toString(), "--calibration", ZOO.resolve(NAME + ".calibration.csv").toString(),
        "--input", rows.toString(), "--json", json.toString());
    assertEquals(3, done.exit(), done.all());
    return new ObjectMapper().readTree(json.toFile());
  }

  @Test
  void simulateAndTryListTheSameRowsAndLeaveThemOutOfTheError() throws Exception {
    List<String> lines = new ArrayList<>(Files.readAllLines(ZOO.resolve(NAME + ".test.csv")).subList(0, 4));
    int width = lines.get(0).split(",").length;
    Random random = new Random(3);
    for (int r = 0; r < 8; r++) {
      lines.add(IntStream.range(0, width).mapToObj(i -> random.nextBoolean() ? "1e6" : "-1e6").collect(Collectors.joining(",")));
    }
    Path rows = Files.write(folder.resolve("rows.csv"), lines);
    JsonNode simulated = report("simulate", rows);
    JsonNode tried = report("try", rows);
    assertEquals(tried.get("failed_rows"), simulated.get("failed_rows"));
    assertFalse(tried.get("failed_rows").isEmpty(), tried.get("failed_rows").toString());
    int refused = 0;
    for (JsonNode count : simulated.get("refused_by")) {
      refused += count.asInt();
    }
    assertEquals(simulated.get("failed_rows").size(), refused, simulated.get("refused_by").toString());
    assertTrue(simulated.get("refused_by").fieldNames().next().startsWith("guard of "), simulated.get("refused_by").toString());
    for (JsonNode report : List.of(simulated, tried)) {
      assertEquals("[4,5,6,7,8,9,10,11]", report.get("clamped_rows").toString());
      assertTrue(report.get("max_error").asDouble() < 0.1, report.get("max_error").toString());
      JsonNode outputs = report.get("outputs").properties().iterator().next().getValue();
      for (JsonNode row : report.get("failed_rows")) {
        assertTrue(row.asInt() >= 4 && outputs.get(row.asInt()).get(0).isNull(), outputs.toString());
      }
      assertTrue(outputs.get(0).get(0).isNumber(), outputs.toString());
    }
  }
}
