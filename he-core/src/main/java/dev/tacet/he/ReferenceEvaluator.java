// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.List;

/**
 * Runs a {@link Program} in the clear on doubles: the oracle of the tests, the calibrator of activations, the simulator.
 *
 * <p>Slots are real. A value is kept as one period of its slots, so the cost of an op is that of its period, not of the ring. A value
 * in coefficients is kept as all N of them; those that were not extracted are zeros.
 */
public final class ReferenceEvaluator {
  private ReferenceEvaluator() {}

  /**
   * Runs a program.
   *
   * @param inputSlots for each input, arrays element after element, the slots, or one period of them (a power of two that
   *     divides the slots); in coefficients at most N of these, the others are zeros
   * @return for each output, arrays element after element, all slots, or all coefficients; of {@link Op#COMPLEX} the real parts of all
   *     slots and then the imaginary ones
   * @throws IllegalArgumentException if the number or length of the inputs does not fit
   */
  public static List<double[]> run(Program program, List<double[]> inputSlots) {
    return run(program, inputSlots, null);
  }

  /** Sees the slots of every value, one period of them, as the program runs; where values are disturbed, during the call only. */
  public interface Observer {
    /**
     * Called after each instruction, for an array once for each element, in order.
     *
     * @param id the instruction's id
     * @param period one period of the slots; not to be changed
     */
    void value(int id, double[] period);
  }

  /** Adds to values what the engine's arithmetic adds to them: the noise of encryption, rounding and keys. */
  public interface Disturbance {
    /**
     * Called after each instruction, for an array once for each element, in order. Arrays are valid during the call only.
     *
     * @param id the instruction's id
     * @param argument one period of the slots of the first argument's element; null for an input and for a product of arrays; may be
     *     the array {@code exact}, where an op does not change what is encrypted
     * @param exact one period of the slots of the result
     * @param own whether {@code exact} may be changed and returned: no other value needs it
     * @return one period of the slots with which the program goes on; may be {@code exact}
     */
    double[] disturb(int id, double[] argument, double[] exact, boolean own);
  }

  /**
   * Runs a program and shows every value.
   *
   * @param observer sees each value; may be null
   */
  public static List<double[]> run(Program program, List<double[]> inputSlots, Observer observer) {
    return run(program, inputSlots, observer, null);
  }

  /**
   * Runs a program, disturbs every value and shows it after that.
   *
   * @param observer sees each value; may be null
   * @param disturbance changes each value; may be null
   */
  public static List<double[]> run(Program program, List<double[]> inputSlots, Observer observer, Disturbance disturbance) {
    return new InterleavedEvaluator(program).run(inputSlots, observer, disturbance);
  }
}
