// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** What a blob holds. The code is the u16 of the blob's header. */
public enum BlobKind {
  /** Ring, moduli and scale: {@link Parameters}. */
  PARAMETERS(1),
  /** The 32-byte secret seed. */
  SECRET_KEY(2),
  /** Public encryption key. */
  PUBLIC_KEY(3),
  /** One relinearization or Galois key. */
  EVALUATION_KEY(4),
  /** One ciphertext, full or seeded. */
  CIPHERTEXT(5),
  /** One plaintext. */
  PLAINTEXT(6),
  /** A {@link Program}. */
  PROGRAM(7),
  /** A {@link Signature}. */
  SIGNATURE(8),
  /** A {@link ModelArtifact}. */
  ARTIFACT(9),
  /** A {@link KeyManifest}. */
  KEY_MANIFEST(10);

  private final int code;

  BlobKind(int code) {
    this.code = code;
  }

  /** Returns the stable code of the wire format. */
  public int code() {
    return code;
  }

  /**
   * Returns the kind with this code.
   *
   * @throws MalformedException if there is none
   */
  public static BlobKind ofCode(int code) {
    if (code < 1 || code > values().length) {
      throw new MalformedException("blob kind " + code + " is not in 1.." + values().length);
    }
    return values()[code - 1];
  }
}
