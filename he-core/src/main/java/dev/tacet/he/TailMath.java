// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Arrays;
import java.util.List;

/** The numeric nodes of {@link Postprocessing}: values, and error bounds that hold for any perturbation within the given ones. */
final class TailMath {
  private TailMath() {}

  static Measured run(TailNode node, List<Measured> arguments) {
    Measured x = arguments.get(0);
    double[] numbers = node.numbers();
    return switch (node.op()) {
      case IDENTITY -> x;
      case AFFINE -> each(x, v -> numbers[0] * v + numbers[1], (v, e) -> Math.abs(numbers[0]) * e);
      case VECTOR_AFFINE -> vectorAffine(node, x, numbers);
      case SIGMOID -> each(x, TailMath::sigmoid, (v, e) -> e * slope(v, e));
      case TANH -> each(x, Math::tanh, (v, e) -> {
        double t = Math.tanh(Math.max(0, Math.abs(v) - e));
        return e * (1 - t * t);
      });
      case RELU -> each(x, v -> Math.max(v, 0), (v, e) -> v + e <= 0 ? 0 : e);
      case EXP -> each(x, Math::exp, (v, e) -> Math.exp(v) * Math.expm1(e));
      case SOFTPLUS -> each(x, v -> Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))), (v, e) -> e);
      case CLIP -> each(x, v -> clip(v, numbers), (v, e) -> Math.min(e, clip(v + e, numbers) - clip(v - e, numbers)));
      case SOFTMAX -> groups(node, x, TailMath::softmax);
      case LOG_SOFTMAX -> groups(node, x, TailMath::logSoftmax);
      case NORMALIZE_L1, NORMALIZE_L2, NORMALIZE_MAX -> groups(node, x, (in, out) -> normalize(node.op(), in, out));
      case BINARY_PROBABILITIES -> pair(node, x, 1 - first(x), first(x));
      case BINARY_SCORES -> pair(node, x, -first(x), first(x));
      case GATHER -> gather(node, x);
      case CONCAT -> concat(arguments);
      case ADD, SUB, MUL, DIV, MAX, MIN -> TailPairs.run(node, x, arguments.get(1));
      case SUM -> TailPairs.sum(node, x);
      case TOP_VALUES -> topValues(node, x);
      case FUNCTION -> {
        TailFunction f = node.function();
        yield each(x, v -> f.apply(v, numbers[0], numbers[1]), (v, e) -> f.errorOf(v, numbers[0], numbers[1], e));
      }
      default -> throw new IllegalStateException(node.op() + " does not make numbers");
    };
  }

  /** Returns whether a step of the node could be another within the errors of its argument. */
  static boolean jumps(TailNode node, Measured x) {
    if (node.op() != TailOp.FUNCTION) {
      return false;
    }
    TailFunction function = node.function();
    for (int i = 0; i < x.size(); i++) {
      if (function.jumps(x.values()[i], node.numbers()[0], node.numbers()[1], x.errors()[i])) {
        return true;
      }
    }
    return false;
  }

  /** With every input within e, each order statistic changes by at most e. */
  private static Measured topValues(TailNode node, Measured x) {
    int size = groupSize(node, x);
    int count = (int) node.integers()[1];
    Measured out = new Measured(new double[x.size() / size * count], new double[x.size() / size * count]);
    for (int g = 0; g < x.size() / size; g++) {
      Measured group = slice(x, g * size, size);
      Integer[] order = order(node, group.values());
      for (int i = 0; i < count; i++) {
        out.values()[g * count + i] = group.values()[order[i]];
        out.errors()[g * count + i] = group.largestError();
      }
    }
    return out;
  }

  /** Returns the indexes of a group's elements, best first, of equals the first. */
  static Integer[] order(TailNode node, double[] values) {
    int sign = node.integers()[2] == 1 ? -1 : 1;
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(sign * values[a], sign * values[b]));
    return order;
  }

  /** Returns the size of the groups that a node works on, and checks that it divides the tensor. */
  static int groupSize(TailNode node, Measured x) {
    long[] integers = node.integers();
    int size = integers.length == 0 ? x.size() : (int) integers[0];
    Signature.require(
        size >= 1 && x.size() % size == 0, "postprocessing %s: groups of %d do not divide %d elements", node, size, x.size());
    return size;
  }

  private interface Function {
    double of(double value);
  }

  private interface ErrorOf {
    double of(double value, double error);
  }

  private interface GroupFunction {
    void of(Measured in, Measured out);
  }

  private static Measured each(Measured x, Function f, ErrorOf errorOf) {
    double[] values = new double[x.size()];
    double[] errors = new double[x.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = f.of(x.values()[i]);
      errors[i] = x.errors()[i] == 0 ? 0 : errorOf.of(x.values()[i], x.errors()[i]);
    }
    return new Measured(values, errors);
  }

  private static Measured vectorAffine(TailNode node, Measured x, double[] numbers) {
    int n = x.size();
    Signature.require(numbers.length == 2 * n, "postprocessing %s: %d numbers for %d elements", node, numbers.length, n);
    double[] values = new double[n];
    double[] errors = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = numbers[i] * x.values()[i] + numbers[n + i];
      errors[i] = Math.abs(numbers[i]) * x.errors()[i];
    }
    return new Measured(values, errors);
  }

  private static double clip(double v, double[] limits) {
    return Math.min(Math.max(v, limits[0]), limits[1]);
  }

  private static double sigmoid(double v) {
    if (v >= 0) {
      return 1 / (1 + Math.exp(-v));
    }
    double e = Math.exp(v);
    return e / (1 + e);
  }

  /** The largest slope of the sigmoid within e of v. */
  private static double slope(double v, double e) {
    double s = sigmoid(Math.max(0, Math.abs(v) - e));
    return s * (1 - s);
  }

  private static Measured groups(TailNode node, Measured x, GroupFunction f) {
    int size = groupSize(node, x);
    Measured result = new Measured(new double[x.size()], new double[x.size()]);
    for (int start = 0; start < x.size(); start += size) {
      Measured in = slice(x, start, size);
      Measured out = new Measured(new double[size], new double[size]);
      f.of(in, out);
      System.arraycopy(out.values(), 0, result.values(), start, size);
      System.arraycopy(out.errors(), 0, result.errors(), start, size);
    }
    return result;
  }

  static Measured slice(Measured x, int start, int size) {
    double[] values = new double[size];
    double[] errors = new double[size];
    System.arraycopy(x.values(), start, values, 0, size);
    System.arraycopy(x.errors(), start, errors, 0, size);
    return new Measured(values, errors);
  }

  /** With every input within e, p_i changes by at most p_i*(exp(2e)-1), and by at most e/2 (its gradient's 1-norm is <= 1/2). */
  private static void softmax(Measured in, Measured out) {
    double top = max(in.values());
    double sum = 0;
    for (int i = 0; i < in.size(); i++) {
      out.values()[i] = Math.exp(in.values()[i] - top);
      sum += out.values()[i];
    }
    double e = in.largestError();
    for (int i = 0; i < in.size(); i++) {
      out.values()[i] /= sum;
      out.errors()[i] = Math.min(e / 2, out.values()[i] * Math.expm1(2 * e));
    }
  }

  private static void logSoftmax(Measured in, Measured out) {
    double top = max(in.values());
    double sum = 0;
    for (double v : in.values()) {
      sum += Math.exp(v - top);
    }
    double e = in.largestError();
    for (int i = 0; i < in.size(); i++) {
      out.values()[i] = in.values()[i] - top - Math.log(sum);
      out.errors()[i] = in.errors()[i] + e;
    }
  }

  /** |x/s - x'/s'| <= (e_i + |y_i| * error(s)) / (s - error(s)), unbounded where the sum could vanish. */
  private static void normalize(TailOp op, Measured in, Measured out) {
    double s = 0;
    double error = 0;
    for (int i = 0; i < in.size(); i++) {
      double v = in.values()[i];
      double e = in.errors()[i];
      switch (op) {
        case NORMALIZE_L1 -> {
          s += Math.abs(v);
          error += e;
        }
        case NORMALIZE_L2 -> {
          s = Math.hypot(s, v);
          error = Math.hypot(error, e);
        }
        default -> {
          s = i == 0 ? v : Math.max(s, v);
          error = Math.max(error, e);
        }
      }
    }
    for (int i = 0; i < in.size(); i++) {
      double y = s == 0 ? in.values()[i] : in.values()[i] / s;
      out.values()[i] = y;
      double rest = Math.abs(s) - error;
      double e = in.errors()[i] + Math.abs(y) * error;
      out.errors()[i] = e == 0 ? 0 : rest > 0 ? e / rest : Double.POSITIVE_INFINITY;
    }
  }

  private static double first(Measured x) {
    return x.values()[0];
  }

  private static Measured pair(TailNode node, Measured x, double negative, double positive) {
    Signature.require(x.size() == 1, "postprocessing %s takes one element, has %d", node, x.size());
    return Measured.uniform(new double[] {negative, positive}, x.errors()[0]);
  }

  private static Measured gather(TailNode node, Measured x) {
    long[] indices = node.integers();
    Measured out = new Measured(new double[indices.length], new double[indices.length]);
    for (int i = 0; i < indices.length; i++) {
      Signature.require(indices[i] < x.size(), "postprocessing %s: index %d of %d elements", node, indices[i], x.size());
      out.values()[i] = x.values()[(int) indices[i]];
      out.errors()[i] = x.errors()[(int) indices[i]];
    }
    return out;
  }

  private static Measured concat(List<Measured> arguments) {
    long all = arguments.stream().mapToLong(Measured::size).sum();
    Signature.require(
        all <= Constant.MAX_PERIOD, "postprocessing CONCAT makes %d elements, at most %d are accepted", all, Constant.MAX_PERIOD);
    int size = (int) all;
    Measured out = new Measured(new double[size], new double[size]);
    int at = 0;
    for (Measured x : arguments) {
      System.arraycopy(x.values(), 0, out.values(), at, x.size());
      System.arraycopy(x.errors(), 0, out.errors(), at, x.size());
      at += x.size();
    }
    return out;
  }

  private static double max(double[] values) {
    double max = Double.NEGATIVE_INFINITY;
    for (double v : values) {
      max = Math.max(max, v);
    }
    return max;
  }
}
