// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.simulate;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import dev.tacet.he.RingType;
import dev.tacet.he.RowPacking;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What noise may do to a decrypted value: the bound that answers carry, and that of the client's checks of single slots.
 *
 * <p>While parameters are chosen, noise is added up by the largest row of each matrix and the steepest slope of each function,
 * since that takes no run; the bound of deep or wide models comes out many times too large. Of the program chosen, noise is drawn
 * and carried by the program itself, from rows encrypted under the public key, the noisier kind. Not where functions are fitted: the tails
 * of their noise are heavier than what is drawn, and the fit's error is the larger one.
 *
 * @param bound of the error that noise makes in a decrypted value, in its units: exceeded by less than one in {@link #NUMBERS}
 *     numbers, times {@link #SAFETY}
 * @param slotError of one slot of the VALUE output, in slot units
 * @param guardError what the slots of guards are allowed at least
 */
public record AnswerNoise(double bound, double slotError, double guardError) {
  /** One number in so many exceeds the bound if the noise drawn is that of the engine. */
  public static final long NUMBERS = 1_000_000_000;

  /** What the bound allows for on top: deviations are measured over few runs, and formulas for single operations are heuristic. */
  public static final double SAFETY = 1.5;

  /**
   * A slot beyond so many deviations fails the client's checks: of Laplace's distribution, one in 10^14. Real slots' errors, products of
   * two normal numbers, have the heavier tails.
   */
  private static final double SLOT_DEVIATIONS = 24;

  private static final double REAL_SLOT_DEVIATIONS = 32;

  /** The part of {@link NoiseModel#polynomialTail}, which is a bound of several times what is seen, that guards allow for. */
  private static final double GUARD_SHARE = 0.25;

  /** The most that they allow for on its account: a guard is to tell whether a slot left [-1, 1]. */
  private static final double MOST_GUARD_ERROR = 0.125;

  /** Deviations of numbers are measured over at least so many errors, and over at least {@link #LEAST_RUNS} runs. */
  private static final int ERRORS = 48;

  private static final int LEAST_RUNS = 12;

  /** Draws noise for a program. */
  public static AnswerNoise of(Emission emission, RowPacking packing, List<double[]> rows) {
    CipherOutput value = emission.outputs().get(0);
    double added = emission.noiseBound(NoiseModel.ANSWER_SAFETY);
    if (emission.privacy() != null) {
      return new AnswerNoise(added, value.slotError(), 0);
    }
    double ofMany = ofMany(emission.program());
    if (ofMany > 0 && packing == RowPacking.LATENCY) {
      double most = Math.max(1, value.bound()) / 4;
      double tail = tail(emission.program());
      return new AnswerNoise(added, Math.max(value.slotError(), Math.min(most, Math.max(tail, ofMany * value.slotError()))),
          Math.min(MOST_GUARD_ERROR, GUARD_SHARE * tail));
    }
    if (ofMany > 0 || packing == RowPacking.COEFFICIENT) {
      return new AnswerNoise(added, value.slotError(), 0);
    }
    int runs = Math.max(LEAST_RUNS, ERRORS / value.count());
    NoiseTrial trial = NoiseTrial.run(emission.program(), emission.inputs(), emission.outputs(), packing, rows,
        ProgramNoise.Encryption.PUBLIC_KEY, runs, Map.of());
    boolean complex = emission.program().parameters().ringType() == RingType.STANDARD;
    double slotError = packing == RowPacking.LATENCY
        ? (complex ? SLOT_DEVIATIONS : REAL_SLOT_DEVIATIONS) * trial.slot() : value.slotError();
    return new AnswerNoise(
        Math.min(added, SAFETY * trial.answers().largest(NUMBERS)), Math.min(value.slotError(), slotError), 0);
  }

  /** How many times larger the worst of thousands of slots' noise is than a polynomial's usual noise; 0 where nothing is fitted. */
  private static double ofMany(Program program) {
    NoiseModel model = new NoiseModel(program.parameters());
    return largest(program, coefficients -> model.polynomialOfMany(coefficients, 0) / model.polynomial(coefficients, 0));
  }

  /** What the worst of all slots may be off by where a polynomial leaves the cosine's range. */
  private static double tail(Program program) {
    NoiseModel model = new NoiseModel(program.parameters());
    return largest(program, coefficients -> model.polynomialTail(coefficients, program.parameters().logScale()));
  }

  private static double largest(Program program, ToDoubleFunction<double[]> ofPolynomial) {
    double largest = 0;
    for (Instruction in : program.instructions()) {
      if (in.op() == Op.POLYNOMIAL) {
        Constant.Polynomial polynomial = (Constant.Polynomial) program.constants().get(in.constant());
        largest = Math.max(largest, ofPolynomial.applyAsDouble(polynomial.coefficients()));
      }
    }
    return largest;
  }
}
