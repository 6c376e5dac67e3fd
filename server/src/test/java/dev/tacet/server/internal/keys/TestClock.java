// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The system's clock, set forward or back by a test. */
public final class TestClock extends Clock {
  private volatile Duration ahead = Duration.ZERO;

  /** Jumps; a negative duration jumps back. */
  public void jump(Duration by) {
    ahead = ahead.plus(by);
  }

  @Override
  public Instant instant() {
    return Instant.now().plus(ahead);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("a test's clock shows UTC");
  }
}
