// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

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
    return new InterleavedRun(program, rows, maps, observer, disturbance).of(inputSlots);
  }

  static double[] tile(double[] period, int length) {
    double[] all = new double[length];
    for (int start = 0; start < length; start += period.length) {
      System.arraycopy(period, 0, all, start, Math.min(period.length, length - start));
    }
    return all;
  }
}
