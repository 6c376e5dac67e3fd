// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What the host lets in at once.
 *
 * @param workers runs at the same time
 * @param maxWaiting calls that wait for a worker
 * @param memoryBytes what the runs of all admitted calls, waiting and running, may take as estimated
 * @param maxWait estimated waiting time above which a call is refused
 * @param maxDuration time limit of a call, also of one that came without a deadline
 * @param tenantShare part of the places and the memory that one tenant may hold, above 0 and at most 1
 */
public record RunLimits(
    int workers, int maxWaiting, long memoryBytes, Duration maxWait, Duration maxDuration, double tenantShare) {
  /** Checks the ranges: everything positive, maxWaiting may be 0. */
  public RunLimits {
    if (workers < 1 || maxWaiting < 0 || memoryBytes < 1 || maxWait.isNegative() || maxDuration.toMillis() < 1
        || !(tenantShare > 0 && tenantShare <= 1)) {
      throw new IllegalArgumentException(
          "run limits out of range: workers " + workers + ", waiting " + maxWaiting + ", memory " + memoryBytes
              + " bytes, wait " + maxWait + ", duration " + maxDuration + ", tenant share " + tenantShare);
    }
  }

  /** Makes limits under which one tenant may hold everything. */
  public RunLimits(int workers, int maxWaiting, long memoryBytes, Duration maxWait, Duration maxDuration) {
    this(workers, maxWaiting, memoryBytes, maxWait, maxDuration, 1);
  }

  /** Returns how many calls can be admitted at once, running and waiting. */
  public int places() {
    return workers + maxWaiting;
  }

  /** Returns how many of them may be one tenant's. */
  int placesOfTenant() {
    return Math.max(1, (int) Math.ceil(places() * tenantShare));
  }

  /**
   * Returns the defaults: as many workers as cores, 64 waiting, a quarter of the machine's memory and at least 1 GiB, 30 s of waiting,
   * 120 s in all.
   */
  public static RunLimits defaults() {
    long machine = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
    return new RunLimits(
        Runtime.getRuntime().availableProcessors(), 64, Math.max(1L << 30, machine / 4), Duration.ofSeconds(30),
        Duration.ofSeconds(120));
  }
}
