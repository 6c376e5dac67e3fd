// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** How rows of features lie in ciphertexts. The wire code is the ordinal. */
public enum RowPacking {
  /** A row spread over the slots of one ciphertext for each input: the shortest answer time. */
  LATENCY,
  /** One feature a ciphertext, one row a slot: the most rows per second. Inputs and outputs are arrays. */
  THROUGHPUT,
  /** A row in the coefficients of one or few ciphertexts, for a model that is one linear map: no evaluation key at all. */
  COEFFICIENT;

  static RowPacking ofCode(int code) {
    if (code >= values().length) {
      throw new MalformedException("packing " + code + " is outside 0.." + (values().length - 1));
    }
    return values()[code];
  }
}
