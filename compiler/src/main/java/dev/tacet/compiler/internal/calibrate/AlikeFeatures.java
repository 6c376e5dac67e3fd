// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.FeatureRange;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Features that take the same values, in other rows: the pixels of a channel, the steps of a series, many features of one vector. Sixty
 * images show a pixel near the border always black, and the next one does not. Each of them may then take what any of them took.
 */
final class AlikeFeatures {
  /** Fewer features of a vector are judged each by itself: their names mean different things. */
  private static final int MANY = 64;

  /** Of those that vary, the one in the middle has a range of at least this share of what all take together; else they are not alike. */
  private static final double SHARE = 0.25;

  /** And nine in ten of at least this share: columns of another unit are much narrower, and are more than a tenth where they are. */
  private static final double SHARE_OF_NARROW = 1.0 / 64;

  private AlikeFeatures() {}

  /** Returns the range of each feature, that of all for those that are alike. */
  static List<FeatureRange> widened(Network network, List<FeatureRange> ranges) {
    List<FeatureRange> widened = new ArrayList<>(ranges);
    channels(network).forEach(channel -> widen(widened, channel));
    return widened;
  }

  /** Returns the features that may be alike, as far as the inputs' shapes say: those of each channel, or of one long vector. */
  static List<List<Integer>> channels(Network network) {
    List<List<Integer>> result = new ArrayList<>();
    int first = 0;
    for (Node.Input input : network.inputs()) {
      int[] shape = input.shape();
      if (shape.length >= 2 || input.size() >= MANY) {
        boolean channelsFirst = shape.length >= 2 && shape[0] <= shape[shape.length - 1];
        int channels = shape.length < 2 ? 1 : channelsFirst ? shape[0] : shape[shape.length - 1];
        int length = input.size() / channels;
        for (int c = 0; c < channels; c++) {
          List<Integer> channel = new ArrayList<>();
          for (int i = 0; i < length; i++) {
            channel.add(first + (channelsFirst ? c * length + i : i * channels + c));
          }
          result.add(channel);
        }
      }
      first += input.size();
    }
    return result;
  }

  /** Returns how far the one in the middle of those that vary reaches, where it shows that they are alike; else 0. */
  static double usual(double[] widths) {
    double[] varying = Arrays.stream(widths).filter(width -> width > 0).sorted().toArray();
    return varying.length > 0 && varying[varying.length / 2] >= SHARE * varying[varying.length - 1] ? varying[varying.length / 2] : 0;
  }

  private static void widen(List<FeatureRange> ranges, List<Integer> features) {
    FeatureRange all = features.stream().map(ranges::get).reduce(FeatureRange::union).orElseThrow();
    double[] widths = features.stream().map(ranges::get).mapToDouble(AlikeFeatures::width).filter(width -> width > 0).sorted().toArray();
    if (widths.length > 0 && widths[widths.length / 2] >= SHARE * width(all) && widths[widths.length / 10] >= SHARE_OF_NARROW * width(all)) {
      features.forEach(feature -> ranges.set(feature, all));
    }
  }

  private static double width(FeatureRange range) {
    return range.high() - range.low();
  }
}
