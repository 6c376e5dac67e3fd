// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.FeatureRange;
import dev.tacet.compiler.internal.ir.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The accepted bounds of each feature, wider than the sample data: fresh rows of the same kind must pass.
 *
 * <p>A feature may leave its range by the range's own width on each side ({@link #WIDENING}); in a purely linear model, where
 * no activation limits it, by {@link #LINEAR_WIDENING} times the width. A feature that is constant in the data may leave its
 * value by the floor max(1, |value|). Of those that take the same values, each may take what any of them took ({@link AlikeFeatures}).
 *
 * @param low accepted bounds in raw units
 * @param high accepted bounds in raw units
 */
public record FeatureBounds(double[] low, double[] high) {
  /** How far a feature may leave its range on each side, in widths of the range. */
  public static final double WIDENING = 1;

  /** The same for models without activations. */
  public static final double LINEAR_WIDENING = 8;

  /**
   * Computes the bounds.
   *
   * @param rows sample rows, possibly none
   * @param ranges declared ranges: none, one for all features, or one each
   * @throws IllegalArgumentException if there is neither a row nor a range, or their number does not fit the model
   */
  public static FeatureBounds of(Network network, List<double[]> rows, List<FeatureRange> ranges) {
    List<FeatureRange> data = dataRanges(network.features(), rows, ranges);
    List<FeatureRange> alike = AlikeFeatures.widened(network, data);
    double widening = network.isLinear() ? LINEAR_WIDENING : WIDENING;
    double[] low = new double[data.size()];
    double[] high = new double[data.size()];
    for (int i = 0; i < low.length; i++) {
      FeatureRange range = data.get(i);
      double width = range.high() - range.low();
      double magnitude = Math.max(Math.abs(range.low()), Math.abs(range.high()));
      double room = width > 1e-12 * magnitude ? widening * width : Math.max(1, magnitude);
      double middle = range.low() / 2 + range.high() / 2; // the middle stays: known rows of batches lie around it
      double more = Math.max(alike.get(i).high() - middle, middle - alike.get(i).low()) - (range.high() - middle);
      low[i] = range.low() - Math.max(room, more);
      high[i] = range.high() + Math.max(room, more);
    }
    return new FeatureBounds(low, high);
  }

  /** Returns the bounds of some consecutive features, one input's for example. */
  public FeatureBounds part(int offset, int size) {
    return new FeatureBounds(Arrays.copyOfRange(low, offset, offset + size), Arrays.copyOfRange(high, offset, offset + size));
  }

  /** Returns the middle of each feature's bounds: what the client subtracts. */
  public double[] center() {
    double[] center = new double[low.length];
    Arrays.setAll(center, i -> (low[i] + high[i]) / 2);
    return center;
  }

  /** Returns half of the distance between each feature's bounds: what the client divides by. */
  public double[] halfWidth() {
    double[] halfWidth = new double[low.length];
    Arrays.setAll(halfWidth, i -> (high[i] - low[i]) / 2);
    return halfWidth;
  }

  /** Returns the range of each feature over rows and declared ranges together. */
  static List<FeatureRange> dataRanges(int features, List<double[]> rows, List<FeatureRange> ranges) {
    if (rows.isEmpty() && ranges.isEmpty()) {
      throw new IllegalArgumentException("the compiler needs sample rows or the range of each of the " + features
          + " features, got neither");
    }
    if (!ranges.isEmpty() && ranges.size() != features && ranges.size() != 1) {
      throw new IllegalArgumentException(ranges.size() + " ranges are given for " + features + " features");
    }
    if (!rows.isEmpty() && rows.get(0).length != features) {
      throw new IllegalArgumentException(
          "sample rows have " + rows.get(0).length + " features, the model takes " + features);
    }
    List<FeatureRange> result = new ArrayList<>();
    for (int i = 0; i < features; i++) {
      FeatureRange range = ranges.isEmpty() ? null : ranges.get(ranges.size() == 1 ? 0 : i);
      for (double[] row : rows) {
        FeatureRange point = new FeatureRange(row[i], row[i]);
        range = range == null ? point : range.union(point);
      }
      result.add(range);
    }
    return result;
  }
}
