// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.process.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {
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
