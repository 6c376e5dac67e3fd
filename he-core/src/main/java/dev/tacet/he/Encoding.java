// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** How a plaintext's numbers sit in its polynomial. The code is the byte of the wire format. */
public enum Encoding {
  /** One number per slot (canonical embedding, slot order 5^j). */
  SLOTS(0),
  /** One number per coefficient. */
  COEFFICIENTS(1),
  /** Some of the numbers of a ciphertext in coefficients: it can be decrypted, and nothing else. */
  EXTRACTED(2);

  private final int code;

  Encoding(int code) {
    this.code = code;
  }

  /** Returns the stable code of the wire format. */
  public int code() {
    return code;
  }

  /**
   * Returns the encoding with this code.
   *
   * @throws MalformedException if there is none
   */
  public static Encoding ofCode(int code) {
    if (code < 0 || code >= values().length) {
      throw new MalformedException("encoding code " + code + " is not 0 (SLOTS), 1 (COEFFICIENTS) or 2 (EXTRACTED)");
    }
    return values()[code];
  }
}
