// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;

/**
 * Hides in an answer of the latency packing what weights made of its noise, right before its last rescale, where the modulus has room.
 *
 * <p>First each value's copies are replaced by their mean: what differs between them cancels, in all coefficients but 2 period, and the
 * noise that is left to hide is that of means, smaller by the root of the copies. Then the answer is re-randomised and flooded. The
 * client reads every coefficient, so what the flooding hides is measured by the Euclidean norm of the noise over all of them, which is
 * the scale times the root mean square of its slots. How far answers of different weights can be told apart (their divergence, eprint
 * 2022/816) grows with the mean square of that norm, so it is the deviation that counts, with {@link NoiseModel#SAFETY} for rows that
 * are worse than the sample rows, and not a bound of the largest noise. It is a share of what the noise model adds up: see
 * {@link dev.tacet.compiler.internal.simulate.HiddenNoise}.
 */
final class AnswerHider {
  /** A deviation that no answer survives. */
  private static final double HOPELESS = 1e6;

  private final ProgramBuilder builder;
  private final Parameters parameters;
  private final NoiseModel noise;
  private final ModelPrivacy asked;
  private final double share;
  private final ProgramBuilder.Value zero;

  /**
   * Makes one.
   *
   * @param plan says for how many answers and bits it is to hold, and the share
   * @param zero the client's encryption of zero, an input of the level before the last rescale
   */
  AnswerHider(ProgramBuilder builder, NoiseModel noise, Plan plan, ProgramBuilder.Value zero) {
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
    this.asked = plan.privacy();
    this.share = plan.hiddenShare();
    this.zero = zero;
  }

  /**
   * An answer that is hidden.
   *
   * @param sum the answer, with the noise of a mean as the one that all copies have alike
   * @param privacy with its flooding
   * @param modelled the deviation of what is hidden as the noise model adds it up, in slot units, both parts of complex slots
   * @param deviation of the flooding in the real part of the mean of a value's copies, in slot units; {@link #HOPELESS} where the level has
   *     no room for it and there is less
   */
  record Hidden(FormEmitter.Sum sum, ModelPrivacy privacy, double modelled, double deviation) {}

  /** Hides. */
  Hidden hide(FormEmitter.Sum sum) {
    int period = sum.out().period();
    int copies = parameters.slots() / period;
    ProgramBuilder.Value value = sum.value();
    double logScale = value.scale().log2(parameters);
    double variance = sum.variance() / copies + sum.common();
    if (copies > 1) {
      value = builder.rotateMean(value, period);
      variance += (copies - 1) * FormEmitter.square(noise.keySwitch(value.level(), logScale));
    }
    double ofZero = noise.fresh(logScale);  // of a re-randomisation, as of an encryption under a public key
    double bound = NoiseModel.SAFETY * Math.hypot(share * Math.sqrt(variance), ofZero)
        * Math.pow(2, logScale);
    ModelPrivacy privacy;
    double deviation;
    try {
      privacy = asked.hiding(bound, 1);
      privacy.requireRoom(parameters, value.level());
      deviation = ModelPrivacy.deviation(privacy.floodBits()) * Math.sqrt(period) * Math.pow(2, -logScale);
    } catch (IllegalArgumentException tooMuch) {  // these parameters are not precise enough, whatever else they are
      privacy = new ModelPrivacy(asked.answers(), asked.statisticalBits(), 1);
      deviation = HOPELESS;
    }
    return new Hidden(sum.with(builder.flood(value, zero, privacy.floodBits()), 0, variance + FormEmitter.square(ofZero)), privacy,
        Math.sqrt(variance), deviation);
  }
}
