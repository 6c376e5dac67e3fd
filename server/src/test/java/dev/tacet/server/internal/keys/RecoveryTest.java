// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Blob;
import dev.tacet.he.KeyManifest;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store finds when it opens: folders without an index, and everything between two steps that a crash can leave. */
class RecoveryTest {
  @TempDir Path folder;
  @TempDir Path state;
  private final byte[] first = KeyBlobs.blob(5, 3, 10_000, 1);
  private final byte[] second = KeyBlobs.blob(25, 3, 5_000, 2);
  private final KeyManifest manifest = KeyBlobs.manifest(KeyBlobs.PARAMETERS, first, second);
  private final ContentHash id = new ContentHash(Blob.sha256Hex(manifest.toBytes()));
  private TestIndex database;

  @BeforeEach
  void start() throws IOException {
    database = new TestIndex(state);
  }

  @AfterEach
  void stop() {
    database.close();
  }

  private KeyStore open() throws IOException {
    return open(database.index);
  }

  private KeyStore open(KeyIndex index) throws IOException {
    return new KeyStore(folder, StoreLimits.defaults().withMinFreeBytes(0), Disk.LOCAL, index, new TestClock());
  }

  private Path file(byte[] blob) {
    String hash = Blob.sha256Hex(blob);
    return folder.resolve("blobs").resolve(hash.substring(0, 2)).resolve(hash);
  }

  /** The folder as versions without a database wrote it. */
  private void writeEarlierLayout() throws IOException {
    for (byte[] blob : List.of(first, second)) {
      Files.createDirectories(file(blob).getParent());
      Files.write(file(blob), blob);
    }
    Files.createDirectories(folder.resolve("keysets"));
    Files.write(folder.resolve("keysets").resolve(id.hex()), manifest.toBytes());
    Files.createDirectories(folder.resolve("uploads"));
    Files.write(folder.resolve("uploads").resolve("ab".repeat(32) + ".part"), new byte[100]);
  }

  @Test
  void aFolderWithoutAnIndexIsTakenOverWhole() throws IOException {
    writeEarlierLayout();
    KeyStore store = open();
    assertEquals(manifest, store.require(id));
    List<byte[]> read = KeyBlobs.read(store, manifest.entries());
    assertArrayEquals(first, read.get(0));
    assertArrayEquals(second, read.get(1));
    assertEquals(15_000 + StoreLimits.FILE_BYTES, store.chargedBytes());
    assertEquals(new KeyIndex.Usage(15_000, 2, 1), database.index.usage());
    KeyIndex.KeySet row = database.index.keySets().get(0);
    assertEquals(15_000, row.bytes());
    assertEquals(2, row.keys());
    assertEquals(List.of(), database.index.owners(id));
    store.register(ByteBuffer.wrap(manifest.toBytes()), "alice", store.index().blobs().keySet(), (any, set) -> {});
    assertEquals(List.of("alice"), database.index.owners(id), "its client owns it once it registers it again");
  }

  @Test
  void aLostIndexIsMadeAnewFromTheFolder() throws IOException {
    writeEarlierLayout();
    open();
    database.close();
    try (var files = Files.list(state)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    start();
    assertEquals(manifest, open().require(id));
  }

  @Test
  void aManifestWhoseKeysAreNotAllThereIsNotTakenUp() throws IOException {
    writeEarlierLayout();
    Files.delete(file(second));
    KeyStore store = open();
    assertEquals(
        ErrorCause.KEY_NOT_FOUND, assertThrows(ServiceException.class, () -> store.require(id)).errorCause());
    assertFalse(Files.exists(folder.resolve("keysets").resolve(id.hex())));
    assertTrue(store.has(KeyBlobs.hash(first)));
  }

  @Test
  void filesThatTheIndexLostAreMissingAndCostNothing() throws IOException {
    writeEarlierLayout();
    open();
    Files.delete(file(second));
    Files.delete(folder.resolve("keysets").resolve(id.hex()));
    KeyStore store = open();
    assertFalse(store.has(KeyBlobs.hash(second)));
    assertEquals(new KeyIndex.Usage(10_000, 1, 0), database.index.usage());
  }

  @Test
  void aDeletionThatACrashCutShortIsEndedAndNotUndone() throws IOException {
    writeEarlierLayout();
    open();
    assertTrue(database.index.markKeySet(id));
    KeyStore store = open();
    assertFalse(Files.exists(folder.resolve("keysets").resolve(id.hex())));
    assertEquals(List.of(), database.index.markedKeySets());

    Instant future = Instant.now().plusSeconds(3600);
    assertEquals(Set.of(KeyBlobs.hash(first), KeyBlobs.hash(second)), Set.copyOf(database.index.markUnreferenced(future)));
    assertFalse(store.has(KeyBlobs.hash(first)), "marked is as good as gone");
    open();
    assertFalse(Files.exists(file(first)));
    assertEquals(new KeyIndex.Usage(0, 0, 0), database.index.usage());
  }

  @Test
  void aKeyWhoseRowCouldNotBeWrittenIsNotAcknowledgedAndIsTakenUpLater() throws IOException {
    KeyStore store = open(failing("addBlob"));
    ServiceException e = assertThrows(ServiceException.class, () -> KeyBlobs.upload(store, first, 10_000));
    assertEquals(ErrorCause.STORAGE_FAILED, e.errorCause());
    assertFalse(store.has(KeyBlobs.hash(first)));
    ServiceException again = assertThrows(
        ServiceException.class,
        () -> KeyBlobs.put(store, KeyBlobs.hash(first), 10_000, 9_000, KeyBlobs.crc(first, 9_000, 10_000), ByteBuffer.wrap(first, 9_000, 1_000)));
    assertEquals("0", again.details().get("received_bytes"), "the upload starts again");
    assertTrue(open().has(KeyBlobs.hash(first)));
  }

  /** The index of this test, one of whose methods fails as it does when the database is away. */
  private KeyIndex failing(String method) {
    return (KeyIndex) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {KeyIndex.class}, (proxy, called, arguments) -> {
      if (called.getName().equals(method)) {
        throw new ServiceException(ErrorCause.STORAGE_FAILED, "the host's database failed");
      }
      try {
        return called.invoke(database.index, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    });
  }
}
