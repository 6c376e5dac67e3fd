// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.params.NoiseModel;
import java.util.List;

/**
 * What a guard's output proves: that the inputs of some activations stay inside their intervals, or inside a part of these.
 *
 * @param activations ids of the activations whose inputs it holds
 * @param end the bound of its slots where these are inside their intervals
 * @param sampleReach how near the sample rows, and those made from them, come to the end, as a part of it
 * @param deviation of the noise in a slot
 */
public record Guard(List<Integer> activations, double end, double sampleReach, double deviation) {
  /** So many deviations of its noise a guard's bound lies within the interval: what passes is inside, whatever the noise hides. */
  private static final double WITHIN = 8;

  /** The most of the interval that this takes. */
  private static final double MOST_WITHIN = 0.05;

  /** Copies. */
  public Guard {
    activations = List.copyOf(activations);
  }

  /**
   * Returns the part of the intervals that is let pass.
   *
   * @param width of what lies beyond the sample rows, 0 for none of it to 1 for the whole intervals
   */
  public double limit(double width) {
    double reach = Math.min(1, sampleReach);
    return reach + width * (1 - reach);
  }

  /** Returns the bound of the noise in a slot that the client's checks allow for. */
  public double slotError() {
    return NoiseModel.DEVIATIONS * NoiseModel.SAFETY * deviation;
  }

  /**
   * Returns the bound of its slots. A polynomial of degree n grows n^2 times as fast beyond its interval as it does inside, so that nothing beyond
   * it may pass. A function that ends close to the sample rows is fitted no further: these have to pass, noise included.
   *
   * @param width as in {@link #limit}
   */
  public double bound(double width) {
    double last = limit(width) * end;
    double within = last - Math.min(MOST_WITHIN * last, WITHIN * deviation);
    return Math.max(within, Math.min(sampleReach * end + WITHIN * deviation, last + slotError()));
  }
}
