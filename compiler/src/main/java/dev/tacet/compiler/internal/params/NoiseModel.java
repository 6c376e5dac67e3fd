// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;

/**
 * Standard deviations of CKKS noise in one slot, in slot units (relative to a scale), under the heuristic that coefficients are
 * independent: a coefficient error of deviation s is a slot error of s * sqrt(N).
 *
 * <p>A ring of type CONJUGATE_INVARIANT is the subring of the standard ring of degree 2N that conjugation leaves alone: coefficient
 * i stands for X^i + X^-i, and all formulas hold with 2N in the place of N, for the encoding of a period alone with N.
 *
 * <p>Secret: uniform ternary (variance 2/3); error: sigma = 3.19 (eprint 2024/463).
 */
public final class NoiseModel {
  /** The encoder's integers stay below 2^53. */
  private static final int MAX_LOG_INPUT_SCALE = 50;

  /** Weights keep at least this many bits. */
  private static final int LEAST_LOG_WEIGHT_SCALE = 16;

  /** Standard deviation of encryption errors. */
  static final double SIGMA = 3.19;

  /** A slot error beyond this many standard deviations does not occur (once in 10^15 slots at 8). */
  public static final double DEVIATIONS = 8;

  /** What checks allow for on top of the model: its formulas are heuristic. */
  public static final double SAFETY = 4;

  /**
   * What the bound of an answer allows for on top of the model. The largest noise over all slots of models in the zoo, run on the
   * engine, was one quarter of DEVIATIONS * SAFETY deviations; this allows for twice that. A wider bound leaves labels undecided.
   */
  public static final double ANSWER_SAFETY = 2;

  /**
   * The largest {@link #polynomialTail} at which a polynomial is evaluated: there a few copies of a value are off by tenths, which
   * their mean hides and the checks of single slots allow for. Twice that is a hundred times that a bit of scale later.
   */
  public static final double MOST_TAIL = 0.6;

  private final Parameters parameters;
  private final double n;
  private final int rows;

  /** Makes the model for a parameter set. */
  public NoiseModel(Parameters parameters) {
    this(parameters, 1);
  }

  /**
   * Makes the model for a parameter set.
   *
   * @param rows rows that lie side by side: a period, in places, has so many times as many slots
   */
  public NoiseModel(Parameters parameters, int rows) {
    this.rows = rows;
    this.parameters = parameters;
    this.n = parameters.ringType() == RingType.STANDARD ? parameters.ringDegree() : 2.0 * parameters.ringDegree();
  }

  /** Returns the deviation of a fresh ciphertext under the public key, the noisier of the two kinds of encryption. */
  public double fresh(double logScale) {
    return SIGMA * Math.sqrt(n * (4 * n / 3 + 1)) * Math.pow(2, -logScale);
  }

  /** Returns the deviation of flooding of so many bits. */
  public double flooding(int bits, double logScale) {
    return Math.sqrt(n) * ModelPrivacy.deviation(bits) * Math.pow(2, -logScale);
  }

  /** Returns the deviation of a ciphertext that was encrypted under the secret key, as clients do. */
  public double freshSecret(double logScale) {
    return SIGMA * Math.sqrt(n) * Math.pow(2, -logScale);
  }

  /** Returns the deviation that a rescale of two or three components adds, at the scale after it. */
  public double rescale(int components, double logScale) {
    double square = components == 3 ? 4 * n * n / 9 : 0;
    return Math.sqrt(n / 12 * (1 + 2 * n / 3 + square)) * Math.pow(2, -logScale);
  }

  /** Returns the deviation that a rescale adds, at the scale after it. */
  public double rescale(double logScale) {
    return Math.sqrt(n / 12 * (1 + 2 * n / 3)) * Math.pow(2, -logScale);
  }

  /** Returns the deviation that a key switch adds. */
  public double keySwitch(int level, double logScale) {
    return Math.hypot(keyProduct(level, logScale), rescale(logScale));
  }

  /** Returns the deviation that the errors of a key add, without the rounding of the division that ends a key switch. */
  public double keyProduct(int level, double logScale) {
    double digits = 0;
    for (int j = 0; j < parameters.digits(level); j++) {
      double bits = 0;
      for (int i = j * parameters.digitSize(); i < Math.min((j + 1) * parameters.digitSize(), level + 1); i++) {
        bits += log2(parameters.modulus(i));
      }
      digits += Math.pow(2, 2 * (bits - parameters.logQP() + parameters.logQ()));
    }
    return n * SIGMA * Math.sqrt(digits / 12) * Math.pow(2, -logScale);
  }

  /** Returns the deviation of an encoded plaintext's rounding: slots of a period come from twice as many coefficients
   * in the standard ring, and from as many that weigh twice in the other. */
  public double encode(int period, double logScale) {
    return Math.sqrt(rows * (double) period / 6.0) * Math.pow(2, -logScale);
  }

  /**
   * Returns log2 of the scale at which inputs are encrypted: above the scale of the program, so that the noise of encryption is
   * no more than the rounding of the first layer's weights, whose plaintext scale is lower by as much.
   */
  public int logInputScale(int period) {
    double fresh = Math.log(fresh(0)) / Math.log(2);
    double rounding = Math.log(encode(period, 0) * Math.sqrt(period)) / Math.log(2);
    int logScale = parameters.logScale();
    double room = log2(parameters.modulus(parameters.maxLevel())) - logScale;
    int raised = logScale + (int) Math.max(0, Math.floor((fresh - rounding + room) / 2));
    return Math.min(raised, Math.min(MAX_LOG_INPUT_SCALE, 2 * logScale - LEAST_LOG_WEIGHT_SCALE));
  }

  /**
   * Returns the deviation that the evaluation of a polynomial adds beside what its slope does to the input's error.
   *
   * <p>T_i is computed in log2(i) steps T_2k = 2*T_k^2 - 1, each of which rounds anew and doubles what it got; the measured
   * growth over random inputs is close to i.
   *
   * @param coefficients in the Chebyshev basis
   */
  public double polynomial(double[] coefficients, double logScale) {
    double sum = 1;
    for (int i = 1; i < coefficients.length; i++) {
      sum += Math.pow(coefficients[i] * i, 2);
    }
    return 3 * rescale(logScale) * Math.sqrt(sum);
  }

  /**
   * As {@link #polynomial}, where the worst of thousands of slots counts. At y = cos(t) the slope of T_m is m sin(mt)/sin(t): about m,
   * but m^2 where y comes near an end, and its mean square over t is m^3. Any T_k(x) of the evaluation may be such a y.
   */
  public double polynomialOfMany(double[] coefficients, double logScale) {
    double sum = 1;
    for (int i = 1; i < coefficients.length; i++) {
      sum += Math.pow(coefficients[i], 2) * Math.pow(i, 3);
    }
    return 6 * rescale(logScale) * Math.sqrt(sum);
  }

  /**
   * Returns how far the worst of 10^5 slots of a polynomial's result may be off. Near 0, T_2 is -1: where its noise d brings it beyond,
   * T_m(x) = T_{m/2}(T_2(x)) is no longer a cosine but cosh(m/2 sqrt(2d)), which grows without bounds. Of 16 rescale errors as the
   * largest d, this was 2 to 10 times what the engine showed, of degrees from 126 to 510 at scales from 2^24 to 2^30.
   *
   * @param coefficients in the Chebyshev basis
   */
  public double polynomialTail(double[] coefficients, double logScale) {
    double angle = Math.sqrt(2 * 16 * rescale(logScale)) / 2;
    double sum = 0;
    for (int i = 2; i < coefficients.length; i++) {
      sum += coefficients[i] == 0 ? 0 : Math.abs(coefficients[i]) * (Math.cosh(i * angle) - 1);
    }
    return sum;
  }

  /**
   * Returns the part of a deviation that the real part of a slot has: half of the variance in the standard ring, whose slots are
   * complex.
   */
  public double realPart() {
    return parameters.ringType() == RingType.STANDARD ? Math.sqrt(0.5) : 1;
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }
}
