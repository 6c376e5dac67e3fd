// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;

/** Encrypts under a public key. Safe to use from many threads; the key must stay open. */
public final class Encryptor {
  private final Context context;
  private final PublicKey key;

  /**
   * Makes an encryptor.
   *
   * @throws IllegalArgumentException if the key was made for other parameters
   */
  public Encryptor(Context context, PublicKey key) {
    if (!context.parameters().equals(key.context().parameters())) {
      throw new IllegalArgumentException(
          "the public key is for parameters " + key.context().parameters().hashHex() + ", the context has "
              + context.parameters().hashHex());
    }
    this.context = context;
    this.key = key;
  }

  /**
   * Encodes and encrypts real slots with fresh randomness.
   *
   * @throws IllegalArgumentException naming the slot and the bound for NaN, infinity or overflow, or for a bad level or scale
   */
  public Ciphertext encrypt(double[] slots, int level, Scale scale) {
    try (Plaintext plaintext = Plaintext.encode(context, slots, level, scale)) {
      return encrypt(plaintext);
    }
  }

  /** Encrypts a plaintext with fresh randomness. */
  public Ciphertext encrypt(Plaintext plaintext) {
    return new Ciphertext(context, Engine.encryptPublic(key, plaintext));
  }
}
