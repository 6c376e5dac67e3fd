// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.Prediction;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import dev.tacet.he.OutputValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A repository of ONNX files, compiled when the server starts, used through the SDK. */
class OnnxModelTest {
  private static final Path SOURCE = Path.of("..", "models", "breast-cancer");

  @TempDir Path folder;

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void anOnnxFileIsCompiledAndServedAndOneWithoutADescriptionIsReported() throws Exception {
    Path models = folder.resolve("models");
    copy(SOURCE, models.resolve("breast-cancer"));
    Path alone = Files.createDirectories(models.resolve("alone").resolve("1"));
    Files.copy(SOURCE.resolve("model.onnx"), alone.resolve("model.onnx"));
    List<String> rows = Files.readAllLines(SOURCE.resolve("test.csv"));
    List<String> labels = Files.readAllLines(SOURCE.resolve("test_labels.csv"));
    try (TestHost host = new TestHost(models, folder.resolve("data"));
        TacetClient client = TacetClient.builder(host.uri).keyStore(folder.resolve("keys")).passphrase("a long passphrase".toCharArray()).build()) {
      assertTrue(host.get("/readyz").body().contains("tacet.yaml"), host.get("/readyz").body());
      RemoteModel model = client.model("breast-cancer");
      int agree = 0;
      for (int i = 1; i <= 10; i++) {
        double[] row = Arrays.stream(rows.get(i).split(",")).mapToDouble(Double::parseDouble).toArray();
        Prediction prediction = model.predict(row);
        String text = prediction.outputs().values().stream().filter(v -> !(v instanceof OutputValue.Numbers)).toList().toString();
        agree += text.contains(labels.get(i).trim()) ? 1 : 0;
      }
      assertTrue(agree >= 9, agree + " of 10 labels");
      assertEquals(200, host.get("/healthz").statusCode());
    }
  }
}
