// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.cli.internal.process.ServerProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {
  /** tcpmux: nothing listens there, and no other test is given it. */
  private static final int NOBODYS_PORT = 1;

  @Test
  void aHostThatStillLoadsItsModelsEndsOnSigtermWithoutServing(@TempDir Path folder) throws Exception {
    Path model = Files.createDirectories(folder.resolve("models/slow"));
    Path ready = Path.of("../models/mnist-lenet5-silu").toAbsolutePath().normalize();
    for (String file : List.of("model.onnx", "tacet.yaml", "calibration.csv")) {
      if (Files.exists(ready.resolve(file))) {
        Files.copy(ready.resolve(file), model.resolve(file));
      }
    }
    Path data = folder.resolve("data");
    Path said = folder.resolve("said.txt");
    List<String> serve = List.of("serve", "--models", folder.resolve("models").toString(), "--data", data.toString(), "--port", "0");
    Process host = new ProcessBuilder(ServerProcess.ownCommandLine(serve)).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      while (host.isAlive() && !hasState(data)) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
      assertTrue(host.isAlive(), () -> text(said));
      host.destroy();
      assertTrue(host.waitFor(60, TimeUnit.SECONDS));
      assertTrue(!text(said).contains(ServerProcess.READY), () -> text(said));
    } finally {
      host.destroyForcibly();
    }
  }

  @Test
  void aCollectorThatIsAwayIsOneLineInTheFormatAndAtTheLevelThatWereAskedFor(@TempDir Path folder) throws Exception {
    Path configuration = Files.writeString(
        folder.resolve("tacet.yaml"),
        "models: " + Files.createDirectories(folder.resolve("models")) + "\ndata: " + folder.resolve("data") + "\nport: 0\n"
            + "traces: {endpoint: \"http://127.0.0.1:" + NOBODYS_PORT + "/v1/traces\"}\n");
    assertEquals(List.of(), logOf(configuration, "OFF", folder));
    List<JsonNode> told = new ArrayList<>();
    for (String line : logOf(configuration, "WARN", folder)) {
      told.add(new ObjectMapper().readTree(line));
    }
    told.removeIf(line -> line.get("formattedMessage").asText().startsWith("models folder"));
    assertEquals(1, told.size(), told.toString());
    assertEquals("WARN", told.get(0).get("level").asText());
    assertTrue(told.get(0).get("formattedMessage").asText().startsWith("traces: http://127.0.0.1:" + NOBODYS_PORT + "/v1/traces "), told.toString());
    assertTrue(told.get(0).get("throwable").isNull(), told.toString());
  }

  /** What a host that answered a call and was ended wrote on standard error. */
  private static List<String> logOf(Path configuration, String level, Path folder) throws Exception {
    Path out = folder.resolve("out-" + level);
    Path err = folder.resolve("err-" + level);
    ProcessBuilder builder = new ProcessBuilder(ServerProcess.ownCommandLine(List.of("serve", "--config", configuration.toString())));
    builder.environment().putAll(Map.of("TACET_LOG", level, "TACET_LOG_FORMAT", "json"));
    Process host = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      while (host.isAlive() && !text(out).contains(ServerProcess.READY)) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      assertTrue(host.isAlive(), () -> text(out) + text(err));
      String uri = text(out).lines().filter(said -> said.startsWith(ServerProcess.READY)).findFirst().orElseThrow();
      HttpRequest models = HttpRequest.newBuilder(URI.create(uri.substring(ServerProcess.READY.length()) + "/v1/models")).build();
      assertEquals(200, HttpClient.newHttpClient().send(models, HttpResponse.BodyHandlers.discarding()).statusCode());
      host.destroy();
      assertTrue(host.waitFor(60, TimeUnit.SECONDS));
      return Files.readAllLines(err);
    } finally {
      host.destroyForcibly();
    }
  }

  /** The host opens its state before it loads models, which takes it many seconds here. */
  private static boolean hasState(Path data) throws IOException {
    if (!Files.isDirectory(data)) {
      return false;
    }
    try (Stream<Path> files = Files.list(data)) {
      return files.anyMatch(file -> file.getFileName().toString().equals("state"));
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
