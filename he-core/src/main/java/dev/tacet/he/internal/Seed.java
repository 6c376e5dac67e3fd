// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * 32 fresh bytes from the platform's CSPRNG in a direct buffer, wiped on close. Each is drawn independently: nothing secret is
 * derived from a seed that leaves the process. Two types keep the uses apart.
 */
abstract sealed class Seed implements AutoCloseable {
  private static final int BYTES = 32;

  final ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES);

  private Seed() {
    byte[] drawn = new byte[BYTES];
    Random.SOURCE.nextBytes(drawn);
    bytes.put(0, drawn);
    Arrays.fill(drawn, (byte) 0);
  }

  /** Overwrites the bytes with zeros. */
  @Override
  public final void close() {
    for (int i = 0; i < BYTES; i++) {
      bytes.put(i, (byte) 0);
    }
  }

  /** Expands to a uniform half; travels inside the ciphertext or key it was drawn for. */
  static final class Public extends Seed {}

  /** Expands to a secret key, errors or encryption randomness; never serialized, but for the secret key's own export. */
  static final class Secret extends Seed {}

  private static final class Random {
    static final SecureRandom SOURCE = new SecureRandom();
  }
}
