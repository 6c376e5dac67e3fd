// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Binds an answer to the request that it answers: both sides hash what was asked, the host hashes what it ran. It finds faults
 * (an answer of another row, model or key set), not a host that lies.
 */
public final class RequestDigest {
  private RequestDigest() {}

  /**
   * Returns the 32 bytes of {@code InferResponse.request_sha256}.
   *
   * @param signatureSha256 lower-case hexadecimal
   * @param version the version that runs, never empty
   * @param keySetId lower-case hexadecimal, or empty when the program needs no key
   * @param ciphertexts CIPHERTEXT blobs in the order of the program's inputs; positions are not moved
   */
  public static byte[] of(String signatureSha256, String version, String keySetId, Iterable<ByteBuffer> ciphertexts) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
    digest.update(signatureSha256.getBytes(StandardCharsets.UTF_8));
    add(digest, ByteBuffer.wrap(version.getBytes(StandardCharsets.UTF_8)));
    add(digest, ByteBuffer.wrap(keySetId.getBytes(StandardCharsets.UTF_8)));
    for (ByteBuffer ciphertext : ciphertexts) {
      add(digest, ciphertext.duplicate());
    }
    return digest.digest();
  }

  private static void add(MessageDigest digest, ByteBuffer bytes) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, bytes.remaining()));
    digest.update(bytes);
  }
}
