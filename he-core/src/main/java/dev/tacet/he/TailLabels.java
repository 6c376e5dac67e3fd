// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The nodes of {@link Postprocessing} that end in labels, indices and maps. */
final class TailLabels {
  /**
   * Models compute in single precision: of two scores that differ by less than this part of the larger, they may see equal ones, or the
   * other as the larger. Eight times the 2^-24 that a single precision number is rounded by, for the steps before.
   */
  private static final double RESOLUTION = 0x1p-21;

  private TailLabels() {}

  /**
   * A terminal output.
   *
   * @param undecided whether another choice is possible within the errors
   */
  record Choice(OutputValue value, double errorBound, boolean undecided) {}

  static Choice run(TailNode node, Measured x) {
    long[] integers = node.integers();
    List<String> strings = node.strings();
    return switch (node.op()) {
      case ARGMAX, ARGMIN -> indices(node, x);
      case TOP_INDICES -> topIndices(node, x);
      case LABEL -> {
        int count = integers.length + strings.size();
        Signature.require(count == x.size(), "postprocessing %s: %d labels for %d elements", node, count, x.size());
        int best = best(x.values(), 1, false);
        yield new Choice(label(integers, strings, best), 0, close(node, x, best, 1));
      }
      case THRESHOLD_LABEL -> {
        Signature.require(x.size() == 1, "postprocessing %s takes one element, has %d", node, x.size());
        double score = x.values()[0];
        double threshold = node.numbers()[0];
        boolean undecided = !(Math.abs(score - threshold) >= marginError(node, x.errors()[0], score, threshold));
        yield new Choice(label(integers, strings, (float) score > (float) threshold ? 1 : 0), 0, undecided);
      }
      case ZIP_MAP -> zip(node, x, integers, strings);
      default -> throw new IllegalStateException(node.op() + " is not terminal");
    };
  }

  private static Choice indices(TailNode node, Measured x) {
    int sign = node.op() == TailOp.ARGMAX ? 1 : -1;
    int size = TailMath.groupSize(node, x);
    long[] indices = new long[x.size() / size];
    boolean undecided = false;
    for (int g = 0; g < indices.length; g++) {
      Measured group = TailMath.slice(x, g * size, size);
      int best = best(group.values(), sign, node.integers().length == 2 && node.integers()[1] == 1);
      indices[g] = best;
      undecided |= close(node, group, best, sign);
    }
    return new Choice(new OutputValue.Integers(indices), 0, undecided);
  }

  private static Choice zip(TailNode node, Measured x, long[] integers, List<String> strings) {
    int count = integers.length + strings.size();
    Signature.require(count == x.size(), "postprocessing %s: %d classes for %d elements", node, count, x.size());
    if (integers.length > 0) {
      Map<Long, Double> map = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        map.put(integers[i], x.values()[i]);
      }
      return new Choice(new OutputValue.IntegerMap(map), x.largestError(), false);
    }
    Map<String, Double> map = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      map.put(strings.get(i), x.values()[i]);
    }
    return new Choice(new OutputValue.StringMap(map), x.largestError(), false);
  }

  /** The first k in order; undecided where an element could change places with the next within the errors. */
  private static Choice topIndices(TailNode node, Measured x) {
    int size = TailMath.groupSize(node, x);
    int count = (int) node.integers()[1];
    long[] indices = new long[x.size() / size * count];
    boolean undecided = false;
    for (int g = 0; g < x.size() / size; g++) {
      Measured group = TailMath.slice(x, g * size, size);
      Integer[] order = TailMath.order(node, group.values());
      for (int i = 0; i < count; i++) {
        indices[g * count + i] = order[i];
        if (i + 1 < size) {
          double score = group.values()[order[i]];
          double next = group.values()[order[i + 1]];
          undecided |= !(Math.abs(score - next) >= marginError(node, 2 * group.largestError(), score, next));
        } else {
          undecided |= Double.isNaN(group.largestError());
        }
      }
    }
    return new Choice(new OutputValue.Integers(indices), 0, undecided);
  }

  /** The best in single precision, as the model compares: of equals there the first, or the last. */
  private static int best(double[] values, int sign, boolean last) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      float score = (float) values[i];
      float most = (float) values[best];
      if (sign * score > sign * most || last && score == most) {
        best = i;
      }
    }
    return best;
  }

  /**
   * Whether some other element could be the best one within the errors, or something is not a number. Elements that are the same number
   * without an error, as two beyond the limit of a Clip are, are so in the model too, which takes the first of them.
   */
  private static boolean close(TailNode node, Measured x, int best, int sign) {
    for (int i = 0; i < x.size(); i++) {
      double margin = sign * (x.values()[best] - x.values()[i]);
      double errors = x.errors()[best] + x.errors()[i];
      boolean same = errors == 0 && margin == 0;
      if (i != best && !same && !(margin >= marginError(node, errors, x.values()[best], x.values()[i]))) {
        return true;
      }
    }
    return false;
  }

  /** The smaller of what the elements' errors and the choice itself say of a margin's error, and the model's own resolution. */
  private static double marginError(TailNode node, double ofElements, double score, double other) {
    double error = ofElements <= node.marginBound() ? ofElements : node.marginBound();
    return error + RESOLUTION * Math.max(Math.abs(score), Math.abs(other));
  }

  private static OutputValue label(long[] integers, List<String> strings, int index) {
    return integers.length > 0
        ? new OutputValue.Integers(new long[] {integers[index]})
        : new OutputValue.Strings(List.of(strings.get(index)));
  }
}
