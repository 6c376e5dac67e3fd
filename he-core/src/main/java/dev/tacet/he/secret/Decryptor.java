// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Parameters;
import dev.tacet.he.Plaintext;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import dev.tacet.he.UnsupportedException;
import dev.tacet.he.internal.Engine;
import java.security.SecureRandom;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Decrypts. CKKS results carry noise that depends on the key: numbers from here are for the key's owner, not for whoever can
 * influence the computation. What such people may see comes from {@link #decryptForSharing}.
 */
public final class Decryptor {
  /** log2 of the flooding's deviation in steps of the grid that flooded values lie on. */
  private static final int LOG_STEPS = 20;

  /** A flooding of more than this part of a value's own bound is no reserve. */
  private static final double LARGEST_FLOODING = 1.0 / 16;

  private final SecretKey key;
  private final DiscreteGaussian gaussian;
  private final AtomicLong shared = new AtomicLong();

  /** Makes a decryptor; the key must stay open. */
  public Decryptor(SecretKey key) {
    this(key, new SecureRandom());
  }

  /** Makes a decryptor whose flooding is drawn from a generator with a seed, in tests. */
  Decryptor(SecretKey key, Random random) {
    this.key = key;
    this.gaussian = new DiscreteGaussian(random);
  }

  /**
   * Decrypts and decodes.
   *
   * @throws IllegalArgumentException if the ciphertext was made under other parameters
   */
  public Decrypted decrypt(Ciphertext ciphertext) {
    try (Plaintext plaintext = decryptToPlaintext(ciphertext)) {
      Plaintext.Decoded decoded = plaintext.decode();
      Parameters parameters = ciphertext.context().parameters();
      double log2Base = Math.log(parameters.modulus(0)) / Math.log(2);
      double fraction = Math.pow(2, decoded.coefficientLog2() + 3 - log2Base);
      return new Decrypted(decoded.real(), decoded.imaginary(), fraction);
    }
  }

  /**
   * Decrypts an output's values for others to see: checks the answer, then floods its noise, so that what is left of the noise that
   * depends on the key says next to nothing about it.
   *
   * <p>The values are rounded to a grid of 2^-20 of the flooding's deviation and get exact discrete Gaussian noise in its steps.
   * A failed check throws to the caller, who keeps that to himself as with {@link #decrypt}. One call is one shared result; this
   * decryptor refuses to make more than the signature allows, and whoever has several under one key counts them together.
   *
   * @param output a VALUE output of the signature, which the ciphertext answers
   * @return one number per value and the bounds of their errors
   * @throws UnsupportedException if the model was compiled without a reserve for sharing, or its noise leaves none, or all results
   *     that it allows have been shared
   * @throws dev.tacet.he.AnswerCheckException if the answer fails a check
   */
  public Shared decryptForSharing(Ciphertext ciphertext, Signature signature, CipherOutput output) {
    Sharing sharing = signature.sharing().orElseThrow(() -> new UnsupportedException(
        "model " + signature.model() + " has no reserve for sharing: its decrypted values are for the key's owner alone. Compile it"
            + " with a number of results to share"));
    if (output.kind() != CipherOutput.Kind.VALUE || !signature.cipherOutputs().contains(output)) {
      throw new IllegalArgumentException("output " + output.name() + " is no VALUE output of model " + signature.model());
    }
    double[] deviations = new double[output.count()];
    for (int i = 0; i < deviations.length; i++) {
      deviations[i] = sharing.deviation(output, i, signature.values());
      if (deviations[i] > LARGEST_FLOODING * Math.abs(output.factor()[i]) * Math.max(1, output.bound())) {
        throw new UnsupportedException(
            "output " + output.name() + ": flooding of deviation " + deviations[i] + " would drown value " + i + ", whose bound is "
                + Math.abs(output.factor()[i]) * Math.max(1, output.bound()) + "; its noise leaves no reserve for sharing");
      }
    }
    if (shared.incrementAndGet() > sharing.results()) {
      throw new UnsupportedException("all " + sharing.results() + " results that model " + signature.model()
          + " may share under one key have been shared; make a new key");
    }
    Decrypted decrypted = decrypt(ciphertext);
    double[] errorBounds = output.errorBounds();
    double[] values = signature.unpack(output, decrypted.real(), decrypted.imaginary(), decrypted.coefficientFraction());
    for (int i = 0; i < values.length; i++) {
      double offset = output.offset()[i];
      values[i] = deviations[i] == 0 ? values[i] : offset + flooded(values[i] - offset, deviations[i]);
      errorBounds[i] += Sharing.DEVIATIONS * deviations[i];
    }
    return new Shared(values, errorBounds);
  }

  private double flooded(double value, double deviation) {
    double step = Math.scalb(1.0, Math.getExponent(deviation) - LOG_STEPS);
    long sigma = (long) Math.ceil(deviation / step);
    return (Math.rint(value / step) + gaussian.sampleVariableTime(sigma)) * step;
  }

  /** Decrypts without decoding. */
  public Plaintext decryptToPlaintext(Ciphertext ciphertext) {
    return new Plaintext(ciphertext.context(), Engine.decrypt(key, ciphertext));
  }

  /**
   * A decrypted result.
   *
   * @param real one number per slot (or per coefficient)
   * @param imaginary one number per slot, close to zero for real computations; none for coefficients
   * @param coefficientFraction largest coefficient times 8 over q_0: above 1 the result overflowed, or the key is not the one it
   *     was encrypted for
   */
  public record Decrypted(double[] real, double[] imaginary, double coefficientFraction) {}

  /**
   * A result that others may see.
   *
   * @param values one number per value of the output, flooded
   * @param errorBounds bound of the error of each, the flooding included
   */
  public record Shared(double[] values, double[] errorBounds) {}
}
