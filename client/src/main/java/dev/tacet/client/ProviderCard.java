// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.Blob;
import dev.tacet.he.MalformedException;
import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What an owner gives a data provider: the public key, the signature to encrypt for, and the name of the evaluation keys on the
 * host. Nothing in it is secret, but it must come from the owner: by file, or with its fingerprint compared over another channel.
 *
 * <p>Bytes, little endian: {@code 'T' 'C' 'R' 'D' | u16 1 | string model | string signatureSha256 | string keySetId | u32 length |
 * PUBLIC_KEY blob}.
 *
 * @param model the model's name
 * @param signatureSha256 hexadecimal
 * @param keySetId hexadecimal; empty when the model needs no keys
 * @param publicKey PUBLIC_KEY blob
 */
public record ProviderCard(String model, String signatureSha256, String keySetId, byte[] publicKey) {
  private static final int MAGIC = 'T' | 'C' << 8 | 'R' << 16 | 'D' << 24;

  /** Copies. */
  public ProviderCard {
    publicKey = publicKey.clone();
  }

  @Override
  public byte[] publicKey() {
    return publicKey.clone();
  }

  /** Returns the SHA-256 of the card in 64 hexadecimal digits, for two people to compare. */
  public String fingerprint() {
    return Blob.sha256Hex(toBytes());
  }

  /** Returns the bytes of a file. */
  public byte[] toBytes() {
    BoundedWriter out = new BoundedWriter();
    out.i32(MAGIC).u16(1).string(model).string(signatureSha256).string(keySetId);
    return out.u32(publicKey.length).bytes(publicKey).toBytes();
  }

  /**
   * Reads the bytes of a file that came from the owner.
   *
   * @throws MalformedException if they are not a provider card
   */
  public static ProviderCard fromBytes(ByteBuffer bytes) {
    BoundedReader in = new BoundedReader("provider card", bytes);
    if (in.i32("magic") != MAGIC) {
      throw in.malformed("it does not start with TCRD");
    }
    in.u16("version", 1, 1);
    String model = in.string("model");
    String sha256 = in.string("signature hash");
    String keySetId = in.string("key set id");
    byte[] key = in.bytes("public key", in.u32("public key length", 0, Integer.MAX_VALUE));
    in.end();
    return new ProviderCard(model, sha256, keySetId, key);
  }

  /**
   * Reads a card that came over a channel nobody vouches for.
   *
   * @param confirmedFingerprint the fingerprint that the owner read out
   * @throws IllegalArgumentException if the card has another fingerprint
   */
  public static ProviderCard fromBytes(ByteBuffer bytes, String confirmedFingerprint) {
    ProviderCard card = fromBytes(bytes);
    if (!card.fingerprint().equals(confirmedFingerprint)) {
      throw new IllegalArgumentException(
          "the card has fingerprint " + card.fingerprint() + ", the owner confirmed " + confirmedFingerprint);
    }
    return card;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ProviderCard c && Arrays.equals(toBytes(), c.toBytes());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(publicKey);
  }
}
