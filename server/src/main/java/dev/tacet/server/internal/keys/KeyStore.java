// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.Blob;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.MalformedException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that one tenant stored: blobs, unfinished uploads, and key sets ({@code keysets/<sha256 of the manifest>}).
 * Thread safe; all of it is disk work and belongs on a blocking thread.
 */
public final class KeyStore {
  /** Largest manifest that is accepted. */
  public static final int MAX_MANIFEST_BYTES = 256 << 10;

  private static final int RECENT_MANIFESTS = 64;
  private static final Logger LOG = LoggerFactory.getLogger(KeyStore.class);

  /** Body bytes before the limbs of an evaluation key: Galois element, level, digits, digit size, special primes. */
  private static final int KEY_FIELDS_BYTES = 8;

  private static final Duration LOOK_INTERVAL = Duration.ofMinutes(1);
  private static final Duration TOUCH_INTERVAL = Duration.ofHours(1);

  private final Path keySets;
  private final BlobStore blobs;
  private final UploadStore uploads;
  private final StoreLimits limits;
  private final Disk disk;
  private Instant lastLook = Instant.EPOCH;

  /** The manifests used last, so that a call does not read one again; verified when they were read. */
  private final Map<ContentHash, KeyManifest> recent =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ContentHash, KeyManifest> eldest) {
          return size() > RECENT_MANIFESTS;
        }
      };

  /** Opens the store of a tenant; what was registered before is there again. */
  public KeyStore(Path folder, StoreLimits limits, Disk disk) throws IOException {
    this.limits = limits;
    this.disk = disk;
    this.keySets = folder.resolve("keysets");
    Files.createDirectories(keySets);
    deleteUnfinished();
    this.blobs = new BlobStore(folder.resolve("blobs"), disk);
    this.uploads = new UploadStore(folder.resolve("uploads"), blobs, limits, disk);
  }

  /** Deletes what a killed process did not finish writing: files that have no name of a key set. */
  private void deleteUnfinished() throws IOException {
    List<Path> unfinished;
    try (Stream<Path> files = Files.list(keySets)) {
      unfinished = files.filter(f -> f.getFileName().toString().contains(".tmp") && Files.isRegularFile(f)).toList();
    }
    for (Path file : unfinished) {
      Files.deleteIfExists(file);
    }
  }

  /** Tells whether a blob is stored, whole and undamaged. */
  public boolean has(ContentHash hash) {
    return blobs.length(hash).isPresent();
  }

  /** Takes a chunk: see {@link UploadStore#put}. */
  public UploadStore.Progress put(ContentHash hash, long total, long offset, int crc32c, ByteBuffer data) {
    try {
      return uploads.put(hash, total, offset, crc32c, data);
    } catch (ServiceException e) {
      if (e.errorCause() == ErrorCause.QUOTA_EXCEEDED && deleteUnused() > 0) {
        return uploads.put(hash, total, offset, crc32c, data);
      }
      throw e;
    }
  }

  /**
   * Makes room: deletes key sets that no call used for their lifetime, and blobs that no key set names. Looks at most once a
   * minute.
   *
   * @return how many files were deleted
   */
  private synchronized int deleteUnused() {
    Instant now = Instant.now();
    if (now.isBefore(lastLook.plus(LOOK_INTERVAL))) {
      return 0;
    }
    lastLook = now;
    int deleted = 0;
    Set<ContentHash> keep = new HashSet<>();
    List<Path> files;
    try (Stream<Path> all = Files.list(keySets)) {
      files = all.filter(file -> ContentHash.isForm(file.getFileName().toString())).toList();
    } catch (IOException e) {
      throw StorageErrors.translate("listing the key sets", e);
    }
    for (Path file : files) {
      ContentHash id = new ContentHash(file.getFileName().toString());
      try {
        if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(limits.keySetLifetime()))) {
          synchronized (recent) {
            recent.remove(id);
          }
          Files.deleteIfExists(file);
          deleted++;
          continue;
        }
      } catch (IOException e) {
        LOG.warn("key set {} could not be deleted: {}", id, e.toString());
      }
      manifest(id).ifPresent(kept -> kept.entries().forEach(entry -> keep.add(new ContentHash(entry.sha256()))));
    }
    int blobsDeleted = blobs.deleteOthers(keep, now.minus(limits.uploadLifetime()));
    LOG.info("made room: {} key sets without use and {} keys deleted", deleted, blobsDeleted);
    return deleted + blobsDeleted;
  }

  /** Remembers that a key set was used; once an hour is enough. */
  private void touch(ContentHash id) {
    Path file = keySets.resolve(id.hex());
    try {
      FileTime now = FileTime.from(Instant.now());
      if (Files.getLastModifiedTime(file).toInstant().isBefore(now.toInstant().minus(TOUCH_INTERVAL))) {
        Files.setLastModifiedTime(file, now);
      }
    } catch (IOException e) {
      LOG.debug("key set {}: {}", id, e.toString());
    }
  }

  /** Returns the bytes charged against the quota. */
  public long chargedBytes() {
    return blobs.chargedBytes() + uploads.chargedBytes();
  }

  /** Returns the number of complete blobs. */
  public int blobCount() {
    return blobs.count();
  }

  /**
   * Registers a key set. Every blob that the manifest names must be stored, have the length that it says, be made for the same
   * parameters, and be the key that it says. Registering again is no error.
   *
   * @param manifest a KEY_MANIFEST blob
   * @return the key set's id
   * @throws ServiceException KEY_NOT_FOUND (detail sha256 of the first missing blob, and missing, their number), TOO_LARGE,
   *     QUOTA_EXCEEDED, STORAGE_FULL, STORAGE_FAILED
   * @throws MalformedException if the manifest is malformed or a blob is not the key that it names
   */
  public ContentHash register(ByteBuffer manifest) {
    if (manifest.remaining() > MAX_MANIFEST_BYTES) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE,
          "manifest has " + manifest.remaining() + " bytes, at most " + MAX_MANIFEST_BYTES + " are accepted");
    }
    byte[] bytes = new byte[manifest.remaining()];
    manifest.duplicate().get(bytes);
    KeyManifest parsed = KeyManifest.fromBytes(ByteBuffer.wrap(bytes));
    requireStored(parsed);
    byte[] parameterHash = parsed.parameterHash();
    for (KeyManifest.Entry entry : parsed.entries()) {
      requireSame(entry, parameterHash);
    }
    ContentHash id = ContentHash.of(Blob.sha256(bytes));
    store(id, bytes);
    return id;
  }

  private void requireStored(KeyManifest manifest) {
    List<ContentHash> missing = new ArrayList<>();
    for (KeyManifest.Entry entry : manifest.entries()) {
      ContentHash hash = new ContentHash(entry.sha256());
      Optional<Long> length = blobs.length(hash);
      if (length.isEmpty()) {
        missing.add(hash);
      } else if (length.get() != entry.bytes()) {
        throw new MalformedException(
            "manifest says that key " + hash + " has " + entry.bytes() + " bytes, it has " + length.get());
      }
    }
    if (!missing.isEmpty()) {
      throw new ServiceException(
          ErrorCause.KEY_NOT_FOUND,
          missing.size() + " of " + manifest.entries().size() + " keys of the manifest are not stored",
          Map.of("missing", Integer.toString(missing.size()), "sha256", missing.get(0).hex()));
    }
  }

  private void requireSame(KeyManifest.Entry entry, byte[] parameterHash) {
    ContentHash hash = new ContentHash(entry.sha256());
    ByteBuffer head = blobs.readHead(hash, Blob.HEADER_BYTES + KEY_FIELDS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (head.remaining() < Blob.HEADER_BYTES + KEY_FIELDS_BYTES) {
      throw new MalformedException("key " + hash + " has no room for its fields");
    }
    byte[] madeFor = new byte[32];
    head.get(8, madeFor);
    if (!Arrays.equals(madeFor, parameterHash)) {
      throw new ServiceException(
          ErrorCause.WRONG_PARAMETERS, "key " + hash + " was made for other parameters than its manifest");
    }
    long galois = Integer.toUnsignedLong(head.getInt(Blob.HEADER_BYTES));
    int level = Byte.toUnsignedInt(head.get(Blob.HEADER_BYTES + 4));
    if (galois != entry.key().galoisElement() || level != entry.key().level()) {
      throw new MalformedException(
          "manifest says that key " + hash + " is " + entry.key() + ", its blob has Galois element " + galois
              + " and level " + level);
    }
  }

  private void store(ContentHash id, byte[] bytes) {
    Path target = keySets.resolve(id.hex());
    if (manifest(id).isPresent()) {
      touch(id);
      return;
    }
    try {
      long count = countKeySets();
      if (count >= limits.maxKeySets() && deleteUnused() > 0) {
        count = countKeySets();
      }
      if (count >= limits.maxKeySets()) {
        throw new ServiceException(
            ErrorCause.QUOTA_EXCEEDED, count + " key sets are registered, at most " + limits.maxKeySets() + " may be");
      }
      Path temporary = keySets.resolve(id.hex() + ".tmp" + Thread.currentThread().getId());
      try {
        disk.write(temporary, 0, ByteBuffer.wrap(bytes));
        disk.publish(temporary, target);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      LOG.warn("registering key set {}: {}", id, e.toString());
      throw StorageErrors.translate("registering the key set", e, disk.spaceAfterFailure(keySets));
    }
  }

  private long countKeySets() throws IOException {
    try (Stream<Path> all = Files.list(keySets)) {
      return all.count();
    }
  }

  /** Returns a registered manifest, or nothing if there is none or its file is damaged. */
  public Optional<KeyManifest> manifest(ContentHash id) {
    Path file = keySets.resolve(id.hex());
    try {
      if (Files.size(file) > MAX_MANIFEST_BYTES) {
        return Optional.empty();
      }
      byte[] bytes = Files.readAllBytes(file);
      if (!ContentHash.of(Blob.sha256(bytes)).equals(id)) {
        LOG.warn("key set {} does not match its hash: it counts as missing", id);
        return Optional.empty();
      }
      return Optional.of(KeyManifest.fromBytes(ByteBuffer.wrap(bytes)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw StorageErrors.translate("reading key set " + id, e);
    }
  }

  /**
   * Reads one blob of a key set, verified, into a new direct buffer.
   *
   * @throws ServiceException KEY_NOT_FOUND if the blob is missing or damaged
   */
  public ByteBuffer read(KeyManifest.Entry entry) {
    return blobs.read(new ContentHash(entry.sha256()));
  }

  /**
   * Returns a registered manifest.
   *
   * @throws ServiceException KEY_NOT_FOUND
   */
  public KeyManifest require(ContentHash id) {
    touch(id);
    synchronized (recent) {
      KeyManifest known = recent.get(id);
      if (known != null) {
        return known;
      }
    }
    KeyManifest manifest =
        manifest(id)
            .orElseThrow(
                () ->
                    new ServiceException(
                        ErrorCause.KEY_NOT_FOUND, "key set " + id + " is not registered", Map.of("key_set_id", id.hex())));
    synchronized (recent) {
      recent.put(id, manifest);
    }
    return manifest;
  }
}
