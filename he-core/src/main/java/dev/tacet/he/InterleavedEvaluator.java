// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs a {@link Program} in the clear on several rows of slots at once: what {@link ReferenceEvaluator} gives for each of them, to the
 * last bit, in less time, since constants are read once for all rows. Values are interleaved: slot {@code s} of row {@code r} is number
 * {@code s * rows + r}. Thread safe.
 */
public final class InterleavedEvaluator {
  private final Program program;
  private final int slots;
  private final int rows;
  private final Map<Integer, SparseRows> maps;

  /** Prepares runs of one row. */
  public InterleavedEvaluator(Program program) {
    this(program, 1, new ConcurrentHashMap<>());
  }

  private InterleavedEvaluator(Program program, int rows, Map<Integer, SparseRows> maps) {
    this.program = program;
    this.slots = program.parameters().slots();
    this.rows = rows;
    this.maps = maps;
  }

  /**
   * Returns an evaluator of other numbers of rows, which has what this one has prepared.
   *
   * @param count a power of two; 1 for a program whose inputs are coefficients
   */
  public InterleavedEvaluator ofRows(int count) {
    boolean coefficients = program.inputTypes().stream().anyMatch(type -> type.encoding() != Encoding.SLOTS);
    Signature.require(count == 1 || count > 0 && Integer.bitCount(count) == 1 && !coefficients,
        "%d rows at once, must be a power of two, and 1 where inputs are coefficients", count);
    return new InterleavedEvaluator(program, count, maps);
  }

  /**
   * Runs the program; see {@link ReferenceEvaluator#run(Program, List, ReferenceEvaluator.Observer, ReferenceEvaluator.Disturbance)}, of
   * which every array is interleaved here.
   *
   * @param observer sees each value; may be null
   * @param disturbance changes each value; may be null
   */
  public List<double[]> run(List<double[]> inputSlots, ReferenceEvaluator.Observer observer, ReferenceEvaluator.Disturbance disturbance) {
    return periods(inputSlots, observer, disturbance).stream()
        .map(output -> output.length < slots * rows ? tile(output, slots * rows) : output.clone()).toList();
  }

  /** Runs the program as {@link #run} does, and returns of slots no more than one period; not to be changed. */
  public List<double[]> periods(List<double[]> inputSlots, ReferenceEvaluator.Observer observer, ReferenceEvaluator.Disturbance disturbance) {
    int[] inputAt = places(program.inputTypes());
    int[] outputAt = places(program.outputTypes());
    Signature.require(
        inputSlots.size() == inputAt[inputAt.length - 1], "%d inputs, the program takes %d",
        inputSlots.size(), inputAt[inputAt.length - 1]);
    List<Instruction> instructions = program.instructions();
    int[] lastUse = new int[instructions.size()];
    for (int id = 0; id < instructions.size(); id++) {
      for (int i = 0; i < instructions.get(id).argumentCount(); i++) {
        lastUse[instructions.get(id).argument(i)] = id;
      }
    }
    double[][][] values = new double[instructions.size()][][];
    double[][] outputs = new double[outputAt[outputAt.length - 1]][];
    for (int id = 0; id < instructions.size(); id++) {
      Instruction in = instructions.get(id);
      double[][] result = new double[in.type().length()][];
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
        if (disturbance != null) {
          boolean alone = in.op() == Op.INPUT || in.op() == Op.MATRIX_PRODUCT;
          result[e] = disturbance.disturb(id, alone ? null : values[in.argument(0)][e], result[e]);
        }
        if (in.op() == Op.OUTPUT) {
          outputs[outputAt[in.index()] + e] = result[e];
        }
        if (observer != null) {
          observer.value(id, result[e]);
        }
      }
      values[id] = result;
      for (int i = 0; i < in.argumentCount(); i++) {
        if (lastUse[in.argument(i)] == id) {
          values[in.argument(i)] = null;
        }
      }
    }
    return List.of(outputs);
  }

  /** For each value, how many ciphertexts come before it; last, how many there are. */
  private static int[] places(List<ValueType> types) {
    int[] at = new int[types.size() + 1];
    for (int i = 0; i < types.size(); i++) {
      at[i + 1] = at[i] + types.get(i).length();
    }
    return at;
  }

  private static double[] affine(Constant.Affine affine, int row, double[][] x) {
    double[] result = new double[Arrays.stream(x).mapToInt(element -> element.length).max().orElseThrow()];
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
      case COMPLEX -> complex(tile(a, slots * rows), tile(b, slots * rows));
      case ADD -> sum(a, b);
      case SUB -> sum(a, each(b, x -> -x));
      case MULTIPLY -> product(a, b);
      case SQUARE -> product(a, a);
      case NEGATE -> each(a, x -> -x);
      case ADD_SCALAR -> each(a, x -> x + in.scalar());
      case MULTIPLY_SCALAR -> each(a, x -> x * in.scalar());
      case ADD_PLAIN -> sum(a, period(in));
      case MULTIPLY_PLAIN -> in.type().encoding() == Encoding.SLOTS
          ? product(a, period(in))
          : CoefficientMath.product(a, (Constant.Vector) program.constants().get(in.constant()));
      case EXTRACT -> CoefficientMath.extracted(a, (Indexes) program.constants().get(in.constant()));
      case ROTATE -> rotate(a, in.steps() * rows);
      case ROTATE_SUM -> rotateSum(a, in.steps() * rows, in.count());
      case ROTATE_MEAN -> each(rotateSum(a, in.steps() * rows, in.count()), x -> x / in.count());
      case LINEAR_TRANSFORM -> program.constants().get(in.constant()) instanceof Diagonals diagonals
          ? maps.computeIfAbsent(in.constant(), id -> SparseRows.of(diagonals)).product(a, rows)
          : linearTransform((Constant.Matrix) program.constants().get(in.constant()), a);
      case POLYNOMIAL -> {
        Constant.Polynomial polynomial = (Constant.Polynomial) program.constants().get(in.constant());
        yield polynomial.evaluate(a);
      }
      default -> throw new UnsupportedException("op " + in.op() + " is not implemented in this version");
    };
  }

  private static double[] complex(double[] real, double[] imaginary) {
    double[] both = Arrays.copyOf(real, real.length + imaginary.length);
    System.arraycopy(imaginary, 0, both, real.length, imaginary.length);
    return both;
  }

  private interface Unary {
    double of(double x);
  }

  private static double[] each(double[] a, Unary f) {
    double[] result = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      result[i] = f.of(a[i]);
    }
    return result;
  }

  // Loops of one kind each, over one index where the lengths are equal: the compiler makes vectors of these.

  private static double[] sum(double[] a, double[] b) {
    double[] result = new double[Math.max(a.length, b.length)];
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

  private static double[] product(double[] a, double[] b) {
    double[] result = new double[Math.max(a.length, b.length)];
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

  private double[] period(Instruction in) {
    Constant.Vector vector = (Constant.Vector) program.constants().get(in.constant());
    double[] values = Arrays.copyOf(vector.values(), vector.period());
    if (rows == 1) {
      return values;
    }
    double[] result = new double[values.length * rows];
    for (int slot = 0; slot < values.length; slot++) {
      Arrays.fill(result, slot * rows, (slot + 1) * rows, values[slot]);
    }
    return result;
  }

  private static double[] rotate(double[] a, int steps) {
    int start = steps & (a.length - 1);
    double[] result = new double[a.length];
    System.arraycopy(a, start, result, 0, a.length - start);
    System.arraycopy(a, 0, result, a.length - start, start);
    return result;
  }

  private static double[] rotateSum(double[] a, int step, int count) {
    double[] result = a;
    for (int i = 1; i < count; i *= 2) {
      result = sum(result, rotate(result, step * i));
    }
    boolean wholePeriod = Integer.bitCount(step) == 1 && step < a.length && (long) step * count >= a.length;
    return wholePeriod ? Arrays.copyOf(result, step) : result;
  }

  /** z[j] = sum over d of W[j mod outPeriod][(j+d) mod inPeriod] * x[j+d]; has the largest of the three periods. */
  private double[] linearTransform(Constant.Matrix matrix, double[] x) {
    int diagonals = matrix.diagonals();
    int inMask = matrix.inPeriod() - 1;
    int outMask = matrix.outPeriod() - 1;
    double[] z = new double[Math.max(x.length, rows * Math.max(matrix.inPeriod(), matrix.outPeriod()))];
    for (int i = 0; i < z.length; i++) {
      int j = i / rows;
      int row = j & outMask;
      if (row < matrix.rows()) {
        double sum = 0;
        for (int d = 0; d < diagonals; d++) {
          int col = (j + d) & inMask;
          if (col < matrix.cols()) {
            sum += matrix.at(row, col) * x[(i + d * rows) & (x.length - 1)];
          }
        }
        z[i] = sum;
      }
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

  private static double[] tile(double[] period, int length) {
    double[] all = new double[length];
    for (int start = 0; start < length; start += period.length) {
      System.arraycopy(period, 0, all, start, Math.min(period.length, length - start));
    }
    return all;
  }
}
