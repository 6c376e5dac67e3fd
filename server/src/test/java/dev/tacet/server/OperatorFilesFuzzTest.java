// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.config.SettingsReader;
import dev.tacet.server.internal.identity.ApiKeys;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.RepositoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever the files of an operator hold, reading them gives settings or problems. Without JAZZER_FUZZ each target runs on the inputs
 * kept beside it; {@code .ci/fuzz} searches.
 */
class OperatorFilesFuzzTest {
  @TempDir static Path folder;

  private static Path file(String name, byte[] bytes) throws IOException {
    return Files.write(Files.createDirectories(folder.resolve("model")).resolve(name), bytes);
  }

  @FuzzTest(maxDuration = "10s")
  void configurations(byte[] bytes) throws IOException {
    try {
      SettingsReader.read(file("tacet.yaml", bytes), Map.of(), Map.of("models", folder.toString(), "data", folder.toString()));
    } catch (ConfigurationException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void apiKeys(byte[] bytes) throws IOException {
    Path keys = file("keys.yaml", bytes);
    try {
      ApiKeys.read(keys);
    } catch (IOException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void modelFoldersAndTheirRules(byte[] bytes) throws IOException {
    file("serving.yaml", bytes);
    file("model.tacet", bytes);
    try (ModelRepository models = ModelRepository.open(folder, (name, place) -> {
      throw new IOException("no compiler here");
    }, new RepositoryOptions(RepositoryOptions.FIXED.versions(), java.time.Duration.ZERO, 0, true))) {
      models.load("model");
    } catch (ServiceException e) {
      return;
    }
  }
}
