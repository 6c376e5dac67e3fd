// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/**
 * How the answers of a model hide its weights from the client, beyond what their values say.
 *
 * <p>The client's request ends with a seeded encryption of zero under its key. The host adds a random multiple of it to each answer,
 * and to the first part noise ({@link Op#FLOOD}): the second part is then as good as uniform, and the client, who knows its key
 * and its own encryption errors, learns the answer's values and rounded Gaussian noise that hides all that the weights made of
 * these errors. The noise's deviation is {@link Sharing#factor} times the bound of what it hides (Li, Micciancio, Schultz and
 * Sorrell, eprint 2022/816). It holds against clients that encrypt as the SDK does; whatever they send, the second part hides
 * the weights.
 *
 * @param answers how many answers it holds for, all clients together, 1..2^40
 * @param statisticalBits bits of statistical security over all of them together, 10..128
 * @param floodBits the flooding of each answer; see {@link #deviation}; 0 where it is not chosen yet
 */
public record ModelPrivacy(long answers, int statisticalBits, int floodBits) {
  /** The most bits of flooding. */
  public static final int MAX_FLOOD_BITS = 100;

  /** Bits that a modulus keeps above the flooding's deviation: for its largest coefficient, and for the checks of answers. */
  private static final double ROOM = 7;

  private static final double SIGMA = 3.19;

  /** Validates. */
  public ModelPrivacy {
    Signature.require(answers >= 1 && answers <= Sharing.MAX_RESULTS, "private answers are %d, needs 1..%d", answers, Sharing.MAX_RESULTS);
    Signature.require(
        statisticalBits >= 10 && statisticalBits <= 128, "statistical bits of private answers are %d, needs 10..128", statisticalBits);
    Signature.require(floodBits >= 0 && floodBits <= MAX_FLOOD_BITS, "flooding of %d bits, at most %d", floodBits, MAX_FLOOD_BITS);
  }

  /** Returns the deviation of flooding of so many bits, 1..{@value #MAX_FLOOD_BITS}, in units of the last place. */
  public static double deviation(int bits) {
    return SIGMA * Math.sqrt((Math.scalb(1.0, 2 * bits) - 1) / 3);
  }

  /**
   * Returns a copy with the least flooding that hides noise.
   *
   * @param bound of the noise of one coefficient, in units of the last place; or of the Euclidean norm of all that the client reads, which
   *     then count as one
   * @param coefficients of one answer that the client reads
   * @throws IllegalArgumentException if it takes more than {@value #MAX_FLOOD_BITS} bits
   */
  public ModelPrivacy hiding(double bound, int coefficients) {
    double deviation = new Sharing(answers, statisticalBits, 0).factor(coefficients) * bound;
    int bits = 1;
    while (bits < MAX_FLOOD_BITS && deviation(bits) < deviation) {
      bits++;
    }
    Signature.require(deviation(bits) >= deviation, "flooding of a deviation of %.3g takes more than %d bits", deviation, MAX_FLOOD_BITS);
    return new ModelPrivacy(answers, statisticalBits, bits);
  }

  /**
   * Checks that a level has room for the flooding.
   *
   * @throws IllegalArgumentException with both numbers, if not
   */
  public void requireRoom(Parameters parameters, int level) {
    requireFits(floodBits, parameters, level);
  }

  /** Checks that the scalar of a FLOOD is a whole number of bits that a level has room for. */
  static void requireFits(double bits, Parameters parameters, int level) {
    Signature.require(
        bits >= 1 && bits <= MAX_FLOOD_BITS && bits == Math.rint(bits), "flooding of %s bits, must be a whole number in 1..%d", bits,
        MAX_FLOOD_BITS);
    double most = parameters.logQ(level) - ROOM;
    Signature.require(
        Math.log(deviation((int) bits)) / Math.log(2) <= most, "flooding of %.0f bits at level %d, whose modulus has room for a deviation of"
            + " %.1f bits", bits, level, most);
  }

  /**
   * Checks that an answer is flooded as a signature says, by the encryption of zero, and that what follows does not undo it; or that it is
   * not where the signature says nothing of it.
   *
   * @param privacy what the signature says; may be null
   * @param value the value that an output, or an extraction before it, takes
   * @param zero number of the input that is the encryption of zero
   */
  static void requireFlooding(ModelPrivacy privacy, Program program, int value, int zero) {
    Instruction in = program.instructions().get(value);
    while (in.op() == Op.ADD_PLAIN || in.op() == Op.RESCALE) {
      in = program.instructions().get(in.argument(0));
    }
    if (privacy != null) {
      Signature.require(
          in.op() == Op.FLOOD && in.scalar() == privacy.floodBits() && program.instructions().get(in.argument(1)).index() == zero,
          "signature says answers flooded by %d bits under input %d, the program gives the value of %s", privacy.floodBits(), zero, in.op());
    } else {
      Signature.require(in.op() != Op.FLOOD, "the program floods answers, the signature says nothing of it");
    }
  }
}
