// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One run of an {@link InterleavedEvaluator}. Values are arrays of megabytes where many rows are interleaved, so what no value needs any
 * more is written again, and noise is added in place: a new array would be cleared and fetched first.
 */
final class InterleavedRun {
  private final Program program;
  private final List<Instruction> instructions;
  private final int slots;
  private final int rows;
  private final Map<Integer, SparseRows> maps;
  private final ReferenceEvaluator.Observer observer;
  private final ReferenceEvaluator.Disturbance disturbance;

  private final double[][][] values;
  /** By value, the one that made its arrays: several share them where an op changes only what is not computed here. */
  private final int[] maker;
  /** By maker, the values that its arrays are needed for. */
  private final int[] holders;
  private final int[] lastUse;
  /** By length, arrays that are needed no more. */
  private final Map<Integer, Deque<double[]>> free = new HashMap<>();

  InterleavedRun(Program program, int rows, Map<Integer, SparseRows> maps, ReferenceEvaluator.Observer observer,
      ReferenceEvaluator.Disturbance disturbance) {
    this.program = program;
    this.instructions = program.instructions();
    this.slots = program.parameters().slots();
    this.rows = rows;
    this.maps = maps;
    this.observer = observer;
    this.disturbance = disturbance;
    this.values = new double[instructions.size()][][];
    this.maker = new int[instructions.size()];
    this.holders = new int[instructions.size()];
    this.lastUse = new int[instructions.size()];
    for (int id = 0; id < instructions.size(); id++) {
      for (int i = 0; i < instructions.get(id).argumentCount(); i++) {
        lastUse[instructions.get(id).argument(i)] = id;
      }
    }
  }

  /** Returns one period of each output's element. */
  List<double[]> of(List<double[]> inputSlots) {
    int[] inputAt = places(program.inputTypes());
    int[] outputAt = places(program.outputTypes());
    Signature.require(
        inputSlots.size() == inputAt[inputAt.length - 1], "%d inputs, the program takes %d",
        inputSlots.size(), inputAt[inputAt.length - 1]);
    double[][] outputs = new double[outputAt[outputAt.length - 1]][];
    for (int id = 0; id < instructions.size(); id++) {
      Instruction in = instructions.get(id);
      double[][] result = new double[in.type().length()][];
      values[id] = result;
      for (int e = 0; e < result.length; e++) {
        if (in.op() == Op.INPUT) {
          int place = inputAt[in.index()] + e;
          result[e] = in.type().encoding() == Encoding.SLOTS
              ? shortest(place, inputSlots.get(place))
              : CoefficientMath.padded(place, inputSlots.get(place), program.parameters().ringDegree());
        } else if (in.op() == Op.MATRIX_PRODUCT) {
          result[e] = affine((Constant.Affine) program.constants().get(in.constant()), e, values[in.argument(0)]);
        } else {
          double[] b = in.argumentCount() > 1 ? values[in.argument(1)][e] : null;
          result[e] = apply(in, values[in.argument(0)][e], b);
        }
        note(id, e);
        if (disturbance != null) {
          boolean alone = in.op() == Op.INPUT || in.op() == Op.MATRIX_PRODUCT;
          disturb(id, e, alone ? null : values[in.argument(0)][e]);
        }
        if (in.op() == Op.OUTPUT) {
          outputs[outputAt[in.index()] + e] = result[e];
        }
        if (observer != null) {
          observer.value(id, result[e]);
        }
      }
      for (int i = 0; i < in.argumentCount(); i++) {
        release(in.argument(i), id);
      }
    }
    return List.of(outputs);
  }

  /** Finds out who made the arrays of a value; elements are all alike, so the first one says it. */
  private void note(int id, int element) {
    if (element == 0) {
      Instruction in = instructions.get(id);
      boolean shared = in.argumentCount() > 0 && in.op() != Op.MATRIX_PRODUCT && values[id][0] == values[in.argument(0)][0];
      maker[id] = shared ? maker[in.argument(0)] : id;
      holders[maker[id]]++;
    }
  }

  private void disturb(int id, int element, double[] argument) {
    double[] exact = values[id][element];
    // With the argument's last use its arrays are this value's alone, if they are no other's.
    boolean own = maker[id] == id || lastUse[instructions.get(id).argument(0)] == id && holders[maker[id]] == 2;
    double[] disturbed = disturbance.disturb(id, argument, exact, own);
    if (disturbed != exact) {
      values[id][element] = disturbed;
      if (maker[id] == id) {
        give(exact);
      }
    }
    if (maker[id] != id && element == values[id].length - 1 && !shares(values[id], values[instructions.get(id).argument(0)])) {
      holders[maker[id]]--;
      maker[id] = id;
      holders[id]++;
    }
  }

  private static boolean shares(double[][] a, double[][] b) {
    for (int e = 0; e < a.length; e++) {
      if (a[e] == b[e]) {
        return true;
      }
    }
    return false;
  }

  private void release(int id, int user) {
    if (lastUse[id] != user || values[id] == null) {
      return;
    }
    if (--holders[maker[id]] == 0) {
      for (double[] array : values[id]) {
        give(array);
      }
    }
    values[id] = null;
  }

  /** Without a disturbance observers keep what they see. */
  private void give(double[] array) {
    if (disturbance != null) {
      free.computeIfAbsent(array.length, length -> new ArrayDeque<>()).push(array);
    }
  }

  /** An array that holds any numbers. */
  private double[] take(int length) {
    Deque<double[]> arrays = free.get(length);
    return arrays == null || arrays.isEmpty() ? new double[length] : arrays.pop();
  }

  /** For each value, how many ciphertexts come before it; last, how many there are. */
  private static int[] places(List<ValueType> types) {
    int[] at = new int[types.size() + 1];
    for (int i = 0; i < types.size(); i++) {
      at[i + 1] = at[i] + types.get(i).length();
    }
    return at;
  }

  private double[] affine(Constant.Affine affine, int row, double[][] x) {
    double[] result = take(Arrays.stream(x).mapToInt(element -> element.length).max().orElseThrow());
    Arrays.fill(result, affine.biasAt(row));
    for (int c = 0; c < x.length; c++) {
      double weight = affine.weightAt(row, c);
      int mask = x[c].length - 1;
      for (int j = 0; weight != 0 && j < result.length; j++) {
        result[j] += weight * x[c][j & mask];
      }
    }
    return result;
  }

  private double[] apply(Instruction in, double[] a, double[] b) {
    return switch (in.op()) {
      case OUTPUT, CONJUGATE, RELINEARIZE, RESCALE, DROP_LEVEL, FLOOD -> a;
      case COMPLEX -> complex(a, b);
      case ADD -> sum(a, b);
      case SUB -> difference(a, b);
      case MULTIPLY -> product(a, b);
      case SQUARE -> product(a, a);
      case NEGATE -> scaled(a, -1);
      case ADD_SCALAR -> shifted(a, in.scalar());
      case MULTIPLY_SCALAR -> scaled(a, in.scalar());
      case ADD_PLAIN -> withPlain(a, (Constant.Vector) program.constants().get(in.constant()), false);
      case MULTIPLY_PLAIN -> in.type().encoding() == Encoding.SLOTS
          ? withPlain(a, (Constant.Vector) program.constants().get(in.constant()), true)
          : CoefficientMath.product(a, (Constant.Vector) program.constants().get(in.constant()));
      case EXTRACT -> CoefficientMath.extracted(a, (Indexes) program.constants().get(in.constant()));
      case ROTATE -> rotate(a, in.steps() * rows);
      case ROTATE_SUM -> rotateSum(a, in.steps() * rows, in.count());
      case ROTATE_MEAN -> mean(rotateSum(a, in.steps() * rows, in.count()), a, in.count());
      case LINEAR_TRANSFORM -> program.constants().get(in.constant()) instanceof Diagonals diagonals
          ? transform(maps.computeIfAbsent(in.constant(), id -> SparseRows.of(diagonals)), a)
          : linearTransform((Constant.Matrix) program.constants().get(in.constant()), a);
      case POLYNOMIAL -> {
        double[] result = take(a.length);
        ((Constant.Polynomial) program.constants().get(in.constant())).evaluate(a, result);
        yield result;
      }
      default -> throw new UnsupportedException("op " + in.op() + " is not implemented in this version");
    };
  }

  /** All slots of the real parts, then those of the imaginary ones. */
  private double[] complex(double[] real, double[] imaginary) {
    double[] both = take(2 * slots * rows);
    for (int at = 0; at < both.length; ) {
      double[] from = 2 * at < both.length ? real : imaginary;
      int count = Math.min(from.length, both.length / 2);
      System.arraycopy(from, 0, both, at, count);
      at += count;
    }
    return both;
  }

  // Loops of one kind each, over one index where the lengths are equal: the compiler makes vectors of these.

  private double[] sum(double[] a, double[] b) {
    double[] result = take(Math.max(a.length, b.length));
    if (a.length == b.length) {
      for (int i = 0; i < result.length; i++) {
        result[i] = a[i] + b[i];
      }
    } else {
      for (int i = 0; i < result.length; i++) {
        result[i] = a[i & (a.length - 1)] + b[i & (b.length - 1)];
      }
    }
    return result;
  }

  private double[] difference(double[] a, double[] b) {
    double[] result = take(Math.max(a.length, b.length));
    for (int i = 0; i < result.length; i++) {
      result[i] = a[i & (a.length - 1)] - b[i & (b.length - 1)];
    }
    return result;
  }

  private double[] product(double[] a, double[] b) {
    double[] result = take(Math.max(a.length, b.length));
    if (a.length == b.length) {
      for (int i = 0; i < result.length; i++) {
        result[i] = a[i] * b[i];
      }
    } else {
      for (int i = 0; i < result.length; i++) {
        result[i] = a[i & (a.length - 1)] * b[i & (b.length - 1)];
      }
    }
    return result;
  }

  private double[] scaled(double[] a, double factor) {
    double[] result = take(a.length);
    for (int i = 0; i < result.length; i++) {
      result[i] = a[i] * factor;
    }
    return result;
  }

  private double[] shifted(double[] a, double offset) {
    double[] result = take(a.length);
    for (int i = 0; i < result.length; i++) {
      result[i] = a[i] + offset;
    }
    return result;
  }

  /** The mean of so many, of their sum; where they are one, it is the argument itself and stays as it is. */
  private double[] mean(double[] sum, double[] argument, int count) {
    double[] result = sum == argument ? take(sum.length) : sum;
    for (int i = 0; i < result.length; i++) {
      result[i] = sum[i] / count;
    }
    return result;
  }

  /** The sum with a vector of constants, or the product; each constant is that of all rows. */
  private double[] withPlain(double[] a, Constant.Vector vector, boolean product) {
    double[] constants = Arrays.copyOf(vector.values(), vector.period());
    double[] result = take(Math.max(a.length, constants.length * rows));
    for (int first = 0; first < result.length; first += rows) {
      double constant = constants[(first / rows) & (constants.length - 1)];
      int from = first & (a.length - 1);
      for (int r = 0; r < rows; r++) {
        result[first + r] = product ? a[from + r] * constant : a[from + r] + constant;
      }
    }
    return result;
  }

  private double[] rotate(double[] a, int steps) {
    int start = steps & (a.length - 1);
    double[] result = take(a.length);
    System.arraycopy(a, start, result, 0, a.length - start);
    System.arraycopy(a, 0, result, a.length - start, start);
    return result;
  }

  private double[] rotateSum(double[] a, int step, int count) {
    double[] result = a;
    for (int i = 1; i < count; i *= 2) {
      double[] next = take(a.length);
      int start = (step * i) & (a.length - 1);
      for (int j = 0; j < a.length - start; j++) {
        next[j] = result[j] + result[j + start];
      }
      for (int j = a.length - start; j < a.length; j++) {
        next[j] = result[j] + result[j + start - a.length];
      }
      if (result != a) {
        give(result);
      }
      result = next;
    }
    boolean wholePeriod = Integer.bitCount(step) == 1 && step < a.length && (long) step * count >= a.length;
    if (!wholePeriod) {
      return result;
    }
    double[] period = Arrays.copyOf(result, step);
    if (result != a) {
      give(result);
    }
    return period;
  }

  private double[] transform(SparseRows map, double[] x) {
    double[] z = take(map.lengthOf(x, rows));
    map.product(x, z, rows);
    return z;
  }

  /** z[j] = sum over d of W[j mod outPeriod][(j+d) mod inPeriod] * x[j+d]; has the largest of the three periods. */
  private double[] linearTransform(Constant.Matrix matrix, double[] x) {
    int diagonals = matrix.diagonals();
    int inMask = matrix.inPeriod() - 1;
    int outMask = matrix.outPeriod() - 1;
    double[] z = take(Math.max(x.length, rows * Math.max(matrix.inPeriod(), matrix.outPeriod())));
    for (int i = 0; i < z.length; i++) {
      int j = i / rows;
      int row = j & outMask;
      double sum = 0;
      for (int d = 0; d < diagonals && row < matrix.rows(); d++) {
        int col = (j + d) & inMask;
        if (col < matrix.cols()) {
          sum += matrix.at(row, col) * x[(i + d * rows) & (x.length - 1)];
        }
      }
      z[i] = sum;
    }
    return z;
  }

  /** The shortest period of the input whose repetition is the input. */
  private double[] shortest(int index, double[] slotsOrPeriod) {
    int length = slotsOrPeriod.length;
    Signature.require(
        length >= rows && length <= slots * rows && Integer.bitCount(length) == 1,
        "input %d has %d numbers, must be a power of two in %d..%d", index, length, rows, slots * rows);
    while (length > rows
        && Arrays.equals(slotsOrPeriod, 0, length / 2, slotsOrPeriod, length / 2, length)) {
      length /= 2;
    }
    return Arrays.copyOf(slotsOrPeriod, length);
  }
}
