// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tacet.he.Blob;
import dev.tacet.he.HeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever lies in the files of a key store, opening it and asking it gives keys, or says that they are missing or malformed. Without
 * JAZZER_FUZZ each target runs on the inputs kept beside it; {@code .ci/fuzz} searches.
 */
class KeyFilesFuzzTest {
  @TempDir static Path state;
  @TempDir static Path folder;
  private static TestIndex database;

  @BeforeAll
  static void open() throws IOException {
    database = new TestIndex(state);
  }

  @AfterAll
  static void close() {
    database.close();
  }

  private static KeyStore store() throws IOException {
    return new KeyStore(folder, StoreLimits.defaults().withMinFreeBytes(0), Disk.LOCAL, database.index, new TestClock());
  }

  /** The first byte says where the rest lies when the store is opened: as a manifest, a blob, or an upload that was cut short. */
  @FuzzTest(maxDuration = "10s")
  void filesOfAStore(byte[] bytes) throws IOException {
    if (bytes.length == 0) {
      return;
    }
    byte[] contents = Arrays.copyOfRange(bytes, 1, bytes.length);
    ContentHash hash = ContentHash.of(Blob.sha256(contents));
    Path file = switch (bytes[0] & 3) {
      case 0 -> folder.resolve("keysets").resolve(hash.hex());
      case 1 -> folder.resolve("blobs").resolve(hash.hex().substring(0, 2)).resolve(hash.hex());
      default -> folder.resolve("uploads").resolve(hash.hex() + ".part");
    };
    Files.write(Files.createDirectories(file.getParent()).resolve(file.getFileName()), contents);
    try {
      KeyStore store = store();
      store.has(hash);
      KeyBlobs.put(store, hash, Math.max(1, contents.length), 0, 0, ByteBuffer.allocate(0));
    } catch (HeException e) {
      return;
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @FuzzTest(maxDuration = "10s")
  void manifestsThatAreRegistered(byte[] bytes) throws IOException {
    try {
      store().register(ByteBuffer.wrap(bytes), "alice", store().index().blobs().keySet(), (any, set) -> {});
    } catch (HeException e) {
      return;
    }
  }
}
