// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LeasedCacheTest {
  private final LeasedCache<String, Thing> cache = new LeasedCache<>(100);
  private final List<String> closed = new ArrayList<>();

  private final class Thing implements AutoCloseable {
    final String name;

    Thing(String name) {
      this.name = name;
    }

    @Override
    public void close() {
      closed.add(name);
    }
  }

  private LeasedCache<String, Thing>.Lease lease(String name, long bytes) {
    return cache.lease(name, bytes, () -> new Thing(name));
  }

  @Test
  void theLeastRecentlyUsedObjectWithoutALeaseMakesRoom() {
    lease("a", 40).close();
    lease("b", 40).close();
    lease("a", 40).close();
    lease("c", 40).close();
    assertEquals(List.of("b"), closed);
    assertEquals(80, cache.usedBytes());
    assertEquals(1, cache.evictions());
  }

  @Test
  void aLeasedObjectIsNeverClosed() {
    try (var held = lease("a", 60)) {
      ServiceException e = assertThrows(ServiceException.class, () -> lease("b", 60));
      assertEquals(ErrorCause.OVERLOADED, e.errorCause());
      assertEquals(List.of(), closed);
      cache.close();
      assertEquals(List.of(), closed);
      assertEquals("a", held.value().name);
    }
    assertEquals(List.of("a"), closed);
    assertEquals(ErrorCause.SHUTTING_DOWN, assertThrows(ServiceException.class, () -> lease("a", 60)).errorCause());
  }

  @Test
  void whatNeverFitsIsRefusedWithoutEvictingAnything() {
    lease("a", 60).close();
    assertEquals(ErrorCause.TOO_LARGE, assertThrows(ServiceException.class, () -> lease("b", 101)).errorCause());
    assertEquals(List.of(), closed);
  }

  @Test
  void aFailedLoadLeavesNothingBehindAndIsTriedAgain() {
    assertThrows(
        IllegalStateException.class,
        () -> cache.lease("a", 50, () -> { throw new IllegalStateException("disk"); }));
    assertEquals(0, cache.usedBytes());
    lease("a", 50).close();
    assertEquals(50, cache.usedBytes());
  }

  @Test
  void aRemovedObjectIsClosedWhenTheLastLeaseOnItEndsAndLoadedAnewForTheNext() {
    lease("a", 40).close();
    assertTrue(cache.remove("a"));
    assertEquals(List.of("a"), closed);
    assertEquals(0, cache.usedBytes());
    assertFalse(cache.remove("a"));
    var first = lease("b", 60);
    var second = lease("b", 60);
    assertTrue(cache.remove("b"));
    assertEquals(Set.of(), cache.keys());
    first.close();
    assertEquals(List.of("a"), closed, "one lease is left");
    assertEquals(60, cache.usedBytes(), "its bytes count until it is closed");
    try (var anew = lease("b", 30)) {
      assertNotSame(second.value(), anew.value());
      second.close();
      assertEquals(List.of("a", "b"), closed);
      assertEquals(30, cache.usedBytes());
      assertEquals("b", anew.value().name);
    }
    assertEquals(Set.of("b"), cache.keys());
  }

  @Test
  void aLoadThatFailsAfterItsRemovalLeavesNothingBehind() {
    assertThrows(IllegalStateException.class, () -> cache.lease("a", 50, () -> {
      assertTrue(cache.remove("a"));
      throw new IllegalStateException("deleted meanwhile");
    }));
    assertEquals(0, cache.usedBytes());
    assertEquals(List.of(), closed);
  }

  @Test
  void callersAtTheSameTimeShareOneLoad() throws Exception {
    AtomicInteger loads = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<Thing>> things = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        things.add(
            threads.submit(
                () -> {
                  try (var lease = cache.lease("a", 10, () -> { loads.incrementAndGet(); return new Thing("a"); })) {
                    return lease.value();
                  }
                }));
      }
      Thing first = things.get(0).get();
      for (Future<Thing> thing : things) {
        assertSame(first, thing.get());
      }
    } finally {
      threads.shutdown();
    }
    assertEquals(1, loads.get());
  }
}
