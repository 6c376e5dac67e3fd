// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;

/** So many calls a second, with a second's worth at once after a pause. Thread safe. */
public final class RateLimit {
  private static final double SECOND = 1e9;

  private final int perSecond;
  private final LongSupplier nanos;
  private double left;
  private long last;
  private long refused;

  /** Makes a limit of at least one call a second; 0 is no limit. */
  public RateLimit(int perSecond) {
    this(perSecond, System::nanoTime);
  }

  RateLimit(int perSecond, LongSupplier nanos) {
    this.perSecond = perSecond;
    this.nanos = nanos;
    this.left = perSecond;
    this.last = nanos.getAsLong();
  }

  /**
   * Counts a call.
   *
   * @throws ServiceException OVERLOADED with the delay after which one more is let in
   */
  public synchronized void take() {
    if (perSecond == 0) {
      return;
    }
    long time = nanos.getAsLong();
    left = Math.min(perSecond, left + (time - last) / SECOND * perSecond);
    last = time;
    if (left < 1) {
      refused++;
      Duration delay = Duration.ofNanos((long) Math.ceil((1 - left) / perSecond * SECOND));
      throw new ServiceException(
          ErrorCause.OVERLOADED, "the tenant may ask for " + perSecond + " inferences a second", Map.of(), delay, null);
    }
    left -= 1;
  }

  /** Returns how many calls it refused. */
  public synchronized long refused() {
    return refused;
  }
}
