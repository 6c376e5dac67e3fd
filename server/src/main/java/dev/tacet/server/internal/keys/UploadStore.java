// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.MalformedException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads in progress of one tenant: {@code uploads/<sha256>.part}. The file's length is the number of bytes received, so an
 * upload survives the process; it continues where it stopped. Bytes that a crash tore are found when the finished file is
 * hashed: the upload then starts again from 0.
 *
 * <p>Thread safe. Chunks of one tenant are written one after the other: they are at most 1 MiB and go to the page cache.
 */
public final class UploadStore {
  private static final Logger LOG = LoggerFactory.getLogger(UploadStore.class);
  private static final String SUFFIX = ".part";
  private static final String LOCK = "lock";

  private final Path folder;
  private final BlobStore blobs;
  private final StoreLimits limits;
  private final Disk disk;
  private final Clock clock;
  private final boolean shared;
  private final Map<ContentHash, Long> received = new HashMap<>();
  private long receivedBytes;

  /**
   * What the store holds of one blob.
   *
   * @param receivedBytes contiguous from 0
   * @param complete the blob is whole, verified and durable
   */
  public record Progress(long receivedBytes, boolean complete) {}

  /** Is told what a chunk shows of its sender while nobody else changes the upload. */
  public interface Sender {
    /** The first bytes are about to be kept: what anybody had shown was of an upload that is gone. */
    void begins();

    /**
     * Bytes are what is held: of a stored key, or of the upload as far as it is.
     *
     * @param upTo where they end
     * @param complete whether that is the end of a stored key
     */
    void shown(long upTo, boolean complete);
  }

  /**
   * Opens the store; unfinished uploads are found again, those older than their lifetime are deleted.
   *
   * @param shared whether other processes write to the same folder: an upload may go on at any of them then
   */
  public UploadStore(Path folder, BlobStore blobs, StoreLimits limits, Disk disk, Clock clock, boolean shared) throws IOException {
    this.folder = folder;
    this.blobs = blobs;
    this.limits = limits;
    this.disk = disk;
    this.clock = clock;
    this.shared = shared;
    Files.createDirectories(folder);
    Instant oldest = clock.instant().minus(limits.uploadLifetime());
    for (Path part : files()) {
      if (hashOf(part).isEmpty() || Files.getLastModifiedTime(part).toInstant().isBefore(oldest)) {
        Files.deleteIfExists(part);
      } else {
        setReceived(hashOf(part).get(), Files.size(part));
      }
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> Files.isRegularFile(file) && !file.getFileName().toString().equals(LOCK)).toList();
    }
  }

  private static Optional<ContentHash> hashOf(Path part) {
    String name = part.getFileName().toString();
    String hash = name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : "";
    return ContentHash.isForm(hash) ? Optional.of(new ContentHash(hash)) : Optional.empty();
  }

  /** Reads from the folder what other processes received meanwhile. */
  private void refresh() throws IOException {
    received.clear();
    receivedBytes = 0;
    for (Path part : files()) {
      try {
        if (hashOf(part).isPresent()) {
          setReceived(hashOf(part).get(), Files.size(part));
        }
      } catch (NoSuchFileException e) {
        LOG.debug("upload {} ended meanwhile", part.getFileName());
      }
    }
  }

  /** Returns the bytes of unfinished uploads charged against the quota. */
  public synchronized long chargedBytes() {
    return Math.max(receivedBytes, received.size() * StoreLimits.FILE_BYTES);
  }

  /**
   * Appends a chunk. What is held of it already is compared and not written again: an acknowledged chunk is of the key, or of the upload as
   * far as it is, whoever sent that before. An empty chunk at offset 0 asks how far it is.
   *
   * @param total length of the whole blob in bytes
   * @param offset position of the chunk's first byte
   * @param crc32c checksum of the chunk
   * @param sender is told what it has shown
   * @throws ServiceException OFFSET_MISMATCH (detail received_bytes), CHECKSUM_MISMATCH, TOO_LARGE, QUOTA_EXCEEDED,
   *     STORAGE_FULL, STORAGE_FAILED, MALFORMED if the finished blob is no evaluation key
   */
  public Progress put(ContentHash hash, long total, long offset, int crc32c, ByteBuffer data, Sender sender) {
    check(total, offset, crc32c, data);
    Optional<Long> stored = blobs.length(hash);
    if (stored.isPresent()) {
      return ofStored(hash, stored.get(), total, offset, data, sender);
    }
    return shared ? putAlone(hash, total, offset, data, sender) : putLocked(hash, total, offset, data, sender);
  }

  /** Checks a chunk's place and checksum. */
  void check(long total, long offset, int crc32c, ByteBuffer data) {
    checkRange(total, offset, data.remaining());
    if (crcOf(data) != crc32c) {
      throw new ServiceException(
          ErrorCause.CHECKSUM_MISMATCH,
          String.format("chunk at %d of %d bytes has CRC-32C %08x, declared %08x", offset, data.remaining(), crcOf(data), crc32c));
    }
  }

  private static int crcOf(ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(data.duplicate());
    return (int) crc.getValue();
  }

  private synchronized Progress putAlone(ContentHash hash, long total, long offset, ByteBuffer data, Sender sender) {
    return alone(() -> putLocked(hash, total, offset, data, sender));
  }

  /** A chunk of a key that is stored must be of that key. */
  private Progress ofStored(ContentHash hash, long length, long total, long offset, ByteBuffer data, Sender sender) {
    if (total != length || !Arrays.equals(blobs.read(hash, offset, data.remaining()), bytes(data, 0, data.remaining()))) {
      throw new ServiceException(ErrorCause.CHECKSUM_MISMATCH,
          "chunk at " + offset + " of " + data.remaining() + " bytes is not of the key that names the upload");
    }
    sender.shown(offset + data.remaining(), offset + data.remaining() == length);
    return new Progress(length, true);
  }

  private static byte[] bytes(ByteBuffer data, int from, int count) {
    byte[] bytes = new byte[count];
    data.duplicate().position(data.position() + from).get(bytes);
    return bytes;
  }

  /** Keeps other processes out of the tenant's uploads for the time of some work. */
  private <T> T alone(Supplier<T> work) {
    try (FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      refresh();
      return work.get();
    } catch (IOException e) {
      throw StorageErrors.translate("locking the tenant's uploads", e);
    }
  }

  private synchronized Progress putLocked(ContentHash hash, long total, long offset, ByteBuffer data, Sender sender) {
    Optional<Long> stored = blobs.length(hash); // it may have been finished between the look without the lock and this one
    if (stored.isPresent()) {
      return ofStored(hash, stored.get(), total, offset, data, sender);
    }
    int length = data.remaining();
    long have = received.getOrDefault(hash, 0L);
    if (offset > have) {
      throw startsElsewhere(offset, length, have);
    }
    int known = (int) Math.min(length, have - offset);
    if (!Arrays.equals(read(hash, offset, known), bytes(data, 0, known))) {
      forgetQuietly(hash); // which of the two is wrong would be found at the end: it begins anew
      throw startsElsewhere(offset, length, 0);
    }
    if (known < length && have < total) {
      if (have == 0) {
        sender.begins();
      }
      append(hash, total, have, ByteBuffer.wrap(bytes(data, known, length - known)), have);
      have = offset + length;
    }
    if (have < total) {
      sender.shown(offset + length, false);
      return new Progress(have, false);
    }
    finish(hash, total, have);
    sender.shown(offset + length, offset + length == total);
    return new Progress(total, true);
  }

  private static ServiceException startsElsewhere(long offset, int length, long have) {
    return new ServiceException(
        ErrorCause.OFFSET_MISMATCH,
        "chunk of " + length + " bytes starts at " + offset + ", the upload continues at " + have,
        Map.of("received_bytes", Long.toString(have)));
  }

  private void checkRange(long total, long offset, int length) {
    if (length > limits.maxChunkBytes()) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE, "chunk has " + length + " bytes, at most " + limits.maxChunkBytes() + " are accepted");
    }
    if (Long.compareUnsigned(total, limits.maxBlobBytes()) > 0) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE, "blob has " + Long.toUnsignedString(total) + " bytes, at most " + limits.maxBlobBytes() + " are accepted");
    }
    if (total < Blob.OVERHEAD_BYTES) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "a blob of " + total + " bytes is no key: its frame alone has " + Blob.OVERHEAD_BYTES);
    }
    if (offset < 0 || offset > total - length) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "chunk [" + Long.toUnsignedString(offset) + ", +" + length + ") does not lie in a blob of " + total + " bytes");
    }
  }

  private void append(ContentHash hash, long total, long offset, ByteBuffer data, long have) {
    long charged = blobs.chargedBytes() + chargedBytes();
    if (charged + (total - have) > limits.quotaBytes()) {
      dropIdle(hash);
      charged = blobs.chargedBytes() + chargedBytes();
    }
    if (charged + (total - have) > limits.quotaBytes()) {
      throw new ServiceException(
          ErrorCause.QUOTA_EXCEEDED,
          "the upload needs " + (total - have) + " bytes more, " + charged + " of " + limits.quotaBytes() + " are used");
    }
    if (!received.containsKey(hash) && blobs.count() + received.size() >= limits.maxBlobs()) {
      throw new ServiceException(
          ErrorCause.QUOTA_EXCEEDED, blobs.count() + " keys are stored, at most " + limits.maxBlobs() + " may be");
    }
    if (!received.containsKey(hash) && received.size() >= limits.maxUploads()) {
      dropIdle(hash);
      if (received.size() >= limits.maxUploads()) {
        throw new ServiceException(
            ErrorCause.QUOTA_EXCEEDED, received.size() + " uploads are in progress, at most " + limits.maxUploads() + " may be");
      }
    }
    try {
      if (disk.usableBytes(folder) - data.remaining() < limits.minFreeBytes()) {
        throw StorageErrors.full("storing a chunk of " + data.remaining() + " bytes", null);
      }
      int length = data.remaining();
      disk.write(path(hash), offset, data.duplicate());
      setReceived(hash, offset + length);
    } catch (IOException e) {
      LOG.warn("upload {} at {}: {}", hash, offset, e.toString());
      throw StorageErrors.translate("storing a chunk of " + data.remaining() + " bytes", e, disk.spaceAfterFailure(folder));
    }
  }

  private void finish(ContentHash hash, long total, long have) {
    Path part = path(hash);
    try {
      if (have != total || Files.size(part) != total) {
        forget(hash);
        throw mismatch(hash, "upload holds " + have + " bytes, the blob has " + total);
      }
      if (!BlobStore.hashOf(part).equals(Optional.of(hash))) {
        forget(hash);
        throw mismatch(hash, "the " + total + " bytes received do not have the SHA-256 that names the upload");
      }
      checkKind(part, total);
      blobs.adopt(part, hash);
      setReceived(hash, -1);
    } catch (MalformedException e) {
      forgetQuietly(hash);
      throw e;
    } catch (IOException e) {
      LOG.warn("finishing upload {}: {}", hash, e.toString());
      throw StorageErrors.translate("finishing the upload", e, disk.spaceAfterFailure(folder));
    } finally {
      if (!Files.exists(part)) {
        setReceived(hash, -1); // also where the file got its name and the index could not be told
      }
    }
  }

  /** Refuses anything but a whole evaluation key: magic, version, kind, length and checksum. */
  private static void checkKind(Path part, long total) throws IOException {
    byte[] bytes = Files.readAllBytes(part);
    Blob.read(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), BlobKind.EVALUATION_KEY);
    if (bytes.length != total) {
      throw new MalformedException("upload changed while it was read: " + bytes.length + " of " + total + " bytes");
    }
  }

  private static ServiceException mismatch(ContentHash hash, String text) {
    return new ServiceException(
        ErrorCause.CHECKSUM_MISMATCH, text + "; it starts again at 0", Map.of("received_bytes", "0", "sha256", hash.hex()));
  }

  /**
   * Deletes the uploads whose lifetime is over.
   *
   * @return how many
   */
  synchronized int deleteIdle() {
    return shared ? alone(() -> dropIdle(null)) : dropIdle(null);
  }

  /** Deletes those of some uploads that have not ended, and returns them. */
  synchronized List<ContentHash> delete(Collection<ContentHash> hashes) {
    return shared ? alone(() -> deleteNow(hashes)) : deleteNow(hashes);
  }

  private List<ContentHash> deleteNow(Collection<ContentHash> hashes) {
    List<ContentHash> deleted = hashes.stream().filter(received::containsKey).toList();
    for (ContentHash hash : deleted) {
      try {
        forget(hash);
      } catch (IOException e) {
        throw StorageErrors.translate("deleting an upload", e);
      }
    }
    return deleted;
  }

  /** Returns the bytes received of an upload that has not ended. */
  Optional<Long> received(ContentHash hash) {
    try {
      return Optional.of(Files.size(path(hash)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw StorageErrors.translate("looking at an upload", e);
    }
  }

  /** Reads bytes of an upload that has not ended; fewer if it ends before. */
  byte[] read(ContentHash hash, long offset, int count) {
    try (FileChannel channel = FileChannel.open(path(hash), StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(count, channel.size() - offset)));
      while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
        continue;
      }
      return bytes.array();
    } catch (NoSuchFileException e) {
      return new byte[0];
    } catch (IOException e) {
      throw StorageErrors.translate("looking at an upload", e);
    }
  }

  /** Deletes the uploads whose lifetime is over, all but the one that goes on now; returns how many. */
  private int dropIdle(ContentHash current) {
    int before = received.size();
    Instant oldest = clock.instant().minus(limits.uploadLifetime());
    List<ContentHash> hashes = new ArrayList<>(received.keySet());
    hashes.remove(current);
    hashes.sort(Comparator.comparing(ContentHash::hex));
    for (ContentHash hash : hashes) {
      try {
        FileTime modified = Files.getLastModifiedTime(path(hash));
        if (modified.toInstant().isBefore(oldest)) {
          forget(hash);
        }
      } catch (IOException e) {
        forgetQuietly(hash);
      }
    }
    return before - received.size();
  }

  private void forget(ContentHash hash) throws IOException {
    Files.deleteIfExists(path(hash));
    setReceived(hash, -1);
  }

  private void forgetQuietly(ContentHash hash) {
    try {
      forget(hash);
    } catch (IOException e) {
      LOG.warn("upload {} could not be deleted: {}", hash, e.toString());
      setReceived(hash, -1);
    }
  }

  /** Records the bytes received; -1 removes the upload. */
  private void setReceived(ContentHash hash, long bytes) {
    Long before = bytes < 0 ? received.remove(hash) : received.put(hash, bytes);
    receivedBytes += Math.max(bytes, 0) - (before == null ? 0 : before);
  }

  private Path path(ContentHash hash) {
    return folder.resolve(hash.hex() + SUFFIX);
  }
}
