// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private final AtomicLong clock = new AtomicLong(-5_000_000_000L);

  @Test
  void aSecondsWorthIsLetInAtOnceAndThenOneAtATime() {
    RateLimit limit = new RateLimit(4, clock::get);
    for (int i = 0; i < 4; i++) {
      limit.take();
    }
    ServiceException e = assertThrows(ServiceException.class, limit::take);
    assertEquals(ErrorCause.OVERLOADED, e.errorCause());
    assertEquals(Duration.ofMillis(250), e.retryAfter().orElseThrow());
    clock.addAndGet(250_000_000);
    limit.take();
    assertThrows(ServiceException.class, limit::take);
    clock.addAndGet(3_600_000_000_000L);
    for (int i = 0; i < 4; i++) {
      limit.take();
    }
    assertThrows(ServiceException.class, limit::take);
  }

  @Test
  void zeroIsNoLimit() {
    RateLimit limit = new RateLimit(0, clock::get);
    for (int i = 0; i < 10_000; i++) {
      limit.take();
    }
  }
}
