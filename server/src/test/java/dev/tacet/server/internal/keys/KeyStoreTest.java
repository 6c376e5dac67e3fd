// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.MalformedException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class KeyStoreTest {
  @TempDir Path folder;
  private final byte[] blob = KeyBlobs.blob(5, 3, 10_000, 1);
  private final ContentHash hash = KeyBlobs.hash(blob);
  private final TestClock clock = new TestClock();
  @TempDir private Path state;
  private TestIndex database;
  private KeyStore store;

  @BeforeEach
  void start() throws IOException {
    database = new TestIndex(state);
    open();
  }

  @AfterEach
  void stop() {
    database.close();
  }

  private void open() throws IOException {
    open(StoreLimits.defaults().withMinFreeBytes(0), Disk.LOCAL);
  }

  private void open(StoreLimits limits, Disk disk) throws IOException {
    store = new KeyStore(folder, limits, disk, database.index, clock);
  }

  private ContentHash register(KeyManifest manifest) {
    return store.register(ByteBuffer.wrap(manifest.toBytes()), "alice", store.index().blobs().keySet(), (any, set) -> {});
  }

  private UploadStore.Progress put(int from, int to) {
    return KeyBlobs.put(store, hash, blob.length, from, KeyBlobs.crc(blob, from, to), ByteBuffer.wrap(blob, from, to - from));
  }

  private static ServiceException fails(ErrorCause cause, Executable call) {
    ServiceException e = assertThrows(ServiceException.class, call);
    assertEquals(cause, e.errorCause(), e.getMessage());
    return e;
  }

  @Test
  void anUploadInChunksIsStoredUnderItsHash() {
    assertEquals(new UploadStore.Progress(4096, false), put(0, 4096));
    assertFalse(store.has(hash));
    assertEquals(new UploadStore.Progress(10_000, true), put(4096, 10_000));
    assertTrue(store.has(hash));
  }

  @Test
  void aRestartContinuesAnUploadWhereItStoppedAndKeepsWhatWasComplete() throws IOException {
    put(0, 4096);
    open();
    assertEquals(new UploadStore.Progress(4096, false), put(0, 0));
    put(4096, 10_000);
    KeyManifest manifest = KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob);
    ContentHash id = register(manifest);
    open();
    assertTrue(store.has(hash));
    assertEquals(manifest, store.require(id));
    assertArrayEquals(blob, KeyBlobs.read(store, manifest.entries()).get(0));
  }

  @Test
  void aRepeatedChunkIsAcknowledgedAndAGapIsAnswereredWithTheNextOffset() {
    put(0, 4096);
    assertEquals(new UploadStore.Progress(4096, false), put(1024, 2048));
    ServiceException gap = fails(ErrorCause.OFFSET_MISMATCH, () -> put(5000, 6000));
    assertEquals("4096", gap.details().get("received_bytes"));
    assertEquals(new UploadStore.Progress(5000, false), put(4000, 5000), "what overlaps is compared");
    byte[] other = blob.clone();
    other[4500] ^= 1;
    ServiceException differs = fails(ErrorCause.OFFSET_MISMATCH,
        () -> KeyBlobs.put(store, hash, other.length, 4400, KeyBlobs.crc(other, 4400, 5400), ByteBuffer.wrap(other, 4400, 1000)));
    assertEquals("0", differs.details().get("received_bytes"));
  }

  @Test
  void aChunkWithAnotherChecksumIsNotWritten() {
    fails(
        ErrorCause.CHECKSUM_MISMATCH,
        () -> KeyBlobs.put(store, hash, blob.length, 0, KeyBlobs.crc(blob, 0, 10) ^ 1, ByteBuffer.wrap(blob, 0, 10)));
    assertEquals(0, put(0, 0).receivedBytes());
  }

  @Test
  void aBlobWhoseBytesAreNotThoseOfItsNameStartsAgainAtZero() {
    put(0, 9_000);
    byte[] other = blob.clone();
    other[9_500] ^= 1;
    ServiceException e =
        fails(
            ErrorCause.CHECKSUM_MISMATCH,
            () -> KeyBlobs.put(store, hash, blob.length, 9_000, KeyBlobs.crc(other, 9_000, 10_000), ByteBuffer.wrap(other, 9_000, 1_000)));
    assertEquals("0", e.details().get("received_bytes"));
    assertEquals(0, put(0, 0).receivedBytes());
    assertFalse(store.has(hash));
  }

  @Test
  void anythingButAnEvaluationKeyIsRefused() throws IOException {
    for (BlobKind kind : List.of(BlobKind.SECRET_KEY, BlobKind.PUBLIC_KEY, BlobKind.CIPHERTEXT)) {
      byte[] wrong = KeyBlobs.blob(kind, KeyBlobs.PARAMETERS, 5, 3, 200, 2);
      assertThrows(MalformedException.class, () -> KeyBlobs.upload(store, wrong, 100));
      assertFalse(store.has(KeyBlobs.hash(wrong)));
    }
    try (Stream<Path> files = Files.list(folder.resolve("uploads"))) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void aTruncatedOrFlippedFileCountsAsMissingAndIsTakenAgain() throws IOException {
    KeyBlobs.upload(store, blob, 4096);
    Path file = folder.resolve("blobs").resolve(hash.hex().substring(0, 2)).resolve(hash.hex());
    for (byte[] damaged : List.of(java.util.Arrays.copyOf(blob, 6_000), flipped(), new byte[0])) {
      Files.write(file, damaged);
      open();
      assertFalse(store.has(hash));
      KeyBlobs.upload(store, blob, 4096);
      assertTrue(store.has(hash));
    }
    Files.write(file, flipped());
    KeyManifest.Entry entry = KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob).entries().get(0);
    fails(ErrorCause.KEY_NOT_FOUND, () -> KeyBlobs.read(store, List.of(entry)));
    assertFalse(store.has(hash), "damage found by a running store counts too");
  }

  private byte[] flipped() {
    byte[] copy = blob.clone();
    copy[5_000] ^= 0x10;
    return copy;
  }

  @Test
  void bytesTornByACrashAreFoundWhenTheUploadIsFinished() throws IOException {
    put(0, 8_192);
    Path part = folder.resolve("uploads").resolve(hash.hex() + ".part");
    try (var channel = java.nio.channels.FileChannel.open(part, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(4096), 4096);
    }
    open();
    assertEquals(8_192, put(0, 0).receivedBytes());
    fails(ErrorCause.CHECKSUM_MISMATCH, () -> put(8_192, 10_000));
    assertEquals(0, put(0, 0).receivedBytes());
    KeyBlobs.upload(store, blob, 4096);
    assertTrue(store.has(hash));
  }

  @Test
  void theQuotaHoldsForUploadsAndCountsSmallFilesAsAPage() throws IOException {
    open(StoreLimits.defaults().withMinFreeBytes(0).withQuotaBytes(20_000), Disk.LOCAL);
    KeyBlobs.upload(store, blob, 4096);
    byte[] second = KeyBlobs.blob(25, 3, 11_000, 2);
    ServiceException e = fails(ErrorCause.QUOTA_EXCEEDED, () -> KeyBlobs.upload(store, second, 4096));
    assertTrue(e.getMessage().contains("11000") && e.getMessage().contains("20000"), e.getMessage());
    KeyBlobs.upload(store, KeyBlobs.blob(25, 3, 100, 3), 100);
    assertEquals(10_000 + StoreLimits.FILE_BYTES, store.chargedBytes());
  }

  @Test
  void uploadsThatNobodyFinishedMakeRoomWhenTheQuotaIsFullAndTheirLifetimeIsOver() throws IOException {
    StoreLimits limits = StoreLimits.defaults().withMinFreeBytes(0).withQuotaBytes(15_000);
    open(limits, Disk.LOCAL);
    byte[] abandoned = KeyBlobs.blob(7, 3, 10_000, 2);
    KeyBlobs.put(store, KeyBlobs.hash(abandoned), abandoned.length, 0, KeyBlobs.crc(abandoned, 0, 9_000), ByteBuffer.wrap(abandoned, 0, 9_000));
    fails(ErrorCause.QUOTA_EXCEEDED, () -> put(0, 4096));
    Path part = folder.resolve("uploads").resolve(KeyBlobs.hash(abandoned).hex() + ".part");
    Files.setLastModifiedTime(part, FileTime.from(Instant.now().minus(limits.uploadLifetime()).minusSeconds(1)));
    assertEquals(new UploadStore.Progress(4096, false), put(0, 4096));
    assertFalse(Files.exists(part));
  }

  @Test
  void keySetsWithoutUseMakeRoomAndThoseInUseStay() throws IOException {
    StoreLimits limits = StoreLimits.defaults().withMinFreeBytes(0).withCounts(3, 2);
    open(limits, Disk.LOCAL);
    ContentHash used = registered(KeyBlobs.blob(5, 3, 10_000, 11));
    ContentHash unused = registered(KeyBlobs.blob(5, 3, 10_000, 12));
    Path torn = Files.write(folder.resolve("keysets").resolve(used.hex() + ".tmp7"), new byte[10]);
    byte[] loose = KeyBlobs.blob(5, 3, 10_000, 13);
    KeyBlobs.upload(store, loose, 4096);
    fails(ErrorCause.QUOTA_EXCEEDED, () -> put(0, 4096));
    open(limits, Disk.LOCAL);
    assertFalse(Files.exists(torn));
    clock.jump(limits.keySetLifetime().plusSeconds(1));
    store.require(used);
    KeyBlobs.upload(store, blob, 4096);
    assertTrue(store.has(hash));
    assertEquals(1, store.require(used).entries().size());
    assertTrue(store.has(new ContentHash(store.require(used).entries().get(0).sha256())));
    fails(ErrorCause.KEY_NOT_FOUND, () -> store.require(unused));
    assertFalse(store.has(KeyBlobs.hash(loose)));
    assertEquals(2, store.blobCount());
  }

  private ContentHash registered(byte[] key) {
    KeyBlobs.upload(store, key, 4096);
    return register(KeyBlobs.manifest(KeyBlobs.PARAMETERS, key));
  }

  @Test
  void aSetBeyondTheMostIsRefusedBeforeItsKeysAreLookedInto() throws IOException {
    open(StoreLimits.defaults().withMinFreeBytes(0).withCounts(100, 1), Disk.LOCAL);
    registered(blob);
    byte[] second = KeyBlobs.blob(5, 3, 10_000, 2);
    KeyBlobs.upload(store, second, 4096);
    ByteBuffer manifest = ByteBuffer.wrap(KeyBlobs.manifest(KeyBlobs.PARAMETERS, second).toBytes());
    List<KeyManifest> proved = new ArrayList<>();
    fails(ErrorCause.QUOTA_EXCEEDED, () -> store.register(manifest, "alice", store.index().blobs().keySet(), (any, set) -> proved.add(set)));
    assertEquals(List.of(), proved);
  }

  @Test
  void aSetWhoseProofFailsIsNotRegistered() {
    KeyBlobs.upload(store, blob, 4096);
    KeyManifest manifest = KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob);
    assertThrows(
        MalformedException.class,
        () -> store.register(ByteBuffer.wrap(manifest.toBytes()), "alice", store.index().blobs().keySet(), (any, set) -> {
          throw new MalformedException("a residue");
        }));
    fails(ErrorCause.KEY_NOT_FOUND, () -> store.require(ContentHash.of(Blob.sha256(manifest.toBytes()))));
  }

  @Test
  void aFullDiskIsATypedErrorAndTheUploadGoesOnWhenThereIsRoom() throws IOException {
    Disk full =
        new Disk() {
          @Override
          public void write(Path file, long offset, ByteBuffer data) throws IOException {
            Disk.LOCAL.write(file, offset, data.slice().limit(100));
            throw new IOException("No space left on device");
          }
        };
    put(0, 4096);
    open(StoreLimits.defaults().withMinFreeBytes(0), full);
    fails(ErrorCause.STORAGE_FULL, () -> put(4096, 8192));
    open(StoreLimits.defaults().withMinFreeBytes(Long.MAX_VALUE), Disk.LOCAL);
    fails(ErrorCause.STORAGE_FULL, () -> put(4196, 8192));
    open();
    assertEquals(4196, put(0, 0).receivedBytes());
    put(4196, 10_000);
    assertTrue(store.has(hash));
  }

  @Test
  void aFullDiskIsKnownInEveryLanguageOfTheSystem() throws IOException {
    for (long free : new long[] {0, 1 << 20}) {
      Disk disk =
          new Disk() {
            private boolean written;

            @Override
            public void write(Path file, long offset, ByteBuffer data) throws IOException {
              written = true;
              throw new IOException("Auf dem Ger\u00e4t ist kein Speicherplatz mehr verf\u00fcgbar");
            }

            @Override
            public long usableBytes(Path folder) {
              return written ? free : 1 << 20;
            }
          };
      open(StoreLimits.defaults().withMinFreeBytes(0), disk);
      fails(free == 0 ? ErrorCause.STORAGE_FULL : ErrorCause.STORAGE_FAILED, () -> put(0, 4096));
    }
  }

  @Test
  void aFailingDiskAtTheLastStepLeavesTheUploadToBeFinishedLater() throws IOException {
    Disk failing =
        new Disk() {
          @Override
          public void publish(Path temporary, Path target) throws IOException {
            throw new IOException("Input/output error");
          }
        };
    open(StoreLimits.defaults().withMinFreeBytes(0), failing);
    fails(ErrorCause.STORAGE_FAILED, () -> put(0, 10_000));
    assertFalse(store.has(hash));
    open();
    assertEquals(new UploadStore.Progress(10_000, true), put(0, 0));
  }

  @Test
  void sizesAndOffsetsOutOfRangeAreRefusedBeforeAnythingIsWritten() {
    ByteBuffer none = ByteBuffer.allocate(0);
    fails(ErrorCause.INVALID_ARGUMENT, () -> KeyBlobs.put(store, hash, 10_000, -1, 0, none));
    fails(ErrorCause.TOO_LARGE, () -> KeyBlobs.put(store, hash, -5, 0, 0, none)); // 2^64 - 5 on the wire
    fails(ErrorCause.INVALID_ARGUMENT, () -> KeyBlobs.put(store, hash, 10_000, 10_001, 0, none));
    ServiceException tiny = fails(ErrorCause.INVALID_ARGUMENT, () -> KeyBlobs.put(store, hash, 51, 0, 0, none));
    assertTrue(tiny.getMessage().contains("a blob of 51 bytes is no key"), tiny.getMessage());
    fails(ErrorCause.TOO_LARGE, () -> KeyBlobs.put(store, hash, Long.MAX_VALUE, 0, 0, none));
    fails(ErrorCause.TOO_LARGE, () -> KeyBlobs.put(store, hash, 10 << 20, 0, 0, ByteBuffer.allocate((1 << 20) + 1)));
    fails(ErrorCause.INVALID_ARGUMENT, () -> new ContentHash("../../etc/passwd"));
    fails(ErrorCause.INVALID_ARGUMENT, () -> ContentHash.of(new byte[31]));
  }

  @Test
  void aManifestIsRegisteredOnlyWhenItsBlobsAreStoredAndAreTheKeysThatItNames() {
    KeyManifest manifest = KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob);
    ServiceException missing =
        fails(ErrorCause.KEY_NOT_FOUND, () -> register(manifest));
    assertEquals(hash.hex(), missing.details().get("sha256"));
    KeyBlobs.upload(store, blob, 4096);
    assertEquals(Blob.sha256Hex(manifest.toBytes()), register(manifest).hex());
    assertEquals(
        register(manifest), register(manifest));

    KeyManifest.Entry entry = manifest.entries().get(0);
    KeyManifest level = new KeyManifest(
        KeyBlobs.PARAMETERS,
        List.of(new KeyManifest.Entry(new dev.tacet.he.KeyRequirement(5, 4), entry.sha256(), entry.bytes())));
    assertThrows(MalformedException.class, () -> register(level));
    KeyManifest length = new KeyManifest(
        KeyBlobs.PARAMETERS, List.of(new KeyManifest.Entry(entry.key(), entry.sha256(), entry.bytes() + 1)));
    assertThrows(MalformedException.class, () -> register(length));
    byte[] otherParameters = new byte[32];
    otherParameters[0] = 1;
    KeyManifest foreign = KeyBlobs.manifest(otherParameters, blob);
    fails(ErrorCause.WRONG_PARAMETERS, () -> register(foreign));
  }

  @Test
  void anOwnerDeletesItsKeySetAndTheKeysThatNobodyElseNames() {
    byte[] common = KeyBlobs.blob(5, 3, 10_000, 21);
    byte[] own = KeyBlobs.blob(25, 3, 10_000, 22);
    for (byte[] key : List.of(common, own)) {
      KeyBlobs.upload(store, key, 4096);
    }
    ContentHash mine = register(KeyBlobs.manifest(KeyBlobs.PARAMETERS, common, own));
    KeyManifest other = KeyBlobs.manifest(KeyBlobs.PARAMETERS, common);
    ContentHash others = store.register(ByteBuffer.wrap(other.toBytes()), "bob", store.index().blobs().keySet(), (any, set) -> {});
    store.require(mine);
    assertEquals(Optional.empty(), store.delete(others, "alice"), "it is bob's");
    assertEquals(Optional.of(List.of(KeyBlobs.hash(own))), store.delete(mine, "alice"));
    fails(ErrorCause.KEY_NOT_FOUND, () -> store.require(mine));
    assertFalse(Files.exists(folder.resolve("keysets").resolve(mine.hex())));
    assertFalse(store.has(KeyBlobs.hash(own)));
    assertTrue(store.has(KeyBlobs.hash(common)));
    assertEquals(other, store.require(others));
    assertEquals(10_000, store.chargedBytes());
  }

  @Test
  void aKeySetOfTwoOwnersGoesWithTheSecond() {
    KeyBlobs.upload(store, blob, 4096);
    KeyManifest manifest = KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob);
    ContentHash id = register(manifest);
    store.register(ByteBuffer.wrap(manifest.toBytes()), "bob", store.index().blobs().keySet(), (any, set) -> {});
    assertEquals(List.of("alice", "bob"), database.index.owners(id));
    assertEquals(Optional.of(List.of()), store.delete(id, "alice"));
    assertEquals(manifest, store.require(id));
    assertEquals(List.of(), database.index.keySetsOf("alice"));
    assertEquals(Optional.of(List.of(hash)), store.delete(id, "bob"));
    assertEquals(0, store.blobCount());
  }

  @Test
  void aDamagedManifestCountsAsNotRegistered() throws IOException {
    KeyBlobs.upload(store, blob, 4096);
    ContentHash id = register(KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob));
    Path file = folder.resolve("keysets").resolve(id.hex());
    byte[] bytes = Files.readAllBytes(file);
    bytes[60] ^= 1;
    Files.write(file, bytes);
    fails(ErrorCause.KEY_NOT_FOUND, () -> store.require(id));
    register(KeyBlobs.manifest(KeyBlobs.PARAMETERS, blob));
    assertEquals(1, store.require(id).entries().size());
  }
}
