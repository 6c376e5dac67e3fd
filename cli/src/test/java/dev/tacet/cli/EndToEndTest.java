// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.cli.internal.process.ServerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line as scripts use it: processes, files, exit codes. */
class EndToEndTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path CANCER = Tacet.MODELS.resolve("breast-cancer");

  @TempDir Path folder;

  /** The first {@code count} held-out rows of a model, in a file. */
  private Path rows(Path model, int count) throws Exception {
    List<String> lines = Files.readAllLines(model.resolve("test.csv"));
    return Files.write(folder.resolve("rows.csv"), lines.subList(0, count + 1));
  }

  private Path compiled(String packing) throws Exception {
    Path artifact = Files.createDirectories(folder.resolve("models/breast-cancer/1")).resolve("model.tacet");
    Tacet done =
        Tacet.here("compile", CANCER.resolve("model.onnx").toString(), "--config", CANCER.resolve("tacet.yaml").toString(),
            "--packing", packing, "-o", artifact.toString());
    assertEquals(0, done.exit(), done.all());
    return artifact;
  }

  @Test
  void tryAgreesWithOnnxruntimeAndReportsEveryField() throws Exception {
    Path json = folder.resolve("report.json");
    Tacet done =
        Tacet.run(
            "try", CANCER.resolve("model.onnx").toString(), "--calibration", CANCER.resolve("calibration.csv").toString(),
            "--input", rows(CANCER, 20).toString(), "--packing", "latency", "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = JSON.readTree(json.toFile());
    assertEquals(1.0, report.get("agreement").asDouble());
    assertEquals("latency", report.get("packing").asText());
    assertTrue(report.get("max_error").asDouble() <= 1e-3, report.get("max_error").toString());
    assertEquals(20, report.get("outputs").get("label").size());
    assertEquals(2, report.get("clear_outputs").get("probabilities").get(0).size());
    assertTrue(report.get("clamped_rows").isArray());
    assertTrue(report.get("rows_per_second").isNull());
    for (String field : List.of("ring_type", "ring_degree", "log_q", "log_qp", "security_bits")) {
      assertTrue(report.get("parameters").has(field), field);
    }
    for (String field : List.of("public_key", "evaluation_keys", "input", "result")) {
      assertTrue(report.get("bytes").get(field).asLong() > 0, field);
    }
    for (String field : List.of("compile", "keygen", "upload", "encrypt", "server", "decrypt")) {
      JsonNode spread = report.get("milliseconds").get(field);
      assertTrue(spread.get("min").asDouble() > 0, field);
      assertTrue(spread.get("min").asDouble() <= spread.get("median").asDouble(), field);
    }
    for (JsonNode layer : report.get("layers")) {
      assertTrue(layer.has("name") && layer.has("level") && layer.has("milliseconds"), layer.toString());
    }
  }

  @Test
  void aModelThatIsOneLinearMapTakesNoEvaluationKeys() throws Exception {
    Path json = folder.resolve("linear.json");
    String onnx = CANCER.resolve("model.onnx").toString();
    String calibration = CANCER.resolve("calibration.csv").toString();
    Tacet done =
        Tacet.here("try", onnx, "--calibration", calibration, "--input", rows(CANCER, 50).toString(), "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = JSON.readTree(json.toFile());
    assertEquals("coefficient", report.get("packing").asText());
    assertEquals(1.0, report.get("agreement").asDouble());
    assertTrue(report.get("max_error").asDouble() <= 1e-3, report.get("max_error").toString());
    assertEquals(2048, report.get("parameters").get("ring_degree").asInt());
    assertEquals(0, report.get("bytes").get("evaluation_keys").asLong());
    assertTrue(report.get("bytes").get("input").asLong() <= 13_000, report.get("bytes").toString());
    assertTrue(report.get("bytes").get("result").asLong() <= 14_000, report.get("bytes").toString());
    Tacet simulated = Tacet.here("simulate", onnx, "--calibration", calibration, "--input", rows(CANCER, 50).toString());
    assertEquals(0, simulated.exit(), simulated.all());
    Tacet explained = Tacet.here("explain", onnx, "--calibration", calibration);
    assertEquals(0, explained.exit(), explained.all());
    assertTrue(explained.out().contains("coefficient packing") && explained.out().contains("extract"), explained.out());
  }

  @Test
  void batchesOfTheThroughputPackingGoOverTheWireAndThroughFiles() throws Exception {
    Path json = folder.resolve("batch.json");
    String rows = rows(CANCER, 30).toString();
    String onnx = CANCER.resolve("model.onnx").toString();
    String calibration = CANCER.resolve("calibration.csv").toString();
    Tacet done =
        Tacet.here("try", onnx, "--packing", "throughput", "--calibration", calibration, "--input", rows, "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = JSON.readTree(json.toFile());
    assertEquals(1.0, report.get("agreement").asDouble());
    assertEquals("throughput", report.get("packing").asText());
    assertTrue(report.get("rows_per_request").asInt() >= 1024, report.get("rows_per_request").toString());
    assertTrue(report.get("rows_per_second").asDouble() > 0);

    String model = folder.resolve("batch.tacet").toString();
    String keys = folder.resolve("batch-owner").toString();
    String encrypted = folder.resolve("batch.enc").toString();
    String answers = folder.resolve("batch-answers.enc").toString();
    Tacet compiled = Tacet.here("compile", onnx, "--packing", "throughput", "--calibration", calibration, "--output", model);
    assertEquals(0, compiled.exit(), compiled.all());
    assertEquals(0, Tacet.here("keygen", model, "--keys", keys).exit());
    Tacet encrypt = Tacet.here("encrypt", model, "--card", keys + "/owner.card", "--input", rows, "--output", encrypted);
    assertEquals(0, encrypt.exit(), encrypt.all());
    Tacet evaluate = Tacet.here("evaluate", model, "--input", encrypted, "--output", answers);
    assertEquals(0, evaluate.exit(), evaluate.all());
    Tacet decrypt = Tacet.here("decrypt", model, "--keys", keys, "--input", answers, "--request", encrypted);
    assertEquals(0, decrypt.exit(), decrypt.all());
    assertEquals(31, decrypt.out().lines().count(), decrypt.out());
    Tacet simulate = Tacet.here("simulate", onnx, "--packing", "throughput", "--calibration", calibration, "--input", rows);
    assertEquals(0, simulate.exit(), simulate.all());
  }

  @Test
  void handwrittenDigitsGetTheClearModelsLabels() throws Exception {
    Path json = folder.resolve("report.json");
    Tacet done = Tacet.here("bench", "models", "--models", "mnist-ffnn", "--rows", "8", "--json", json.toString());
    assertEquals(0, done.exit(), done.all());
    JsonNode report = JSON.readTree(json.toFile()).get("models").get(0);
    assertEquals(8, report.get("rows").asInt());
    assertEquals(1.0, report.get("agreement").asDouble());
    assertEquals(8192, report.get("parameters").get("ring_degree").asInt(), "five levels have room there, at half of the time and bytes");
    assertTrue(report.get("parameters").get("log_qp").asDouble() <= 214, report.get("parameters").toString());
    assertTrue(report.get("bytes").get("input").asLong() <= 200_000, report.get("bytes").toString());
  }

  @Test
  void rowsOutsideTheBoundsAreClampedAndListed() throws Exception {
    List<String> lines = new ArrayList<>(Files.readAllLines(rows(CANCER, 3)));
    lines.set(2, lines.get(2).replaceFirst("[^,]*", "1e9"));
    Path input = Files.write(folder.resolve("outside.csv"), lines);
    Path json = folder.resolve("report.json");
    Tacet done =
        Tacet.here(
            "try", CANCER.resolve("model.onnx").toString(), "--calibration", CANCER.resolve("calibration.csv").toString(),
            "--input", input.toString(), "--json", json.toString());
    assertTrue(done.exit() == 0 || done.exit() == 3, done.all());
    assertEquals("[1]", JSON.readTree(json.toFile()).get("clamped_rows").toString());
  }

  @Test
  void aServerAndAClientPredictOverTheWireWithKeysThatAreKept() throws Exception {
    compiled("auto");
    try (ServerProcess server =
        ServerProcess.start(
            List.of("--models", folder.resolve("models").toString(), "--data", folder.resolve("data").toString(), "--port", "0"),
            Duration.ofMinutes(2))) {
      Path output = folder.resolve("answers.json");
      for (int run = 0; run < 2; run++) {
        Tacet done =
            Tacet.run(
                "predict", "--server", server.uri().toString(), "--model", "breast-cancer", "--input",
                rows(CANCER, 5).toString(), "--output", output.toString(), "--keys", folder.resolve("keys").toString());
        assertEquals(0, done.exit(), done.all());
      }
      JsonNode report = JSON.readTree(output.toFile());
      assertEquals(5, report.get("rows").asInt());
      rowsAsJsonGetTheSameLabels(server.uri().toString(), report.get("outputs").get("label"));
      List<String> truths = Files.readAllLines(CANCER.resolve("test_labels.csv"));
      assertEquals(truths.get(1), report.get("outputs").get("label").get(0).get(0).asText());
      providerSubmitsAndOwnerReads(server.uri().toString());
      Tacet unknown =
          Tacet.run("predict", "--server", server.uri().toString(), "--model", "no-such", "--input", rows(CANCER, 1).toString());
      assertEquals(1, unknown.exit(), unknown.all());
      assertEquals(2, unknown.err().lines().count(), unknown.err());
    }
  }

  private void rowsAsJsonGetTheSameLabels(String server, JsonNode labels) throws Exception {
    List<String> lines = Files.readAllLines(rows(CANCER, 5));
    Path input = folder.resolve("rows.json");
    Files.writeString(
        input, lines.stream().skip(1).map(line -> "[" + line + "]").collect(Collectors.joining(",\n", "[", "]\n")));
    Tacet done = Tacet.here("predict", "--server", server, "--model", "breast-cancer", "--input", input.toString());
    assertEquals(0, done.exit(), done.all());
    List<String> answers = done.out().lines().skip(1).toList();
    assertEquals(labels.size(), answers.size(), done.out());
    for (int r = 0; r < labels.size(); r++) {
      assertEquals(labels.get(r).get(0).asText(), answers.get(r).split(",")[0]);
    }
  }

  /** The owner's keys are on the host since the prediction before; the provider holds the card alone. */
  private void providerSubmitsAndOwnerReads(String server) throws Exception {
    String model = folder.resolve("models/breast-cancer/1/model.tacet").toString();
    String keys = folder.resolve("keys").toString();
    String answers = folder.resolve("forwarded.enc").toString();
    assertEquals(0, Tacet.here("keygen", model, "--keys", keys).exit());
    Tacet submit =
        Tacet.here("predict", "--server", server, "--model", "breast-cancer", "--input", rows(CANCER, 2).toString(),
            "--card", keys + "/owner.card", "--output", answers);
    assertEquals(0, submit.exit(), submit.all());
    Tacet decrypt = Tacet.here("decrypt", model, "--keys", keys, "--input", answers);
    assertEquals(0, decrypt.exit(), decrypt.all());
    assertEquals(3, decrypt.out().lines().count(), decrypt.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"latency", "coefficient"})
  void theStepsOnFilesGiveTheAnswersToTheOwnerAlone(String packing) throws Exception {
    String model = compiled(packing).toString();
    String keys = folder.resolve("owner").toString();
    String encrypted = folder.resolve("rows.enc").toString();
    String answers = folder.resolve("answers.enc").toString();
    Tacet keygen = Tacet.here("keygen", model, "--keys", keys);
    assertEquals(0, keygen.exit(), keygen.all());
    Tacet encrypt =
        Tacet.here("encrypt", model, "--card", keys + "/owner.card", "--input", rows(CANCER, 3).toString(), "--output", encrypted);
    assertEquals(0, encrypt.exit(), encrypt.all());
    Tacet evaluate =
        Tacet.here("evaluate", model, "--evaluation-keys", keys + "/evaluation.keys", "--input", encrypted, "--output", answers);
    assertEquals(0, evaluate.exit(), evaluate.all());
    Tacet decrypt = Tacet.here("decrypt", model, "--keys", keys, "--input", answers, "--request", encrypted);
    assertEquals(0, decrypt.exit(), decrypt.all());
    assertEquals(4, decrypt.out().lines().count(), decrypt.out());
    assertTrue(decrypt.out().startsWith("label,"), decrypt.out());

    String others = folder.resolve("other").toString();
    assertEquals(0, Tacet.here("keygen", model, "--keys", others).exit());
    Tacet stranger = Tacet.here("decrypt", model, "--keys", others, "--input", answers);
    assertEquals(1, stranger.exit(), stranger.all());
    assertEquals("", stranger.out());
    assertFalse(stranger.err().contains("Exception"), stranger.err());

    byte[] altered = Files.readAllBytes(Path.of(answers));
    altered[altered.length / 2] ^= 1;
    Files.write(Path.of(answers), altered);
    assertEquals(1, Tacet.here("decrypt", model, "--keys", keys, "--input", answers).exit());

    Tacet again = Tacet.here("keygen", model, "--keys", others);
    assertEquals("", again.err());
    Tacet instead = Tacet.here("keygen", compiled(packing.equals("latency") ? "coefficient" : "latency").toString(), "--keys", others);
    assertEquals(0, instead.exit(), instead.all());
    assertTrue(instead.err().contains("owner.card and evaluation.keys in " + others + " were for model"), instead.err());
  }

  @Test
  void whatCannotRunIsRefusedInTwoLines() throws Exception {
    Path rows = rows(CANCER, 2);
    Tacet notAModel = Tacet.here("try", rows.toString(), "--calibration", rows.toString(), "--input", rows.toString());
    assertEquals(1, notAModel.exit(), notAModel.all());
    assertEquals(2, notAModel.err().lines().count(), notAModel.err());
    Tacet packing =
        Tacet.here(
            "try", CANCER.resolve("model.onnx").toString(), "--packing", "sideways", "--calibration", rows.toString(),
            "--input", rows.toString());
    assertEquals(2, packing.exit(), packing.all());
    Tacet missing = Tacet.here("try", CANCER.resolve("model.onnx").toString(), "--calibration", rows.toString());
    assertEquals(2, missing.exit(), missing.all());
    Tacet unreachable =
        Tacet.here("predict", "--server", "http://127.0.0.1:1", "--model", "m", "--input", rows.toString());
    assertEquals(1, unreachable.exit(), unreachable.all());
    assertEquals(2, unreachable.err().lines().count(), unreachable.err());
  }

  /** What each command says of a place, a file or an address that it cannot use: two lines, never a stack trace, at once. */
  @Test
  void whatIsGivenWronglyIsToldInTwoLines() throws Exception {
    String rows = rows(CANCER, 2).toString();
    String model = CANCER.resolve("model.onnx").toString();
    String none = folder.resolve("none/out.json").toString();
    Map<List<String>, Integer> wrong = new LinkedHashMap<>();
    wrong.put(List.of("try", model, "--calibration", rows, "--input", rows, "--json", none), 1);
    wrong.put(List.of("compile", model, "--calibration", rows, "-o", folder.toString()), 1);
    wrong.put(List.of("demo", "--json", none), 1);
    wrong.put(List.of("predict", "--server", "http://no-such-host.invalid:1", "--model", "m", "--input", rows), 1);
    wrong.put(List.of("predict", "--server", "ftp://localhost:1", "--model", "m", "--input", rows), 2);
    wrong.put(List.of("predict", "--server", "http://localhost:1", "--model", "m", "--input", folder.toString()), 2);
    wrong.put(List.of("predict", "--server", "https://localhost:1", "--model", "m", "--input", rows, "--trust", none), 2);
    wrong.put(
        List.of("predict", "--server", "http://localhost:1", "--model", "m", "--input", rows, "--card", none, "--output", "x.enc"), 2);
    wrong.put(List.of("check", folder.toString()), 2);
    wrong.put(List.of("explain", none + ".tacet"), 2);
    wrong.put(List.of("serve", "--models", none), 2);
    wrong.put(List.of("keygen", rows, "--keys", folder.resolve("keys").toString()), 1);
    wrong.put(List.of("frob"), 2);
    for (Map.Entry<List<String>, Integer> use : wrong.entrySet()) {
      Tacet done = Tacet.here(use.getKey().toArray(String[]::new));
      assertEquals(use.getValue(), done.exit(), use.getKey() + " " + done.all());
      assertEquals("", done.out(), use.getKey().toString());
      assertEquals(2, done.err().lines().count(), use.getKey() + " " + done.err());
      assertTrue(done.err().startsWith("tacet: ") && done.err().contains("\n       "), done.err());
    }
  }
}
