// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The comparison with other libraries, which here are scripts that keep to the contract of benchmarks/peers, or do not. */
class BenchPeersTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final boolean PYTHON =
      Stream.of(System.getenv("PATH").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3")));

  @TempDir Path folder;
  private Path peers;

  @BeforeEach
  void makeFolder() throws IOException {
    peers = Files.createDirectory(folder.resolve("peers"));
  }

  /** An executable that prints {@code answer} and ends with {@code exit}. */
  private void peer(String name, String answer, int exit) throws IOException {
    Path file = peers.resolve(name);
    Files.writeString(file, "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '" + folder + "/" + name + ".arguments'\ncat <<'END'\n" + answer
        + "\nEND\necho 'last words' >&2\nexit " + exit + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  private static String result(String op, double microseconds) {
    return "{\"op\": \"" + op + "\", \"ring_degree\": 4096, \"log_q\": 60, \"threads\": 1, \"min_us\": " + microseconds
        + ", \"median_us\": " + 2 * microseconds + ", \"max_error\": 3e-9}";
  }

  private static String answer(String library, String... results) {
    return "{\"library\": \"" + library + "\", \"results\": [" + String.join(", ", results) + "]}";
  }

  private Tacet compare(Map<String, String> environment, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("bench", "peers", "--seconds", "0.001"));
    arguments.addAll(List.of(more));
    for (List<String> usual : List.of(List.of("--params", "12:60"), List.of("--ops", "ntt_forward,rotate"), List.of("--rounds", "1"))) {
      if (!arguments.contains(usual.get(0))) {
        arguments.addAll(usual);
      }
    }
    Tacet done = Tacet.run(environment, arguments.toArray(new String[0]));
    if (!PYTHON) {
      assertEquals(1, done.exit(), done.all());
      assertTrue(done.err().contains("needs a Python 3"), done.all());
    }
    return done;
  }

  @Test
  void oneTableShowsEveryLibraryWithItsRatio() throws Exception {
    peer("fast", answer("Fast 1.0", result("ntt_forward", 0.001), result("rotate", 1e9)), 0);
    peer("part", answer("Part", result("rotate", 2e9)), 0);
    Files.writeString(peers.resolve("README"), "not an executable");
    Path json = folder.resolve("peers.json");
    Path charts = folder.resolve("charts");
    Tacet done =
        compare(Map.of(), "--no-registry", "--rounds", "2", "--with", peers.toString(), "--json", json.toString(), "--charts", charts.toString());
    if (!PYTHON) {
      return;
    }
    assertEquals(0, done.exit(), done.all());
    assertTrue(done.out().contains("| operation | Tacet | Fast 1.0 | Part |"), done.all());
    assertTrue(done.out().lines().anyMatch(line -> line.matches("\\| ntt_forward \\| [0-9.]+ \\| 1e-06 \\(0\\.[0-9]{2}x\\) \\| - \\|")), done.all());
    assertTrue(done.out().lines().anyMatch(line -> line.matches("\\| rotate \\| [0-9.]+ \\| 1e\\+06 \\([0-9.]+x\\) \\| 2e\\+06 \\([0-9.]+x\\) \\|")), done.all());
    JsonNode report = JSON.readTree(json.toFile());
    assertEquals(2, report.get("rounds").asInt());
    assertEquals(5, report.get("results").size());
    double tacet = Double.NaN;
    for (JsonNode entry : report.get("results")) {
      assertEquals("12:60", entry.get("params").asText());
      if (entry.get("op").asText().equals("rotate")) {
        tacet = entry.get("library").asText().equals("Tacet") ? entry.get("min_us").asDouble() : tacet;
        assertEquals(entry.get("min_us").asDouble() / tacet, entry.get("times_tacet").asDouble(), 1e-9 * entry.get("times_tacet").asDouble());
      }
    }
    String given = Files.readString(folder.resolve("fast.arguments"));
    assertEquals(2, given.lines().count());
    for (String part : List.of("--params 12:60 --chain ", "--special ", "--log-scale ", "--ops ntt_forward,rotate --seconds 0.001")) {
      assertTrue(given.contains(part), given);
    }
    assertTrue(Files.readString(charts.resolve("peers-12-60.svg")).contains("<svg"));
  }

  @Test
  void aPeerThatBreaksTheContractIsNamedWithItsFaultAndLeftOut() throws Exception {
    peer("silent", "", 0);
    peer("words", "SEAL is fast", 0);
    peer("list", "[1, 2]", 0);
    peer("other", answer("Other", result("rotate_twice", 1)), 0);
    peer("text", answer("Text", "{\"op\": \"rotate\", \"min_us\": \"1\", \"median_us\": 1}"), 0);
    peer("nan", answer("Nan", "{\"op\": \"rotate\", \"min_us\": NaN, \"median_us\": 1}"), 0);
    peer("negative", answer("Negative", result("rotate", -1)), 0);
    peer("failed", answer("Failed", result("rotate", 1)), 3);
    peer("thief", answer("Tacet", result("rotate", 1)), 0);
    Files.write(peers.resolve("binary"), new byte[] {0x7f, 'E', 'L', 'F', 0});
    assertTrue(peers.resolve("binary").toFile().setExecutable(true));
    peer("good", answer("Good", result("rotate", 5e5)), 0);
    Tacet done = compare(Map.of(), "--no-registry", "--with", peers.toString());
    if (!PYTHON) {
      return;
    }
    assertEquals(0, done.exit(), done.all());
    assertTrue(done.out().contains("| operation | Tacet | Good |"), done.all());
    Map<String, String> faults =
        Map.of("silent", "printed nothing", "words", "printed no JSON", "list", "without a \"library\"", "other", "rotate_twice", "text",
            "min_us \"1\" for rotate", "nan", "min_us NaN", "negative", "min_us -1.0", "failed", "exit 3: last words", "thief",
            "calls itself \"Tacet\"", "binary", "cannot be run");
    faults.forEach((name, fault) -> {
      List<String> said =
          done.err().lines().filter(line -> line.startsWith("peers: ") && line.contains("/" + name + " at 12:60 is left out: ")).toList();
      assertEquals(1, said.size(), name + ": " + done.all());
      assertTrue(said.get(0).contains(fault), said.get(0));
    });
    assertFalse(done.err().contains("Traceback"), done.err());
  }

  @Test
  void peersThatCannotBeHadAreLeftOutWithAWord() throws Exception {
    Path blocked = Files.writeString(folder.resolve("cache"), "a file where the cache folder should be");
    Tacet done = compare(Map.of("XDG_CACHE_HOME", blocked.toString()));
    if (!PYTHON) {
      return;
    }
    assertEquals(0, done.exit(), done.all());
    assertTrue(done.out().contains("| operation | Tacet |"), done.all());
    for (String library : List.of("OpenFHE", "TenSEAL", "Lattigo")) {
      assertTrue(done.err().contains("peers: " + library + " is left out: "), done.err());
    }
  }

  @Test
  void wrongUseIsToldBeforeAnythingIsMeasured() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    List<List<String>> uses =
        List.of(
            List.of(empty + " has no executable", "--with", empty.toString()),
            List.of("none is no folder", "--with", folder.resolve("none").toString()),
            List.of("rotate_twice", "--ops", "rotate_twice"),
            List.of("12:600", "--params", "12:600"),
            List.of("\"12\" is not logN:logQ", "--params", "12"));
    for (List<String> use : uses) {
      if (PYTHON) {
        List<String> command =
            new ArrayList<>(
                List.of("python3", ROOT + "/benchmarks/peers/compare.py", "--tacet", ROOT + "/native/target/cmake/bench/tacet_bench"));
        command.addAll(use.subList(1, use.size()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(2, process.waitFor(), said);
        assertTrue(said.contains(use.get(0)) && said.lines().count() == 1, said);
      }
    }
    Tacet done = compare(Map.of(), "--no-registry", "--with", empty.toString());
    if (PYTHON) {
      assertEquals(2, done.exit(), done.all());
      assertTrue(done.err().contains(empty + " has no executable"), done.all());
    }
  }
}
