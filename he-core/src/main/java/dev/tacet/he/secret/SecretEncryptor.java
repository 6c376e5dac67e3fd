// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Plaintext;
import dev.tacet.he.Scale;
import dev.tacet.he.internal.Engine;

/** Encrypts under the secret key: half the bytes and less noise than under the public key. Safe to use from many threads. */
public final class SecretEncryptor {
  private final SecretKey key;

  /** Makes an encryptor; the key must stay open. */
  public SecretEncryptor(SecretKey key) {
    this.key = key;
  }

  /**
   * Encodes and encrypts real slots with fresh seeds.
   *
   * @throws IllegalArgumentException naming the slot and the bound for NaN, infinity or overflow, or for a bad level or scale
   */
  public Ciphertext encrypt(double[] slots, int level, Scale scale) {
    try (Plaintext plaintext = Plaintext.encode(key.context(), slots, level, scale)) {
      return encrypt(plaintext);
    }
  }

  /** Encrypts a plaintext with fresh seeds. */
  public Ciphertext encrypt(Plaintext plaintext) {
    return new Ciphertext(key.context(), Engine.encryptSecret(key, plaintext));
  }
}
