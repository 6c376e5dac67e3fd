// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import java.util.Arrays;

/**
 * How long one operation took.
 *
 * @param set name of the parameter set
 * @param ringDegree N
 * @param limbs primes of the chain at the level measured (the top)
 * @param op the operation, in snake_case
 * @param repetitions calls measured
 * @param nanoseconds over the repetitions
 */
public record OperationResult(
    String set, int ringDegree, int limbs, String op, int repetitions, Nanoseconds nanoseconds) {

  /** Smallest and middle value. */
  public record Nanoseconds(long min, long median) {
    /** Of a non-empty list of measurements. */
    public static Nanoseconds of(long[] samples) {
      long[] sorted = samples.clone();
      Arrays.sort(sorted);
      int middle = sorted.length / 2;
      long median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
      return new Nanoseconds(sorted[0], median);
    }
  }
}
