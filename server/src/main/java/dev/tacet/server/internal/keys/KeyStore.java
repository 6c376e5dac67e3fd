// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.Blob;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.MalformedException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that one tenant stored: blobs, unfinished uploads, and key sets ({@code keysets/<sha256 of the manifest>}), with the
 * index that knows them. Thread safe; all of it is disk and database work and belongs on a blocking thread.
 */
public final class KeyStore {
  /** Largest manifest that is accepted. */
  public static final int MAX_MANIFEST_BYTES = 256 << 10;

  private static final int RECENT_MANIFESTS = 64;
  private static final Logger LOG = LoggerFactory.getLogger(KeyStore.class);

  /** Body bytes before the limbs of an evaluation key: Galois element, level, digits, digit size, special primes. */
  private static final int KEY_FIELDS_BYTES = 8;

  private static final Duration LOOK_INTERVAL = Duration.ofMinutes(1);
  private static final int ATTEMPTS = 8;
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration TOUCH_INTERVAL = Duration.ofHours(1);

  private final KeySetFiles keySets;
  private final AtomicReference<ByteBuffer> readBuffer = new AtomicReference<>();
  private final BlobStore blobs;
  private final UploadStore uploads;
  private final StoreLimits limits;
  private final Disk disk;
  private final KeyIndex index;
  private final Clock clock;
  private volatile Consumer<ContentHash> deleted = id -> {};
  private Instant lastLook = Instant.EPOCH;

  /** The manifests used last, so that a call does not read one again; verified when they were read. */
  private final Map<ContentHash, KeyManifest> recent =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ContentHash, KeyManifest> eldest) {
          return size() > RECENT_MANIFESTS;
        }
      };

  /** Opens the store of a tenant; what was registered before is there again, also from a folder that had no index. */
  public KeyStore(Path folder, StoreLimits limits, Disk disk, KeyIndex index, Clock clock) throws IOException {
    this.limits = limits;
    this.disk = disk;
    this.index = index;
    this.clock = clock;
    this.keySets = new KeySetFiles(folder.resolve("keysets"), disk);
    boolean known = index.usage().blobs() > 0 || !index.keySets().isEmpty();
    this.blobs = new BlobStore(folder.resolve("blobs"), disk, index, clock);
    this.uploads = new UploadStore(folder.resolve("uploads"), blobs, limits, disk, clock, index.shared());
    index.markedKeySets().forEach(this::deleteMarked);
    reconcile(known);
    index.limitOwnerless(clock.instant().plus(limits.uploadLifetime()));
    limits.timeToLive().ifPresent(time -> index.limitExpiry(clock.instant().plus(time)));
  }

  /** Sets who is told of each key set that is deleted, whoever asked for it; nobody unless set. */
  public void onDeleted(Consumer<ContentHash> listener) {
    deleted = listener;
  }

  /**
   * Makes index and folder agree, and deletes what a killed process did not finish writing. A manifest that an index does not know was
   * never acknowledged; an index that knows nothing was lost.
   */
  private void reconcile(boolean known) throws IOException {
    Instant unfinished = index.shared() ? clock.instant().minus(TOUCH_INTERVAL) : Instant.MAX;
    Set<ContentHash> lost = new HashSet<>();
    index.keySets().forEach(set -> lost.add(set.id()));
    for (KeySetFiles.Named file : keySets.list()) {
      if (lost.remove(file.id())) {
        continue;
      }
      if (!known) {
        takeUp(file.id(), file.at());
      } else if (file.at().isBefore(unfinished) && index.keySet(file.id()).isEmpty()) {
        keySets.delete(file.id());
      }
    }
    keySets.deleteUnfinished(unfinished);
    for (ContentHash id : lost) {
      if (!keySets.exists(id)) {
        LOG.warn("key set {} is in the index and not on disk: it counts as not registered", id);
        index.removeKeySet(id);
      }
    }
  }

  /** Gives a row to a manifest that has none; one whose keys are not all there is deleted, since its client registers it again. */
  private void takeUp(ContentHash id, Instant at) throws IOException {
    Optional<KeyManifest> manifest = keySets.read(id);
    try {
      if (manifest.isPresent()) {
        index.addKeySet(row(id, manifest.get(), at), hashes(manifest.get()));
        return;
      }
    } catch (ServiceException e) {
      if (e.errorCause() != ErrorCause.KEY_NOT_FOUND) {
        throw e;
      }
      LOG.warn("key set {}: {}", id, e.getMessage());
    }
    keySets.delete(id);
  }

  private KeyIndex.KeySet row(ContentHash id, KeyManifest manifest, Instant at) {
    long bytes = 0;
    for (KeyManifest.Entry entry : manifest.entries()) {
      bytes += entry.bytes();
    }
    String parameters = HexFormat.of().formatHex(manifest.parameterHash());
    return new KeyIndex.KeySet(id, parameters, bytes, manifest.entries().size(), at, at, expiry(at));
  }

  private Optional<Instant> expiry(Instant registeredAt) {
    return limits.timeToLive().map(registeredAt::plus);
  }

  private static List<ContentHash> hashes(KeyManifest manifest) {
    return manifest.entries().stream().map(entry -> new ContentHash(entry.sha256())).toList();
  }

  /** Returns what the tenant may store, and how long. */
  public StoreLimits limits() {
    return limits;
  }

  /** Returns the index of what is stored. */
  public KeyIndex index() {
    return index;
  }

  /** Tells whether a blob is stored, whole and undamaged. */
  public boolean has(ContentHash hash) {
    return length(hash).isPresent();
  }

  /** Returns the length of a blob that is stored, whole and undamaged. */
  public Optional<Long> length(ContentHash hash) {
    return blobs.length(hash);
  }

  /** Checks a chunk as {@link #put} does, without taking it. */
  public void check(long total, long offset, int crc32c, ByteBuffer data) {
    uploads.check(total, offset, crc32c, data);
  }

  /** Takes a chunk: see {@link UploadStore#put}. */
  public UploadStore.Progress put(ContentHash hash, long total, long offset, int crc32c, ByteBuffer data, UploadStore.Sender sender) {
    try {
      return uploads.put(hash, total, offset, crc32c, data, sender);
    } catch (ServiceException e) {
      if (e.errorCause() == ErrorCause.QUOTA_EXCEEDED && deleteUnused() > 0) {
        return uploads.put(hash, total, offset, crc32c, data, sender);
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
    Instant now = clock.instant();
    if (now.isBefore(lastLook.plus(LOOK_INTERVAL))) {
      return 0;
    }
    lastLook = now;
    List<ContentHash> unused = index.markUnused(now.minus(limits.keySetLifetime()));
    unused.forEach(this::deleteMarked);
    int blobsDeleted = blobs.deleteUnreferenced(now.minus(limits.uploadLifetime()));
    LOG.info("made room: {} key sets without use and {} keys deleted", unused.size(), blobsDeleted);
    return unused.size() + blobsDeleted;
  }

  /** Deletes a key set that the index says is being deleted. Its blobs stay. */
  private synchronized void deleteMarked(ContentHash id) {
    if (index.keySet(id).isPresent()) {
      return; // registered again meanwhile
    }
    synchronized (recent) {
      recent.remove(id);
    }
    try {
      index.removeMarked(id, () -> {
        try {
          keySets.delete(id);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
      deleted.accept(id);
    } catch (UncheckedIOException e) {
      LOG.warn("key set {} could not be deleted, which is tried again at the next start: {}", id, e.toString());
    }
  }

  /**
   * Deletes what may not be kept longer: key sets whose time is over with the keys that no other set names, uploads that stopped, and
   * keys that no set ever named.
   *
   * @return how many key sets, keys and unfinished uploads were deleted
   */
  public int sweep() {
    Instant now = clock.instant();
    int count = 0;
    for (ContentHash id : index.markExpired(now)) {
      List<ContentHash> named = index.blobsOf(id);
      deleteMarked(id);
      count += 1 + blobs.deleteUnreferenced(named).size();
    }
    return count + uploads.deleteIdle() + blobs.deleteUnreferenced(now.minus(limits.uploadLifetime()));
  }

  /**
   * Ends a client's ownership of a key set. When it was the last owner, the key set goes, and with it those of its blobs that no
   * other key set names.
   *
   * @return the blobs that were deleted; nothing if the client did not own it
   */
  public Optional<List<ContentHash>> delete(ContentHash id, String owner) {
    if (!index.owners(id).contains(owner)) {
      return Optional.empty();
    }
    List<ContentHash> named = index.blobsOf(id);
    if (!index.disown(id, owner)) {
      return Optional.of(List.of());
    }
    deleteMarked(id);
    return Optional.of(blobs.deleteUnreferenced(named, owner));
  }

  /**
   * Deletes a key set that nobody owns, with those of its blobs that no other key set names.
   *
   * @return the blobs that were deleted; nothing if somebody owns it, or it is not there
   */
  public Optional<List<ContentHash>> deleteOwnerless(ContentHash id) {
    List<ContentHash> named = index.blobsOf(id);
    if (!index.markOwnerless(id)) {
      return Optional.empty();
    }
    deleteMarked(id);
    return Optional.of(blobs.deleteUnreferenced(named, ""));
  }

  /**
   * Deletes those of some keys that no key set names, and those of some uploads that have not ended.
   *
   * @param keys receives the deleted keys
   * @param unfinished receives the deleted uploads
   */
  public void deleteKeys(Collection<ContentHash> among, Collection<ContentHash> keys, Collection<ContentHash> unfinished) {
    unfinished.addAll(uploads.delete(among));
    keys.addAll(blobs.deleteUnreferenced(among));
  }

  /** Returns the bytes received of a key whose upload has not ended. */
  public Optional<Long> received(ContentHash hash) {
    return uploads.received(hash);
  }

  /** Returns the bytes of a registered manifest, or nothing if there is none. */
  public Optional<byte[]> manifestBytes(ContentHash id) {
    return index.keySet(id).flatMap(row -> keySets.bytes(id));
  }

  /**
   * Reads from a stored key.
   *
   * @return at most {@code most} bytes from an offset; empty beyond the end
   */
  public byte[] read(ContentHash hash, long offset, int most) {
    return blobs.read(hash, offset, most);
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
   * @param owner the client, which owns it then
   * @param own the keys that the client sent, or that its other key sets name; others are not there for it
   * @param proof looks into the keys of a set that is not registered yet
   * @return the key set's id
   * @throws ServiceException KEY_NOT_FOUND (detail sha256 of the first missing blob, and missing, their number), TOO_LARGE,
   *     QUOTA_EXCEEDED, STORAGE_FULL, STORAGE_FAILED
   * @throws MalformedException if the manifest is malformed or a blob is not the key that it names
   */
  public ContentHash register(ByteBuffer manifest, String owner, Set<ContentHash> own, KeyProof proof) {
    if (manifest.remaining() > MAX_MANIFEST_BYTES) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE,
          "manifest has " + manifest.remaining() + " bytes, at most " + MAX_MANIFEST_BYTES + " are accepted");
    }
    byte[] bytes = new byte[manifest.remaining()];
    manifest.duplicate().get(bytes);
    KeyManifest parsed = KeyManifest.fromBytes(ByteBuffer.wrap(bytes));
    requireStored(parsed, own);
    byte[] parameterHash = parsed.parameterHash();
    for (KeyManifest.Entry entry : parsed.entries()) {
      requireSame(entry, parameterHash);
    }
    ContentHash id = ContentHash.of(Blob.sha256(bytes));
    if (index.keySet(id).isEmpty()) {
      requireRoom(id); // before the keys are looked into, which takes time
      proof.prove(this, parsed);
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      store(id, parsed, bytes);
      if (index.own(id, owner, clock.instant())) { // else another owner had it deleted in between
        if (!keySets.exists(id)) {
          keySets.write(id, bytes); // deleted by another server after it was written, before this one said that it is registered
        }
        return id;
      }
    }
    throw new ServiceException(
        ErrorCause.STORAGE_FAILED, "key set " + id + " is deleted by another owner each time that it is registered", Map.of(), RETRY, null);
  }

  private void requireStored(KeyManifest manifest, Set<ContentHash> own) {
    List<ContentHash> missing = new ArrayList<>();
    for (KeyManifest.Entry entry : manifest.entries()) {
      ContentHash hash = new ContentHash(entry.sha256());
      Optional<Long> length = own.contains(hash) ? blobs.length(hash) : Optional.empty();
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

  /** Refuses a new key set where the tenant has as many as it may, also after those without use are deleted. */
  private void requireRoom(ContentHash id) {
    int count = index.usage().keySets();
    if (count >= limits.maxKeySets() && deleteUnused() > 0) {
      count = index.usage().keySets();
    }
    if (count >= limits.maxKeySets() && index.keySet(id).isEmpty()) {
      throw new ServiceException(
          ErrorCause.QUOTA_EXCEEDED, count + " key sets are registered, at most " + limits.maxKeySets() + " may be");
    }
  }

  private synchronized void store(ContentHash id, KeyManifest manifest, byte[] bytes) {
    Instant now = clock.instant();
    if (manifest(id).isPresent() && index.renew(id, now, expiry(now))) {
      return;
    }
    requireRoom(id);
    keySets.write(id, bytes);
    index.addKeySet(row(id, manifest, now), hashes(manifest));
  }

  /** Returns a registered manifest, or nothing if there is none or its file is damaged. */
  public Optional<KeyManifest> manifest(ContentHash id) {
    return index.keySet(id).flatMap(row -> keySets.read(id));
  }

  /**
   * Returns the blobs of a key set's entries, to be closed after the last was read; an entry that is missing or damaged throws
   * ServiceException KEY_NOT_FOUND as it is read.
   */
  public BlobReader read(List<KeyManifest.Entry> entries) {
    return new BlobReader(blobs, entries, readBuffer);
  }

  /**
   * A key set that a client may use.
   *
   * @param grantedBy the owners that allow it; empty if the client is one itself
   */
  public record Use(KeyManifest manifest, List<String> grantedBy) {}

  /**
   * Returns a key set that a client may use: its own, or one that an owner granted to it. Another's is answered like one that was
   * never there.
   *
   * @throws ServiceException KEY_NOT_FOUND, KEY_EXPIRED
   */
  public Use use(ContentHash id, String client) {
    KeyIndex.Use use = index.use(id, client).orElseThrow(() -> notRegistered(id));
    return new Use(require(use.keySet()), use.grantedBy());
  }

  /**
   * Returns a registered manifest, whoever may use it.
   *
   * @throws ServiceException KEY_NOT_FOUND, KEY_EXPIRED
   */
  public KeyManifest require(ContentHash id) {
    return require(index.keySet(id).orElseThrow(() -> notRegistered(id)));
  }

  private KeyManifest require(KeyIndex.KeySet row) {
    ContentHash id = row.id();
    Instant now = clock.instant();
    if (row.isExpired(now)) {
      throw new ServiceException(
          ErrorCause.KEY_EXPIRED, "the time of key set " + id + " was over at " + row.expiresAt().get(), Map.of("key_set_id", id.hex()));
    }
    if (row.usedAt().isBefore(now.minus(TOUCH_INTERVAL))) {
      index.used(id, now);
    }
    synchronized (recent) {
      KeyManifest known = recent.get(id);
      if (known != null) {
        return known;
      }
    }
    KeyManifest manifest = keySets.read(id).orElseThrow(() -> notRegistered(id));
    synchronized (recent) {
      recent.put(id, manifest);
    }
    return manifest;
  }

  /** Returns the answer to a call that names a key set which is not there, or not the caller's. */
  public static ServiceException notRegistered(ContentHash id) {
    return new ServiceException(
        ErrorCause.KEY_NOT_FOUND, "key set " + id + " is not registered", Map.of("key_set_id", id.hex()));
  }
}
