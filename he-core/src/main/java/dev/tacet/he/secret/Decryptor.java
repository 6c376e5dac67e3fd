// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Parameters;
import dev.tacet.he.Plaintext;
import dev.tacet.he.internal.Engine;

/**
 * Decrypts. CKKS results carry noise that depends on the key: numbers from here are for the key's owner, not for whoever can
 * influence the computation.
 */
public final class Decryptor {
  private final SecretKey key;

  /** Makes a decryptor; the key must stay open. */
  public Decryptor(SecretKey key) {
    this.key = key;
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
}
