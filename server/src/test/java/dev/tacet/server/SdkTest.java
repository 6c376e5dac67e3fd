// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.ModelNotFoundException;
import dev.tacet.client.TacetClient;
import dev.tacet.he.OutputValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The published SDK against the server. */
class SdkTest {
  @TempDir Path folder;

  private TacetClient client(TestHost host) {
    return TacetClient.builder(host.uri)
        .keyStore(folder.resolve("keyring"))
        .passphrase("correct horse battery staple".toCharArray())
        .build();
  }

  private static double[] y(TacetClient client, double... row) {
    OutputValue value = client.model("square").predict(row).outputs().get("y");
    return ((OutputValue.Numbers) value).values();
  }

  @Test
  void aPredictionIsMadeAndKeysSurviveClientAndServerAndAreUploadedAgainWhenTheServerLostThem() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    Path data = folder.resolve("data");
    TestModels.write(models, "square", "1", TestModels.square());
    try (TestHost host = new TestHost(models, data);
        TacetClient client = client(host)) {
      assertArrayEquals(TestModels.squareInTheClear(0.5, -0.5, 1), y(client, 0.5, -0.5, 1), 1e-4);
      assertThrows(ModelNotFoundException.class, () -> client.model("none"));
    }
    try (TestHost host = new TestHost(models, data);
        TacetClient client = client(host)) {
      long blobs = blobs(data);
      assertArrayEquals(TestModels.squareInTheClear(-1, 0, 1), y(client, -1, 0, 1), 1e-4);
      assertEquals(blobs, blobs(data), "the same keys serve again");
    }
    try (TestHost host = new TestHost(models, folder.resolve("empty"));
        TacetClient client = client(host)) {
      assertArrayEquals(TestModels.squareInTheClear(1, 1, 1), y(client, 1, 1, 1), 1e-4);
      assertTrue(blobs(folder.resolve("empty")) > 0);
    }
  }

  private static long blobs(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data.resolve("tenants").resolve("default").resolve("blobs"))) {
      return files.filter(Files::isRegularFile).count();
    }
  }
}
