// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** The ring that ciphertexts live in. The code is the byte of the wire format. */
public enum RingType {
  /** Z[X]/(X^N+1): N/2 complex slots; primes are 1 mod 2N. */
  STANDARD(0),
  /** Z[X+1/X] (Kim-Song, eprint 2018/952): N real slots; primes are 1 mod 4N. */
  CONJUGATE_INVARIANT(1);

  private final int code;

  RingType(int code) {
    this.code = code;
  }

  /** Returns the stable code of the wire format. */
  public int code() {
    return code;
  }

  /**
   * Returns the ring type with this code.
   *
   * @throws MalformedException if there is none
   */
  public static RingType ofCode(int code) {
    for (RingType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new MalformedException("ring type code " + code + " is not 0 (STANDARD) or 1 (CONJUGATE_INVARIANT)");
  }
}
