// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.OnnxModelSource;
import dev.tacet.server.internal.models.RepositoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator may find in a models folder. */
class ModelFolderTest {
  @TempDir Path root;

  @Test
  void brokenModelsAreListedWithTheirProblemAndTheOthersAreServed() throws IOException {
    ModelArtifact half = TestModels.half();
    byte[] bytes = half.toBytes();
    TestModels.write(root, "half", "1", half);
    TestModels.write(root, "renamed", "1", half);
    write("truncated", Arrays.copyOf(bytes, bytes.length / 2));
    byte[] flipped = bytes.clone();
    flipped[bytes.length / 3] ^= 4;
    write("flipped", flipped);
    write("empty", new byte[0]);
    write("not a name!", bytes);
    Files.createSymbolicLink(Files.createDirectories(root.resolve("dangling/1")).resolve("model.tacet"), root.resolve("none"));
    Files.createDirectories(root.resolve("directory/1/model.tacet"));
    Files.createSymbolicLink(root.resolve("loop"), root);
    try (ModelRepository repository = ModelRepository.open(root, new OnnxModelSource(), RepositoryOptions.FIXED)) {
      assertEquals(1, repository.readyCount(), repository.statuses().toString());
      assertEquals("1", repository.view(name -> true).get("half", "", "anybody", "").version());
      for (String name : new String[] {"renamed", "truncated", "flipped", "empty", "not a name!"}) {
        ServiceException refused = assertThrows(ServiceException.class, () -> repository.view(any -> true).get(name, "", "anybody", ""), name);
        assertEquals(ErrorCause.MODEL_UNAVAILABLE, refused.errorCause(), name);
      }
      ServiceException renamed = assertThrows(ServiceException.class, () -> repository.view(name -> true).get("renamed", "", "anybody", ""));
      assertTrue(renamed.getMessage().contains("\"half\"") && renamed.getMessage().contains("rename"), renamed.getMessage());
      for (String hostile : new String[] {"", "..", "../half", "half/1", "\0", "x".repeat(100_000), "half\n"}) {
        ServiceException refused = assertThrows(ServiceException.class, () -> repository.view(name -> true).get(hostile, "", "anybody", ""));
        assertEquals(ErrorCause.MODEL_NOT_FOUND, refused.errorCause());
        assertTrue(refused.getMessage().length() < 200, refused.getMessage());
      }
    }
  }

  private void write(String name, byte[] bytes) throws IOException {
    Files.write(Files.createDirectories(root.resolve(name).resolve("1")).resolve("model.tacet"), bytes);
  }
}
