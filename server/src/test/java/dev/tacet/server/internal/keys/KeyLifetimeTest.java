// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.KeyManifest;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** How long a store keeps what it was given. */
class KeyLifetimeTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path folder;
  @TempDir private Path state;
  private final TestClock clock = new TestClock();
  private final byte[] first = KeyBlobs.blob(5, 3, 10_000, 1);
  private final byte[] second = KeyBlobs.blob(9, 3, 10_000, 2);
  private TestIndex database;
  private KeyStore store;

  @BeforeEach
  void start() throws IOException {
    database = new TestIndex(state);
    open(Optional.of(HOUR));
  }

  @AfterEach
  void stop() {
    database.close();
  }

  private void open(Optional<Duration> timeToLive) throws IOException {
    StoreLimits limits = StoreLimits.defaults().withMinFreeBytes(0).withTimes(timeToLive, Duration.ofMinutes(30));
    store = new KeyStore(folder, limits, Disk.LOCAL, database.index, clock);
  }

  private ContentHash register(byte[]... blobs) {
    for (byte[] blob : blobs) {
      KeyBlobs.upload(store, blob, 5_000);
    }
    KeyManifest manifest = KeyBlobs.manifest(KeyBlobs.PARAMETERS, blobs);
    return store.register(ByteBuffer.wrap(manifest.toBytes()), "alice", store.index().blobs().keySet(), (any, set) -> {});
  }

  private long files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).count();
    }
  }

  private static void fails(ErrorCause cause, Executable call) {
    ServiceException e = assertThrows(ServiceException.class, call);
    assertEquals(cause, e.errorCause(), e.getMessage());
  }

  @Test
  void aKeySetExpiresAtItsTimeAndRegisteringItAgainRenewsIt() throws IOException {
    ContentHash id = register(first);
    clock.jump(HOUR.minusSeconds(10));
    store.use(id, "alice");
    clock.jump(Duration.ofSeconds(11));
    fails(ErrorCause.KEY_EXPIRED, () -> store.use(id, "alice"));
    fails(ErrorCause.KEY_EXPIRED, () -> store.require(id));
    fails(ErrorCause.KEY_NOT_FOUND, () -> store.use(id, "bob"));
    assertEquals(id, store.register(
        ByteBuffer.wrap(KeyBlobs.manifest(KeyBlobs.PARAMETERS, first).toBytes()), "alice", store.index().blobs().keySet(), (any, set) -> {}));
    store.use(id, "alice");
    open(Optional.of(HOUR));
    store.use(id, "alice");
  }

  @Test
  void aClockThatJumpsADayBackDeletesNothingAndOneThatReturnsExpiresWhatItWould() throws IOException {
    ContentHash id = register(first);
    clock.jump(Duration.ofDays(-1));
    store.use(id, "alice");
    assertEquals(0, store.sweep());
    ContentHash later = register(second);
    clock.jump(Duration.ofDays(1));
    store.use(id, "alice");
    fails(ErrorCause.KEY_EXPIRED, () -> store.use(later, "alice"));
    clock.jump(HOUR.plusSeconds(1));
    fails(ErrorCause.KEY_EXPIRED, () -> store.use(id, "alice"));
  }

  @Test
  void theSweepDeletesWhatExpiredWithTheKeysThatNoOtherSetNames() throws IOException {
    List<ContentHash> told = new ArrayList<>();
    store.onDeleted(told::add);
    ContentHash old = register(first, second);
    clock.jump(HOUR.minusMinutes(1));
    ContentHash young = register(second);
    assertEquals(0, store.sweep());
    clock.jump(Duration.ofMinutes(2));
    assertEquals(2, store.sweep(), "the set and one of its keys");
    assertEquals(List.of(old), told);
    assertFalse(store.has(KeyBlobs.hash(first)));
    assertTrue(store.has(KeyBlobs.hash(second)));
    store.use(young, "alice");
    fails(ErrorCause.KEY_NOT_FOUND, () -> store.use(old, "alice"));
    clock.jump(HOUR);
    store.sweep();
    assertEquals(0, files());
    assertEquals(new KeyIndex.Usage(0, 0, 0), database.index.usage());
  }

  @Test
  void uploadsThatStoppedAndKeysThatNoSetEverNamedAreSweptToo() throws IOException {
    KeyBlobs.put(store, KeyBlobs.hash(first), first.length, 0, KeyBlobs.crc(first, 0, 100), ByteBuffer.wrap(first, 0, 100));
    KeyBlobs.upload(store, second, 5_000);
    assertEquals(0, store.sweep());
    assertEquals(2, files());
    clock.jump(Duration.ofMinutes(31));
    assertEquals(2, store.sweep());
    assertEquals(0, files());
    assertEquals(0, store.chargedBytes());
  }

  @Test
  void aTimeThatTheOperatorSetsLaterHoldsForWhatIsThere() throws IOException {
    open(Optional.empty());
    ContentHash id = register(first);
    clock.jump(Duration.ofDays(1000));
    store.use(id, "alice");
    open(Optional.of(HOUR));
    store.use(id, "alice");
    clock.jump(HOUR.plusSeconds(1));
    fails(ErrorCause.KEY_EXPIRED, () -> store.use(id, "alice"));
  }
}
