// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import dev.tacet.compiler.ModelProblem;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.calibrate.Ranges;
import dev.tacet.compiler.internal.ir.Functions;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.Shapes;
import java.util.Arrays;
import java.util.List;

/** Chooses the interval on which an activation is fitted, from the ranges of its input over the sample rows. */
final class IntervalChooser {
  /** An element's interval holds its mean plus and minus this many standard deviations. */
  private static final double DEVIATIONS = 4.2;

  /**
   * Beyond the range, an interval has room for this many times the mean length of the range's tail, at the usual margin: of an
   * exponential tail, one value in ninety of those beyond the range lies beyond that.
   */
  private static final double TAILS = 4.5;

  /** The margin for which {@link #TAILS} stands. */
  private static final double USUAL_MARGIN = 0.4;

  /** The least room beyond the range, as a part of the margin; the most is the whole margin twice. */
  private static final double LEAST_ROOM = 0.25;

  /** Activations that are polynomials themselves lose nothing on a wider interval. */
  private static final double EXACT_MARGIN = 1.5;

  /** The narrowest interval of an element, as a part of the widest of the layer. */
  private static final double NARROWEST = 0.1;

  private IntervalChooser() {}

  /**
   * The intervals of an activation's elements.
   *
   * @param center middle of each
   * @param halfWidth half the width of each
   * @param perElement whether each element has its own interval, symmetric about 0, and the function scales with it
   */
  record Intervals(double[] center, double[] halfWidth, boolean perElement) {}

  /** By element of an activation, the channel of an image or a series that it belongs to; of a vector all belong to one. */
  static int[] channels(Node.Activation activation) {
    int[] shape = activation.shape();
    int[] channels = new int[activation.size()];
    if (shape.length >= 2) {
      int[] strides = Shapes.strides(shape);
      for (int axis : activation.channelAxes()) {
        Arrays.setAll(channels, i -> channels[i] * shape[axis] + i / strides[axis] % shape[axis]);
      }
    }
    return channels;
  }

  /**
   * Chooses.
   *
   * @param margin the room beyond the range that is usual, as a part of its width
   * @param pixels whether the network's inputs are images or series: what their elements take in a row is judged by the row's extremes,
   *     for a whole channel or layer at once
   */
  static Intervals choose(Node.Activation activation, Ranges ranges, double margin, boolean pixels) {
    int size = activation.size();
    boolean exact = activation.function().degree() >= 0;
    double room = exact ? Math.max(EXACT_MARGIN, margin) : margin;
    double[] low = new double[size];
    double[] high = new double[size];
    double typicalTail = typicalTail(ranges);
    for (int i = 0; i < size; i++) {
      double width = ranges.high()[i] - ranges.low()[i];
      double spread = DEVIATIONS * ranges.deviation()[i];
      double leastTail = typicalTail * ranges.deviation()[i];
      low[i] = Math.min(
          ranges.low()[i] - room(exact, room, width, Math.max(leastTail, ranges.lowTail()[i])), ranges.mean()[i] - spread);
      high[i] = Math.max(
          ranges.high()[i] + room(exact, room, width, Math.max(leastTail, ranges.highTail()[i])), ranges.mean()[i] + spread);
    }
    double[] center = new double[size];
    double[] halfWidth = new double[size];
    boolean square = activation.function().degree() == 2;
    if (square || Functions.isHomogeneous(activation.function())) {
      double widest = 0;
      double middle = square ? vertex(activation.function()) : 0;
      for (int i = 0; i < size; i++) {
        halfWidth[i] = Math.max(Math.abs(low[i] - middle), Math.abs(high[i] - middle));
        widest = Math.max(widest, halfWidth[i]);
      }
      shareChannels(activation, ranges, middle, exact, room, halfWidth);
      for (int i = 0; i < size; i++) {
        halfWidth[i] = Math.max(halfWidth[i], Math.max(NARROWEST * widest, 1e-6));
      }
      return new Intervals(center, halfWidth, true);
    }
    Ranges.Group whole = ranges.groups().stream().reduce(Ranges.Group::union).orElseThrow();
    double lowest = pixels ? lowest(whole, exact, room) : Arrays.stream(low).min().orElse(-1);
    double highest = pixels ? highest(whole, exact, room) : Arrays.stream(high).max().orElse(1);
    lowest = Domain.widened(activation.function(), ranges.lowest(), lowest, ranges.highest());
    highest = Domain.widened(activation.function(), ranges.highest(), highest, lowest);
    Arrays.fill(center, (lowest + highest) / 2);
    Arrays.fill(halfWidth, Math.max((highest - lowest) / 2, 1e-6 * (1 + Math.abs(lowest))));
    requireFinite(activation, center[0] - halfWidth[0], center[0] + halfWidth[0]);
    return new Intervals(center, halfWidth, false);
  }

  /**
   * The median of all tails, in standard deviations. The rows that make an element's own tail are few, and chance leaves some tails
   * short: what half of the others exceed, an element's fresh rows may have too.
   */
  private static double typicalTail(Ranges ranges) {
    int size = ranges.deviation().length;
    double[] tails = new double[2 * size];
    for (int i = 0; i < size; i++) {
      double deviation = Math.max(ranges.deviation()[i], Double.MIN_NORMAL);
      tails[i] = ranges.lowTail()[i] / deviation;
      tails[size + i] = ranges.highTail()[i] / deviation;
    }
    Arrays.sort(tails);
    return tails[size];
  }

  /**
   * The pixels of a channel are alike: what one of them was seen to take in the sample rows, its neighbours may take in others. So all
   * have the interval of the channel.
   */
  private static void shareChannels(
      Node.Activation activation, Ranges ranges, double middle, boolean exact, double margin, double[] halfWidth) {
    if (activation.shape().length < 2) {
      return;
    }
    double[] reach = ranges.groups().stream()
        .mapToDouble(channel -> Math.max(middle - lowest(channel, exact, margin), highest(channel, exact, margin) - middle)).toArray();
    int[] channels = channels(activation);
    Arrays.setAll(halfWidth, i -> reach[channels[i]]);
  }

  /** The end of an interval below what the rows' lowest values were seen to be. */
  private static double lowest(Ranges.Group group, boolean exact, double margin) {
    return group.lowest() - room(exact, margin, group.highest() - group.lowest(), group.lowTail());
  }

  private static double highest(Ranges.Group group, boolean exact, double margin) {
    return group.highest() + room(exact, margin, group.highest() - group.lowest(), group.highTail());
  }

  private static double room(boolean exact, double margin, double width, double tail) {
    double most = 2 * margin * width;
    return exact ? margin * width
        : Math.max(LEAST_ROOM * margin * width, Math.min(most, TAILS * tail * margin / USUAL_MARGIN));
  }

  /** Returns the point about which a function of degree 2 is symmetric. */
  static double vertex(Univariate function) {
    double c = function.at(0);
    double a = (function.at(1) + function.at(-1)) / 2 - c;
    double b = (function.at(1) - function.at(-1)) / 2;
    return -b / (2 * a);
  }

  private static void requireFinite(Node.Activation activation, double low, double high) {
    Univariate f = activation.function();
    if (!Domain.holds(f, low, high)) {
      throw new UncompilableModelException(List.of(new ModelProblem(activation.name(), Functions.name(f),
          "its input may lie in " + low + ".." + high + ", where the function is not finite, has a pole, or is beyond "
              + Domain.LARGEST,
          "use an activation that is defined everywhere, or give sample rows that show the range")));
    }
  }
}
