// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import java.time.Duration;

/**
 * What the host lets in at once.
 *
 * @param workers runs at the same time
 * @param maxWaiting calls that wait for a worker
 * @param memoryBytes ciphertexts of all admitted calls, waiting and running, in their compute form
 * @param maxWait estimated waiting time above which a call is refused
 * @param maxDuration time limit of a call, also of one that came without a deadline
 */
public record RunLimits(int workers, int maxWaiting, long memoryBytes, Duration maxWait, Duration maxDuration) {
  /** Checks the ranges: everything positive, maxWaiting may be 0. */
  public RunLimits {
    if (workers < 1 || maxWaiting < 0 || memoryBytes < 1 || maxWait.isNegative() || maxDuration.toMillis() < 1) {
      throw new IllegalArgumentException(
          "run limits out of range: workers " + workers + ", waiting " + maxWaiting + ", memory " + memoryBytes
              + " bytes, wait " + maxWait + ", duration " + maxDuration);
    }
  }

  /** Returns the defaults: as many workers as cores, 64 waiting, 1 GiB, 30 s of waiting, 120 s in all. */
  public static RunLimits defaults() {
    return new RunLimits(
        Runtime.getRuntime().availableProcessors(), 64, 1L << 30, Duration.ofSeconds(30), Duration.ofSeconds(120));
  }
}
