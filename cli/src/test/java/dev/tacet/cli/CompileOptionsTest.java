// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The compile options of the command line, from the model through client and server to the report. */
class CompileOptionsTest {
  private static final Path CANCER = Tacet.MODELS.resolve("breast-cancer");
  private static final Path ZOO = Path.of("../compiler/src/test/resources/zoo").toAbsolutePath().normalize();

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "--security, 192, standard, classical_192, 192",
    "--security, 256, standard, classical_256, 256",
    "--security, quantum128, standard, quantum_128, 128",
    "--ring, conjugate-invariant, conjugate_invariant, classical_128, 128",
    "--ring, auto, standard, classical_128, 128"
  })
  void everyRingAndSecurityLevelRunsBetweenClientAndServer(String option, String value, String ring, String security, int bits)
      throws Exception {
    Path json = folder.resolve("report.json");
    List<String> lines = Files.readAllLines(CANCER.resolve("test.csv"));
    Path rows = Files.write(folder.resolve("rows.csv"), lines.subList(0, 3));
    Tacet done = Tacet.here("try", CANCER.resolve("model.onnx").toString(), "--calibration", CANCER.resolve("calibration.csv").toString(),
        "--input", rows.toString(), option, value, "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertEquals(ring, report.get("parameters").get("ring_type").asText());
    assertEquals(security, report.get("parameters").get("security").asText());
    assertEquals(bits, report.get("parameters").get("security_bits").asInt());
    assertEquals(1.0, report.get("agreement").asDouble());
    assertTrue(report.get("max_error").asDouble() <= 1e-3, report.get("max_error").toString());
  }

  @Test
  void anUnknownRingIsBadUsage() throws Exception {
    Tacet done = Tacet.here("explain", CANCER.resolve("model.onnx").toString(), "--config", CANCER.resolve("tacet.yaml").toString(),
        "--ring", "real");
    assertEquals(2, done.exit(), done.all());
    assertTrue(done.err().contains("--ring is real"), done.all());
  }

  @Test
  void compileWritesTheFileAndExitsWith3WhereTheAccuracyIsMissed() throws Exception {
    Path artifact = folder.resolve("coarse.tacet");
    Tacet done = Tacet.here("compile", ZOO.resolve("skl_mlpr_tanh.onnx").toString(), "--calibration",
        ZOO.resolve("skl_mlpr_tanh.calibration.csv").toString(), "--max-degree", "3", "-o", artifact.toString());
    assertEquals(3, done.exit(), done.all());
    assertTrue(done.err().contains("the accuracy target was missed"), done.all());
    assertTrue(Files.size(artifact) > 0);
  }

  @Test
  void explainPredictsTheTimeOfAGuard() throws Exception {
    Path json = folder.resolve("explained.json");
    Tacet done = Tacet.here("explain", ZOO.resolve("skl_mlpr_tanh.onnx").toString(), "--calibration",
        ZOO.resolve("skl_mlpr_tanh.calibration.csv").toString(), "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    double guards = 0;
    for (JsonNode layer : new ObjectMapper().readTree(json.toFile()).get("layers")) {
      guards += layer.get("name").asText().startsWith("guard of ") ? layer.get("milliseconds").asDouble() : 0;
    }
    assertTrue(guards > 0.001, done.out());
  }

  /** The rows' ranges follow it, so nothing else that is advised would help. */
  @Test
  void anOutlierAmongTheSampleRowsIsWhatIsAdvisedToBeLookedAt() throws Exception {
    Path model = ZOO.resolve("skl_mlpr_tanh.onnx");
    List<String> lines = new java.util.ArrayList<>(Files.readAllLines(ZOO.resolve("skl_mlpr_tanh.calibration.csv")));
    lines.set(20, lines.get(20).replaceFirst("[^,]*$", "1e9"));
    Path rows = Files.write(folder.resolve("outlier.csv"), lines);
    String artifact = folder.resolve("wide.tacet").toString();
    Tacet done = Tacet.here("compile", model.toString(), "--calibration", rows.toString(), "--max-degree", "15", "-o", artifact);
    assertEquals(3, done.exit(), done.all());
    int row = lines.get(0).chars().anyMatch(Character::isLetter) ? 19 : 20;
    assertTrue(done.err().contains("First look at the sample rows: row " + row + " of the "), done.all());
    Files.write(rows, List.of(lines.get(1), lines.get(1).replaceFirst("^[^,]*", "1e300"), lines.get(2)));
    Tacet beyond = Tacet.here("compile", model.toString(), "--calibration", rows.toString(), "-o", artifact);
    assertEquals(2, beyond.exit(), beyond.all());
    assertTrue(beyond.err().contains("1.0E300 at feature 0") && beyond.err().contains("single precision"), beyond.all());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "- name: features|- name: zzz|inputs names 'zzz', the model's inputs are [features]",
      "- \"benign\"||classes has 1 name, the model chooses among 2 classes",
      "- {name: \"mean radius\"|#|inputs lists 29 features of input 'features', the model takes 30"})
  void aConfigurationOfAnotherModelIsBadUsage(String text, String other, String words) throws Exception {
    List<String> lines = Files.readAllLines(CANCER.resolve("tacet.yaml"));
    lines.removeIf(line -> line.startsWith("calibration:"));
    lines.replaceAll(line -> line.contains(text) ? line.replace(text, other == null ? "" : other) : line);
    Path yaml = Files.write(folder.resolve("tacet.yaml"), lines);
    for (String command : List.of("check", "explain", "simulate")) {
      List<String> arguments = new java.util.ArrayList<>(List.of(command, CANCER.resolve("model.onnx").toString(), "--config", yaml.toString()));
      if (command.equals("simulate")) {
        arguments.addAll(List.of("--input", CANCER.resolve("test.csv").toString()));
      }
      Tacet done = Tacet.here(arguments.toArray(String[]::new));
      assertEquals(2, done.exit(), command + " " + done.all());
      assertTrue(done.err().contains("tacet.yaml: " + words) && done.err().contains("docs/models.md"), command + " " + done.all());
    }
  }

  @Test
  void sampleRowsOfAnotherWidthAreBadUsageForEveryCommandThatCompiles() throws Exception {
    Path rows = Files.writeString(folder.resolve("wide.csv"), "1,2,3\n4,5,6\n");
    for (String command : List.of("check", "explain", "compile", "simulate", "try")) {
      List<String> arguments = new java.util.ArrayList<>(
          List.of(command, CANCER.resolve("model.onnx").toString(), "--calibration", rows.toString()));
      if (command.equals("simulate") || command.equals("try")) {
        arguments.addAll(List.of("--input", CANCER.resolve("test.csv").toString()));
      }
      Tacet done = Tacet.here(arguments.toArray(String[]::new));
      assertEquals(2, done.exit(), command + " " + done.all());
      assertTrue(done.err().contains("sample rows have 3 features, the model takes 30"), command + " " + done.all());
    }
  }
}
