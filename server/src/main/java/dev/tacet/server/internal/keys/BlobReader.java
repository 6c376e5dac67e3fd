// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.KeyManifest;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The blobs of a key set, read and verified one after the other into one direct buffer, each gone when the next is asked for. The next
 * reader has the buffer when this one is closed: a buffer for each blob would stay until the collector finds it, and it does not see how
 * large they are.
 */
public final class BlobReader implements Iterable<ByteBuffer>, AutoCloseable {
  private final BlobStore store;
  private final List<KeyManifest.Entry> entries;
  private final AtomicReference<ByteBuffer> spare;
  private ByteBuffer buffer;

  /**
   * Takes the spare buffer, if it is large enough.
   *
   * @param spare what the last reader left, for the next one; null inside if there is none
   */
  BlobReader(BlobStore store, List<KeyManifest.Entry> entries, AtomicReference<ByteBuffer> spare) {
    this.store = store;
    this.entries = List.copyOf(entries);
    this.spare = spare;
    int most = Math.toIntExact(entries.stream().mapToLong(KeyManifest.Entry::bytes).max().orElse(0));
    ByteBuffer left = spare.getAndSet(null);
    buffer = left != null && left.capacity() >= most ? left : ByteBuffer.allocateDirect(most);
  }

  /**
   * Returns an iterator from the first blob on.
   *
   * <p>Its {@code next} throws ServiceException KEY_NOT_FOUND where a blob is missing or damaged, STORAGE_FAILED.
   */
  @Override
  public Iterator<ByteBuffer> iterator() {
    return entries.stream().map(entry -> store.read(new ContentHash(entry.sha256()), this::take)).iterator();
  }

  /** The buffer's first bytes; a blob that is longer than its manifest says gets a larger one. */
  private ByteBuffer take(int bytes) {
    if (bytes > buffer.capacity()) {
      buffer = ByteBuffer.allocateDirect(bytes);
    }
    return buffer.duplicate().position(0).limit(bytes);
  }

  @Override
  public void close() {
    spare.set(buffer);
    buffer = ByteBuffer.allocate(0);
  }
}
