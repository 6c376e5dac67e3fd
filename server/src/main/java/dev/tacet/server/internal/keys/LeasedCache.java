// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Large native objects under one budget of bytes. An object is loaded once, leased while in use, and closed when it is the
 * least recently used one without a lease and the room is needed. Thread safe; loading happens outside the lock.
 *
 * @param <K> names an object
 * @param <V> the object; closed exactly once
 */
public final class LeasedCache<K, V extends AutoCloseable> implements AutoCloseable {
  private static final Duration RETRY = Duration.ofMillis(500);

  private final long budgetBytes;
  private final LinkedHashMap<K, Entry<V>> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long usedBytes;
  private long evictions;
  private long hits;
  private long misses;
  private boolean closed;

  private static final class Entry<V> {
    final CompletableFuture<V> value = new CompletableFuture<>();
    final long bytes;
    int leases;
    boolean removed;

    Entry(long bytes) {
      this.bytes = bytes;
    }
  }

  /** The right to use an object until it is closed. */
  public final class Lease implements AutoCloseable {
    private final K key;
    private final Entry<V> entry;
    private boolean returned;

    private Lease(K key, Entry<V> entry) {
      this.key = key;
      this.entry = entry;
    }

    /** Returns the object. */
    public V value() {
      return entry.value.join();
    }

    @Override
    public void close() {
      giveBack(this);
    }
  }

  /**
   * Makes an empty cache.
   *
   * @param budgetBytes sum of the bytes of all loaded objects, leased or not
   */
  public LeasedCache(long budgetBytes) {
    this.budgetBytes = budgetBytes;
  }

  /**
   * Leases an object, loading it if it is not there.
   *
   * @param bytes what it will occupy
   * @param loader called at most once for each time the object is not in the cache
   * @throws ServiceException TOO_LARGE if it alone exceeds the budget, OVERLOADED if leased objects leave no room,
   *     SHUTTING_DOWN after close, and what the loader throws
   */
  public Lease lease(K key, long bytes, Supplier<V> loader) {
    Entry<V> entry;
    boolean load = false;
    synchronized (this) {
      if (closed) {
        throw new ServiceException(ErrorCause.SHUTTING_DOWN, "the host is shutting down");
      }
      entry = entries.get(key);
      if (entry != null) {
        hits++;
      } else {
        misses++;
        makeRoom(bytes);
        entry = new Entry<>(bytes);
        entries.put(key, entry);
        usedBytes += bytes;
        load = true;
      }
      entry.leases++;
    }
    Lease lease = new Lease(key, entry);
    try {
      if (load) {
        entry.value.complete(loader.get());
      }
      entry.value.join();
      return lease;
    } catch (RuntimeException | Error e) {
      entry.value.completeExceptionally(e);
      lease.close();
      synchronized (this) {
        if (entries.remove(key, entry)) {
          usedBytes -= entry.bytes;
        }
      }
      if (e instanceof java.util.concurrent.CompletionException wrapped && wrapped.getCause() instanceof RuntimeException r) {
        throw r;
      }
      throw e;
    }
  }

  private void makeRoom(long bytes) {
    if (bytes > budgetBytes) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE, "expanded keys need " + bytes + " bytes, the host's budget is " + budgetBytes);
    }
    Iterator<Map.Entry<K, Entry<V>>> oldest = entries.entrySet().iterator();
    while (usedBytes + bytes > budgetBytes && oldest.hasNext()) {
      Entry<V> entry = oldest.next().getValue();
      if (entry.leases == 0) {
        oldest.remove();
        usedBytes -= entry.bytes;
        evictions++;
        dispose(entry);
      }
    }
    if (usedBytes + bytes > budgetBytes) {
      throw new ServiceException(
          ErrorCause.OVERLOADED,
          "expanded keys need " + bytes + " bytes, " + usedBytes + " of " + budgetBytes + " are in use by running calls",
          Map.of(),
          RETRY,
          null);
    }
  }

  private void giveBack(Lease lease) {
    synchronized (this) {
      if (lease.returned) {
        return;
      }
      lease.returned = true;
      lease.entry.leases--;
      if (lease.entry.leases > 0) {
        return;
      }
      if (lease.entry.removed || closed && entries.remove(lease.key, lease.entry)) {
        usedBytes -= lease.entry.bytes;
        dispose(lease.entry);
      }
    }
  }

  /**
   * Takes an object out: the next lease loads it anew. It is closed at once, or when the last lease on it ends; until then its bytes
   * count.
   *
   * @return whether it was there
   */
  public synchronized boolean remove(K key) {
    Entry<V> entry = entries.remove(key);
    if (entry == null) {
      return false;
    }
    entry.removed = true;
    if (entry.leases == 0) {
      usedBytes -= entry.bytes;
      dispose(entry);
    }
    return true;
  }

  /** Returns what names the objects that can be leased without loading. */
  public synchronized Set<K> keys() {
    return Set.copyOf(entries.keySet());
  }

  private void dispose(Entry<V> entry) {
    if (entry.value.isDone() && !entry.value.isCompletedExceptionally()) {
      try {
        entry.value.join().close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a cached object failed", e);
      }
    }
  }

  /** Returns the bytes of all loaded objects. */
  public synchronized long usedBytes() {
    return usedBytes;
  }

  /** Returns the number of loaded objects. */
  public synchronized int size() {
    return entries.size();
  }

  /** Returns the most bytes that it may hold. */
  public long budgetBytes() {
    return budgetBytes;
  }

  /** Returns how many leases found their object loaded, or being loaded. */
  public synchronized long hits() {
    return hits;
  }

  /** Returns how many leases did not. */
  public synchronized long misses() {
    return misses;
  }

  /** Returns how many objects were closed to make room. */
  public synchronized long evictions() {
    return evictions;
  }

  /** Closes every object without a lease now and each other one when its last lease ends. */
  @Override
  public synchronized void close() {
    closed = true;
    Iterator<Map.Entry<K, Entry<V>>> all = entries.entrySet().iterator();
    while (all.hasNext()) {
      Entry<V> entry = all.next().getValue();
      if (entry.leases == 0) {
        all.remove();
        usedBytes -= entry.bytes;
        dispose(entry);
      }
    }
  }
}
