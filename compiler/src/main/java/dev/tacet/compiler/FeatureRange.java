// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

/**
 * The smallest and largest value that a feature takes in the model owner's data, in raw units.
 *
 * @param low the smallest value
 * @param high the largest value, at least low
 */
public record FeatureRange(double low, double high) {
  /** Makes the range; both ends must be finite and in order. */
  public FeatureRange {
    if (!Double.isFinite(low) || !Double.isFinite(high) || low > high) {
      throw new IllegalArgumentException("a range needs finite ends in order, got " + low + ".." + high);
    }
  }

  /** Returns the smallest range that holds both. */
  public FeatureRange union(FeatureRange other) {
    return new FeatureRange(Math.min(low, other.low), Math.max(high, other.high));
  }
}
