// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The complete blobs of one tenant: {@code blobs/<first two digits>/<sha256>}, each file named by the hash of its bytes; the index
 * knows them without looking.
 *
 * <p>A file gets its name only when it is durable and its hash is right, so that a crash leaves no half blob under a name.
 * What a disk does to a file later is found out too: every file is hashed before its first use in this process and again each
 * time it is read; a file that does not match its name is deleted and counts as missing. Files are read into memory, never
 * mapped. Thread safe.
 */
public final class BlobStore {
  private static final Logger LOG = LoggerFactory.getLogger(BlobStore.class);
  private static final int STRIPES = 64;

  private final Path folder;
  private final Disk disk;
  private final KeyIndex index;
  private final Clock clock;
  private final Object[] locks = new Object[STRIPES];

  /** Blobs whose file had the right hash when this process looked. */
  private final Set<ContentHash> verified = ConcurrentHashMap.newKeySet();

  /**
   * Opens the store: ends deletions that a crash cut short, and makes index and folder agree.
   *
   * @param folder created when missing
   */
  public BlobStore(Path folder, Disk disk, KeyIndex index, Clock clock) throws IOException {
    this.folder = folder;
    this.disk = disk;
    this.index = index;
    this.clock = clock;
    Arrays.setAll(locks, i -> new Object());
    Files.createDirectories(folder);
    index.markedBlobs().forEach(this::deleteMarked);
    reconcile();
  }

  /** Files without a row get one; rows without a file go. */
  private void reconcile() throws IOException {
    Map<ContentHash, Long> known = index.blobs();
    List<Path> found;
    try (Stream<Path> files = Files.walk(folder, 2)) {
      found = files.filter(file -> ContentHash.isForm(file.getFileName().toString()) && Files.isRegularFile(file)).toList();
    }
    int taken = 0;
    for (Path file : found) {
      ContentHash hash = new ContentHash(file.getFileName().toString());
      if (known.remove(hash) == null) {
        index.addBlob(hash, Files.size(file), Files.getLastModifiedTime(file).toInstant());
        taken++;
      }
    }
    for (ContentHash lost : known.keySet()) {
      if (!Files.exists(path(lost))) {
        LOG.warn("blob {} is in the index and not on disk: it counts as missing", lost);
        index.removeBlob(lost);
      }
    }
    if (taken > 0) {
      LOG.info("{} keys that the index did not know were found in {}", taken, folder);
    }
  }

  private Object lock(ContentHash hash) {
    return locks[Integer.parseInt(hash.hex().substring(0, 2), 16) % STRIPES];
  }

  /** Returns the bytes charged against the quota. */
  public long chargedBytes() {
    return index.usage().bytes();
  }

  /** Returns the number of blobs. */
  public int count() {
    return index.usage().blobs();
  }

  /** Returns the length of a stored and verified blob in bytes, or nothing if it is missing or damaged. */
  public Optional<Long> length(ContentHash hash) {
    Optional<Long> length = index.blob(hash);
    if (length.isEmpty()) {
      verified.remove(hash);
      return length;
    }
    if (!verified.contains(hash)) {
      synchronized (lock(hash)) {
        if (!verified.contains(hash)) {
          if (!hashOf(path(hash)).equals(Optional.of(hash))) {
            dropDamaged(hash);
            return Optional.empty();
          }
          verified.add(hash);
        }
      }
    }
    return length;
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
    return fill(hash, ByteBuffer.allocateDirect(count));
  }

  /**
   * Reads a whole blob and checks its hash.
   *
   * @param buffers makes a direct buffer of so many bytes
   * @throws ServiceException KEY_NOT_FOUND if it is missing or does not match its name any more, STORAGE_FAILED
   */
  ByteBuffer read(ContentHash hash, IntFunction<ByteBuffer> buffers) {
    long length = index.blob(hash).orElseThrow(() -> missing(hash));
    ByteBuffer bytes = fill(hash, buffers.apply(Math.toIntExact(length)));
    MessageDigest digest = ContentHash.digest();
    digest.update(bytes.duplicate());
    if (!ContentHash.of(digest.digest()).equals(hash)) {
      dropDamaged(hash);
      throw missing(hash);
    }
    verified.add(hash);
    return bytes;
  }

  /** Reads at most so many bytes from an offset, unverified; empty beyond the end. */
  byte[] read(ContentHash hash, long offset, int most) {
    try (FileChannel channel = FileChannel.open(path(hash), StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(most, channel.size() - offset)));
      while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
        continue;
      }
      return bytes.array();
    } catch (NoSuchFileException e) {
      throw missing(hash);
    } catch (IOException e) {
      throw StorageErrors.translate("reading blob " + hash, e);
    }
  }

  /** Reads a blob's first bytes into a buffer, which then ends with them. */
  private ByteBuffer fill(ContentHash hash, ByteBuffer bytes) {
    try (FileChannel channel = FileChannel.open(path(hash), StandardOpenOption.READ)) {
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        continue;
      }
      return bytes.flip();
    } catch (NoSuchFileException e) {
      verified.remove(hash);
      index.removeBlob(hash);
      throw missing(hash);
    } catch (IOException e) {
      throw StorageErrors.translate("reading blob " + hash, e);
    }
  }

  /** Takes a finished file whose hash was just verified into the store: makes it durable, names it, then tells the index. */
  void adopt(Path temporary, ContentHash hash) throws IOException {
    long length = Files.size(temporary);
    synchronized (lock(hash)) {
      disk.publish(temporary, path(hash));
      verified.add(hash);
      index.addBlob(hash, length, clock.instant());
    }
  }

  /**
   * Deletes every blob that no key set names and that was stored before an instant.
   *
   * @return how many were deleted
   */
  int deleteUnreferenced(Instant storedBefore) {
    List<ContentHash> marked = index.markUnreferenced(storedBefore);
    marked.forEach(this::deleteMarked);
    return marked.size();
  }

  /** Deletes those of some blobs that no key set names, and returns them. */
  List<ContentHash> deleteUnreferenced(Collection<ContentHash> among) {
    List<ContentHash> marked = index.markUnreferenced(among);
    marked.forEach(this::deleteMarked);
    return marked;
  }

  /** The same, without those that another client than this one has sent to their end. */
  List<ContentHash> deleteUnreferenced(Collection<ContentHash> among, String client) {
    List<ContentHash> marked = index.markUnreferenced(among, client);
    marked.forEach(this::deleteMarked);
    return marked;
  }

  /** Deletes a blob that the index says is being deleted, unless it was uploaded again meanwhile. */
  private void deleteMarked(ContentHash hash) {
    try {
      synchronized (lock(hash)) {
        if (index.blob(hash).isPresent()) {
          return;
        }
        verified.remove(hash);
        Files.deleteIfExists(path(hash));
        index.removeBlob(hash);
      }
    } catch (IOException e) {
      LOG.warn("blob {} could not be deleted, which is tried again at the next start: {}", hash, e.toString());
    }
  }

  private void dropDamaged(ContentHash hash) {
    LOG.warn("blob {} does not match its hash: deleted, it counts as missing", hash);
    verified.remove(hash);
    try {
      Files.deleteIfExists(path(hash));
    } catch (IOException e) {
      LOG.warn("blob {} could not be deleted: {}", hash, e.toString());
    }
    index.removeBlob(hash);
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
