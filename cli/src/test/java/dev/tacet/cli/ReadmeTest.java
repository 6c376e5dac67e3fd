// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.Prediction;
import dev.tacet.server.TacetServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is this package's source, and it runs. */
class ReadmeTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir Path folder;

  @Test
  void theReadmeShowsTheExampleThatIsTested() throws Exception {
    String source = Files.readString(ROOT.resolve("cli/src/test/java/dev/tacet/cli/ReadmeExample.java"));
    String shown = source.substring(source.indexOf("import ")).strip();
    assertTrue(Files.readString(ROOT.resolve("README.md")).contains("```java\n" + shown + "\n```"), "README.md and ReadmeExample differ");
  }

  @Test
  void theExampleClassifiesAHeldOutRecord() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    copy(ROOT.resolve("models/breast-cancer"), models.resolve("breast-cancer"));
    List<String> rows = Files.readAllLines(ROOT.resolve("models/breast-cancer/test.csv"));
    double[] features = Arrays.stream(rows.get(1).split(",")).mapToDouble(Double::parseDouble).toArray();
    try (TacetServer server = TacetServer.builder().models(models).data(folder.resolve("data")).port(0).build()) {
      Prediction prediction =
          ReadmeExample.predict(server.start(), folder.resolve("keys"), "a passphrase for a test".toCharArray(), features);
      double[] probabilities = prediction.numbers("probabilities");
      double bound = prediction.errorBounds().get("probabilities");
      assertTrue(bound < 1e-3, "probabilities up to " + bound);
      assertEquals(1.0, probabilities[0] + probabilities[1], 2 * bound);
      assertEquals(probabilities[1] > 0.5 ? 1.0 : 0.0, prediction.numbers("label")[0]);
    }
  }

  private static void copy(Path from, Path to) throws Exception {
    Files.createDirectories(to);
    for (String name : List.of("model.onnx", "tacet.yaml", "calibration.csv")) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
  }
}
