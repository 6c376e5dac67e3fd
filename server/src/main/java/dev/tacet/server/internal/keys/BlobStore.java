// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The complete blobs of one tenant: {@code blobs/<first two digits>/<sha256>}, each file named by the hash of its bytes.
 *
 * <p>A file gets its name only when it is durable and its hash is right, so that a crash leaves no half blob under a name.
 * What a disk does to a file later is found out too: every file is hashed before its first use in this process and again each
 * time it is read; a file that does not match its name is deleted and counts as missing. Files are read into memory, never
 * mapped. Thread safe.
 */
public final class BlobStore {
  private static final Logger LOG = LoggerFactory.getLogger(BlobStore.class);

  private final Path folder;
  private final Disk disk;
  private final Map<ContentHash, Entry> index = new ConcurrentHashMap<>();
  private final AtomicLong charged = new AtomicLong();

  private static final class Entry {
    final long length;
    volatile boolean verified;

    Entry(long length, boolean verified) {
      this.length = length;
      this.verified = verified;
    }
  }

  /**
   * Opens the store and indexes what is there.
   *
   * @param folder created when missing
   */
  public BlobStore(Path folder, Disk disk) throws IOException {
    this.folder = folder;
    this.disk = disk;
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.walk(folder, 2)) {
      files
          .filter(Files::isRegularFile)
          .filter(file -> ContentHash.isForm(file.getFileName().toString()))
          .forEach(file -> add(new ContentHash(file.getFileName().toString()), sizeOf(file), false));
    }
  }

  private static long sizeOf(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(ContentHash hash, long length, boolean verified) {
    Entry before = index.put(hash, new Entry(length, verified));
    charged.addAndGet(StoreLimits.charge(length) - (before == null ? 0 : StoreLimits.charge(before.length)));
  }

  /** Returns the bytes charged against the quota. */
  public long chargedBytes() {
    return charged.get();
  }

  /** Returns the number of blobs. */
  public int count() {
    return index.size();
  }

  /** Returns the length of a stored and verified blob in bytes, or nothing if it is missing or damaged. */
  public Optional<Long> length(ContentHash hash) {
    Entry entry = index.get(hash);
    if (entry == null) {
      return Optional.empty();
    }
    if (!entry.verified) {
      synchronized (entry) {
        if (!entry.verified) {
          if (!hashOf(path(hash)).equals(Optional.of(hash))) {
            dropDamaged(hash, entry);
            return Optional.empty();
          }
          entry.verified = true;
        }
      }
    }
    return Optional.of(entry.length);
  }

  /**
   * Reads the first bytes of a stored blob.
   *
   * @param count bytes wanted; the buffer holds fewer if the blob is shorter
   * @throws ServiceException KEY_NOT_FOUND, STORAGE_FAILED
   */
  public ByteBuffer readHead(ContentHash hash, int count) {
    if (length(hash).isEmpty()) {
      throw missing(hash);
    }
    return read(hash, count);
  }

  /**
   * Reads a whole blob into a new direct buffer and checks its hash.
   *
   * @throws ServiceException KEY_NOT_FOUND if it is missing or does not match its name any more, STORAGE_FAILED
   */
  public ByteBuffer read(ContentHash hash) {
    Entry entry = index.get(hash);
    if (entry == null) {
      throw missing(hash);
    }
    ByteBuffer bytes = read(hash, Math.toIntExact(entry.length));
    MessageDigest digest = ContentHash.digest();
    digest.update(bytes.duplicate());
    if (!ContentHash.of(digest.digest()).equals(hash)) {
      dropDamaged(hash, entry);
      throw missing(hash);
    }
    entry.verified = true;
    return bytes;
  }

  private ByteBuffer read(ContentHash hash, int count) {
    try (FileChannel channel = FileChannel.open(path(hash), StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(count);
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        continue;
      }
      return bytes.flip();
    } catch (NoSuchFileException e) {
      Entry entry = index.remove(hash);
      if (entry != null) {
        charged.addAndGet(-StoreLimits.charge(entry.length));
      }
      throw missing(hash);
    } catch (IOException e) {
      throw StorageErrors.translate("reading blob " + hash, e);
    }
  }

  /** Takes a finished file whose hash was just verified into the store: makes it durable, names it. */
  void adopt(Path temporary, ContentHash hash) throws IOException {
    long length = Files.size(temporary);
    disk.publish(temporary, path(hash));
    add(hash, length, true);
  }

  /**
   * Deletes every blob that is not to be kept and whose file is older than an instant.
   *
   * @return how many were deleted
   */
  int deleteOthers(Set<ContentHash> keep, Instant olderThan) {
    int deleted = 0;
    for (Map.Entry<ContentHash, Entry> known : index.entrySet()) {
      ContentHash hash = known.getKey();
      try {
        if (!keep.contains(hash)
            && Files.getLastModifiedTime(path(hash)).toInstant().isBefore(olderThan)
            && index.remove(hash, known.getValue())) {
          charged.addAndGet(-StoreLimits.charge(known.getValue().length));
          Files.deleteIfExists(path(hash));
          deleted++;
        }
      } catch (IOException e) {
        LOG.warn("blob {} could not be deleted: {}", hash, e.toString());
      }
    }
    return deleted;
  }

  private void dropDamaged(ContentHash hash, Entry entry) {
    if (index.remove(hash, entry)) {
      charged.addAndGet(-StoreLimits.charge(entry.length));
      LOG.warn("blob {} of {} bytes does not match its hash: deleted, it counts as missing", hash, entry.length);
      try {
        Files.deleteIfExists(path(hash));
      } catch (IOException e) {
        LOG.warn("blob {} could not be deleted: {}", hash, e.toString());
      }
    }
  }

  private Path path(ContentHash hash) {
    return folder.resolve(hash.hex().substring(0, 2)).resolve(hash.hex());
  }

  private static ServiceException missing(ContentHash hash) {
    return new ServiceException(
        ErrorCause.KEY_NOT_FOUND, "evaluation key " + hash + " is not stored", Map.of("sha256", hash.hex()));
  }

  /** Returns the hash of a file's bytes, or nothing if there is no such file. */
  static Optional<ContentHash> hashOf(Path file) {
    MessageDigest digest = ContentHash.digest();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
      return Optional.of(ContentHash.of(digest.digest()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw StorageErrors.translate("hashing " + file.getFileName(), e);
    }
  }
}
