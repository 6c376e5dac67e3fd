// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.Objects;

/**
 * How the rows of a model lie in ciphertexts, with what a packing has of its own.
 *
 * @param packing how rows lie in ciphertexts
 * @param sharing the reserve for decrypted values that are shown to others, of the latency packing; null if there is none
 * @param known the known rows of every batch in the throughput packing, null in others
 * @param blocks where numbers lie in the coefficient packing, null in others
 * @param privacy how answers of the latency or the coefficient packing hide the model; null if they do not
 */
public record Arrangement(RowPacking packing, Sharing sharing, KnownRows known, CoefficientBlocks blocks, ModelPrivacy privacy) {
  /** The latency packing without a reserve for sharing. */
  public static final Arrangement LATENCY = new Arrangement(RowPacking.LATENCY, null, null, null, null);

  /**
   * Validates.
   *
   * @throws IllegalArgumentException if a part belongs to another packing, or one is missing
   */
  public Arrangement {
    Objects.requireNonNull(packing, "packing");
    Signature.require(packing == RowPacking.LATENCY || sharing == null, "packing %s has no reserve for sharing", packing);
    Signature.require(
        (packing == RowPacking.THROUGHPUT) == (known != null), "packing %s %s known rows", packing, known == null ? "needs" : "has no");
    Signature.require(
        (packing == RowPacking.COEFFICIENT) == (blocks != null), "packing %s %s coefficient blocks", packing,
        blocks == null ? "needs" : "has no");
    Signature.require(privacy == null || packing != RowPacking.THROUGHPUT && sharing == null && privacy.floodBits() > 0,
        "answers that hide the model are of packing LATENCY or COEFFICIENT, flooded, and without a reserve for sharing; packing %s has %s%s",
        packing, privacy, sharing == null ? "" : " with such a reserve");
  }

  /** Returns the latency packing with a reserve for sharing, or without one if that is null. */
  public static Arrangement latency(Sharing sharing) {
    return new Arrangement(RowPacking.LATENCY, sharing, null, null, null);
  }

  /** Returns the latency packing with answers that hide the model. */
  public static Arrangement latency(ModelPrivacy privacy) {
    return new Arrangement(RowPacking.LATENCY, null, null, null, privacy);
  }

  /** Returns the throughput packing. */
  public static Arrangement throughput(KnownRows known) {
    return new Arrangement(RowPacking.THROUGHPUT, null, known, null, null);
  }

  /** Returns the coefficient packing, with answers that hide the model unless {@code privacy} is null. */
  public static Arrangement coefficients(CoefficientBlocks blocks, ModelPrivacy privacy) {
    return new Arrangement(RowPacking.COEFFICIENT, null, null, blocks, privacy);
  }
}
