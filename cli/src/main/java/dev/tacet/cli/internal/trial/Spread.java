// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import java.util.Arrays;
import java.util.Collection;

/**
 * Milliseconds of one step over its repetitions.
 *
 * @param min the smallest
 * @param median the middle one (the lower of two)
 */
public record Spread(double min, double median) {
  /** Of nanoseconds; both are 0 if there are none. */
  public static Spread ofNanos(Collection<Long> nanos) {
    if (nanos.isEmpty()) {
      return new Spread(0, 0);
    }
    long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return new Spread(sorted[0] / 1e6, sorted[(sorted.length - 1) / 2] / 1e6);
  }

  /** Of one measurement. */
  public static Spread once(double milliseconds) {
    return new Spread(milliseconds, milliseconds);
  }
}
