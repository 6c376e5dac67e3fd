// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * One node of {@link Postprocessing}.
 *
 * @param op what it does; which attributes it takes is said there
 * @param inputs names of tensors made before; at least one
 * @param output name of the tensor it makes
 * @param integers attribute, possibly empty
 * @param numbers attribute, finite, possibly empty
 * @param strings attribute, possibly empty
 */
public record TailNode(
    TailOp op, List<String> inputs, String output, long[] integers, double[] numbers, List<String> strings) {

  /** Validates and copies. */
  public TailNode {
    Objects.requireNonNull(op, "op");
    Objects.requireNonNull(output, "output");
    inputs = List.copyOf(inputs);
    strings = List.copyOf(strings);
    integers = integers.clone();
    numbers = numbers.clone();
    int least = switch (op) {
      case ADD, SUB, MUL, DIV, MAX, MIN -> 2;
      default -> 1;
    };
    int most = op == TailOp.CONCAT ? 0xff : least;
    Signature.require(
        inputs.size() >= least && inputs.size() <= most,
        "postprocessing %s takes %d..%d inputs, has %d", op, least, most, inputs.size());
    for (double number : numbers) {
      Signature.require(Double.isFinite(number), "postprocessing %s has the number %s, must be finite", op, number);
    }
    Signature.require(
        integers.length == 0 || strings.isEmpty(), "postprocessing %s has %d integers and %d strings, must have one kind",
        op, integers.length, strings.size());
    int labels = integers.length + strings.size();
    switch (op) {
      case AFFINE, CLIP -> count(op, "numbers", numbers.length, 2, 2);
      case VECTOR_AFFINE -> Signature.require(
          numbers.length >= 2 && numbers.length % 2 == 0, "postprocessing %s has %d numbers, needs pairs", op, numbers.length);
      case THRESHOLD_LABEL -> {
        count(op, "numbers", numbers.length, 1, 2);
        count(op, "labels", labels, 2, 2);
        marginBound(op, numbers.length == 2 ? numbers[1] : 0);
      }
      case LABEL, ZIP_MAP -> {
        count(op, "labels", labels, 1, Constant.MAX_PERIOD);
        count(op, "numbers", numbers.length, 0, op == TailOp.LABEL ? 1 : 0);
        marginBound(op, numbers.length == 1 ? numbers[0] : 0);
        Signature.require(
            op == TailOp.LABEL || Arrays.stream(integers).distinct().count() + strings.stream().distinct().count() == labels,
            "postprocessing %s repeats a class among %d", op, labels);
      }
      case GATHER -> {
        count(op, "integers", integers.length, 1, Constant.MAX_PERIOD);
        for (long i : integers) {
          Signature.require(i >= 0 && i < Constant.MAX_PERIOD, "postprocessing %s has index %d", op, i);
        }
      }
      case SOFTMAX, LOG_SOFTMAX, NORMALIZE_L1, NORMALIZE_L2, NORMALIZE_MAX, ARGMAX, ARGMIN, SUM -> {
        boolean ties = op == TailOp.ARGMAX || op == TailOp.ARGMIN;
        count(op, "integers", integers.length, 0, ties ? 2 : 1);
        Signature.require(integers.length < 2 || integers[1] == 0 || integers[1] == 1, "postprocessing %s has the choice %s of equals",
            op, Arrays.toString(integers));
        Signature.require(
            integers.length == 0 || integers[0] >= 1 && integers[0] <= Constant.MAX_PERIOD,
            "postprocessing %s has group size %s", op, Arrays.toString(integers));
        count(op, "numbers", numbers.length, 0, op.chooses() ? 1 : 0);
        marginBound(op, numbers.length == 1 ? numbers[0] : 0);
      }
      case TOP_VALUES, TOP_INDICES -> {
        count(op, "integers", integers.length, 3, 3);
        Signature.require(integers[0] >= 1 && integers[0] <= Constant.MAX_PERIOD && integers[1] >= 1 && integers[1] <= integers[0]
            && (integers[2] == 0 || integers[2] == 1), "postprocessing %s has group size, count and direction %s", op,
            Arrays.toString(integers));
        count(op, "numbers", numbers.length, 0, op.chooses() ? 1 : 0);
        marginBound(op, numbers.length == 1 ? numbers[0] : 0);
      }
      case FUNCTION -> {
        count(op, "numbers", numbers.length, 2, 2);
        count(op, "integers", integers.length, 1, 1);
        Signature.require(
            integers[0] >= 0 && integers[0] < TailFunction.values().length, "postprocessing %s has function %d", op, integers[0]);
      }
      default -> { }
    }
  }

  /** Makes a node without attributes. */
  public static TailNode of(TailOp op, String input, String output) {
    return new TailNode(op, List.of(input), output, new long[0], new double[0], List.of());
  }

  /** Makes a node with numbers. */
  public static TailNode withNumbers(TailOp op, String input, String output, double... numbers) {
    return new TailNode(op, List.of(input), output, new long[0], numbers, List.of());
  }

  /** Makes a node with integers: a group size, indices or labels. */
  public static TailNode withIntegers(TailOp op, String input, String output, long... integers) {
    return new TailNode(op, List.of(input), output, integers, new double[0], List.of());
  }

  /** Makes a node with strings: labels. */
  public static TailNode withStrings(TailOp op, String input, String output, List<String> strings) {
    return new TailNode(op, List.of(input), output, new long[0], new double[0], strings);
  }

  @Override
  public long[] integers() {
    return integers.clone();
  }

  @Override
  public double[] numbers() {
    return numbers.clone();
  }

  void writeTo(BoundedWriter out) {
    out.u8(op.ordinal()).u8(inputs.size());
    inputs.forEach(out::string);
    out.string(output).u32(integers.length);
    for (long integer : integers) {
      out.u64(integer);
    }
    out.u32(numbers.length).f64s(numbers).u32(strings.size());
    strings.forEach(out::string);
  }

  static TailNode readFrom(BoundedReader in) {
    TailOp op = TailOp.values()[in.u8("postprocessing op", 0, TailOp.values().length - 1)];
    int inputCount = in.u8("postprocessing inputs", 1, 0xff);
    in.needItems("postprocessing inputs", inputCount, 2);
    List<String> inputs = new ArrayList<>(inputCount);
    for (int i = 0; i < inputCount; i++) {
      inputs.add(in.string("postprocessing input"));
    }
    String output = in.string("postprocessing output");
    int integerCount = in.u32("postprocessing integers", 0, Constant.MAX_PERIOD);
    in.needItems("postprocessing integers", integerCount, 8);
    long[] integers = new long[integerCount];
    for (int i = 0; i < integerCount; i++) {
      integers[i] = in.u64("postprocessing integer");
    }
    double[] numbers = in.f64s("postprocessing numbers", in.u32("postprocessing numbers", 0, 2 * Constant.MAX_PERIOD));
    int stringCount = in.u32("postprocessing strings", 0, Constant.MAX_PERIOD);
    in.needItems("postprocessing strings", stringCount, 2);
    List<String> strings = new ArrayList<>(stringCount);
    for (int i = 0; i < stringCount; i++) {
      strings.add(in.string("postprocessing string"));
    }
    return new TailNode(op, inputs, output, integers, numbers, strings);
  }

  private static void marginBound(TailOp op, double bound) {
    Signature.require(bound >= 0, "postprocessing %s has the margin bound %s, must not be negative", op, bound);
  }

  /** Returns the function of a FUNCTION. */
  TailFunction function() {
    return TailFunction.values()[(int) integers[0]];
  }

  /** Returns whether the node is a comparison, a rounding or another function that gives a choice where it jumps. */
  public boolean isStep() {
    return op == TailOp.FUNCTION && function().isStep();
  }

  /** Returns the bound of the error of a margin that a choice carries, or infinity where it carries none. */
  double marginBound() {
    int at = op == TailOp.THRESHOLD_LABEL ? 1 : 0;
    return op.chooses() && numbers.length > at ? numbers[at] : Double.POSITIVE_INFINITY;
  }

  /**
   * Returns a copy of a choice with the bound of the error of its margins.
   *
   * @param bound in units of the node's input, not negative
   */
  public TailNode withMarginBound(double bound) {
    Signature.require(op.chooses(), "postprocessing %s chooses nothing", op);
    double[] with = op == TailOp.THRESHOLD_LABEL ? new double[] {numbers[0], bound} : new double[] {bound};
    return new TailNode(op, inputs, output, integers, with, strings);
  }

  private static void count(TailOp op, String what, int count, int min, int max) {
    Signature.require(
        count >= min && count <= max, "postprocessing %s has %d %s, needs %d..%d", op, count, what, min, max);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TailNode n
        && op == n.op
        && inputs.equals(n.inputs)
        && output.equals(n.output)
        && Arrays.equals(integers, n.integers)
        && Arrays.equals(numbers, n.numbers)
        && strings.equals(n.strings);
  }

  @Override
  public int hashCode() {
    return Objects.hash(op, inputs, output, Arrays.hashCode(integers), Arrays.hashCode(numbers), strings);
  }

  @Override
  public String toString() {
    return op + " " + inputs + " -> " + output;
  }
}
