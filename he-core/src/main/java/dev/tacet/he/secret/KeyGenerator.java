// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.internal.Engine;
import java.nio.ByteBuffer;

/** Makes the public and evaluation keys of a secret key, each with fresh seeds. Safe to use from many threads. */
public final class KeyGenerator {
  private final SecretKey key;

  /** Makes a generator; the key must stay open. */
  public KeyGenerator(SecretKey key) {
    this.key = key;
  }

  /** Returns a new public key. */
  public PublicKey publicKey() {
    return new PublicKey(key.context(), Engine.publicKey(key));
  }

  /**
   * Returns the EVALUATION_KEY blob of a new key, in direct memory.
   *
   * @throws IllegalArgumentException if the Galois element is neither 0 nor one of the ring (Parameters.isGaloisElement), if the level is not in the chain, or if
   *     the parameters have no special primes
   */
  public ByteBuffer evaluationKey(KeyRequirement requirement) {
    return evaluationKey(requirement.galoisElement(), requirement.level());
  }

  /** As {@link #evaluationKey(KeyRequirement)}; element 0 is relinearization. */
  public ByteBuffer evaluationKey(long galoisElement, int level) {
    Parameters parameters = key.context().parameters();
    if (galoisElement < 0 || galoisElement >= parameters.galoisModulus()) {
      throw new IllegalArgumentException(
          "Galois element " + galoisElement + " is outside 0.." + (parameters.galoisModulus() - 1));
    }
    if (level < 0 || level > parameters.maxLevel()) {
      throw new IllegalArgumentException("level " + level + " is outside 0.." + parameters.maxLevel());
    }
    return Engine.evaluationKey(key, (int) galoisElement, level);
  }
}
