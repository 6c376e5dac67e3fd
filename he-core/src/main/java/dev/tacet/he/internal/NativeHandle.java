// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns one native object. The address never leaves this package; a call leases it, and a handle that is leased cannot be
 * closed. Closing twice does nothing. A handle that becomes unreachable without being closed is a leak: it is freed, counted
 * and logged, with the place of its creation when {@code -Dtacet.native.trace=true}.
 */
public final class NativeHandle implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final AtomicLong LEAKS = new AtomicLong();
  private static final boolean TRACE = Boolean.getBoolean("tacet.native.trace");

  private final State state;
  private final Cleaner.Cleanable cleanable;

  NativeHandle(String what, long address) {
    state = new State(what, address, TRACE ? new Throwable("created here") : null);
    cleanable = CLEANER.register(this, state);
  }

  /** Returns the address and keeps it valid until {@link #release()}; every lease is followed by one release. */
  long lease() {
    while (true) {
      int leases = state.leases.get();
      if (leases < 0) {
        throw new IllegalStateException("this " + state.what + " is closed");
      }
      if (state.leases.compareAndSet(leases, leases + 1)) {
        return state.address;
      }
    }
  }

  void release() {
    state.leases.decrementAndGet();
  }

  /** Returns whether it was closed. */
  public boolean isClosed() {
    return state.leases.get() < 0;
  }

  /**
   * Frees the native object.
   *
   * @throws IllegalStateException if calls are using it; it stays open
   */
  @Override
  public void close() {
    if (!state.leases.compareAndSet(0, State.CLOSED)) {
      int leases = state.leases.get();
      if (leases < 0) {
        return;
      }
      throw new IllegalStateException("this " + state.what + " cannot be closed: " + leases + " calls are using it");
    }
    cleanable.clean();
  }

  /** Returns how many handles of this process were dropped without being closed. */
  public static long leaks() {
    return LEAKS.get();
  }

  /** Everything but the handle itself, so that the cleaner does not keep the handle reachable. */
  private static final class State implements Runnable {
    static final int CLOSED = -1;

    final String what;
    final long address;
    final Throwable created;
    final AtomicInteger leases = new AtomicInteger();

    State(String what, long address, Throwable created) {
      this.what = what;
      this.address = address;
      this.created = created;
    }

    @Override
    public void run() {
      if (leases.getAndSet(CLOSED) >= 0) {
        LEAKS.incrementAndGet();
        Log.LOGGER.warn("A {} was dropped without being closed; its native memory is freed now", what, created);
      }
      Native.destroy(address);
    }
  }

  private static final class Log {
    static final Logger LOGGER = LoggerFactory.getLogger(NativeHandle.class);
  }
}
