// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

/**
 * What rows drive the input of a function to, in units of the interval that it was made for: [-1, 1] is the whole of it.
 *
 * @param layer the layer's name
 * @param low the smallest input seen
 * @param high the largest input seen
 * @param rowsOutside rows with an input outside of [-1, 1]
 */
public record LayerRange(String layer, double low, double high, int rowsOutside) {
  /** Returns the range over the rows of both. */
  public LayerRange and(LayerRange other) {
    return new LayerRange(layer, Math.min(low, other.low), Math.max(high, other.high), rowsOutside + other.rowsOutside);
  }
}
