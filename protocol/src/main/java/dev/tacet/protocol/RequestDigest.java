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
  private final MessageDigest digest;

  /**
   * Starts the digest of a request whose ciphertexts come one by one.
   *
   * @param signatureSha256 lower-case hexadecimal
   * @param version the version that runs, never empty
   * @param keySetId lower-case hexadecimal, or empty when the program needs no key
   */
  public RequestDigest(String signatureSha256, String version, String keySetId) {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
    digest.update(signatureSha256.getBytes(StandardCharsets.UTF_8));
    add(ByteBuffer.wrap(version.getBytes(StandardCharsets.UTF_8)));
    add(ByteBuffer.wrap(keySetId.getBytes(StandardCharsets.UTF_8)));
  }

  /** Adds the next ciphertext; the position is not moved. */
  public void add(ByteBuffer ciphertext) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, ciphertext.remaining()));
    digest.update(ciphertext.duplicate());
  }

  /** Returns the 32 bytes of {@code InferResponse.request_sha256}; nothing can be added then. */
  public byte[] finish() {
    return digest.digest();
  }

  /**
   * Returns the 32 bytes of {@code InferResponse.request_sha256}.
   *
   * @param signatureSha256 lower-case hexadecimal
   * @param version the version that runs, never empty
   * @param keySetId lower-case hexadecimal, or empty when the program needs no key
   * @param ciphertexts CIPHERTEXT blobs in the order of the program's inputs; positions are not moved
   */
  public static byte[] of(String signatureSha256, String version, String keySetId, Iterable<ByteBuffer> ciphertexts) {
    RequestDigest request = new RequestDigest(signatureSha256, version, keySetId);
    ciphertexts.forEach(request::add);
    return request.finish();
  }
}
