// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.MalformedException;
import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The encrypted answer to a data provider's row, for the owner of the key. A file of it holds nothing that its bearer can read.
 *
 * <p>Bytes, little endian: {@code 'T' 'A' 'N' 'S' | u16 1 | string model | string signatureSha256 | u16 clamped | u32 index each |
 * u16 ciphertexts | (u32 length, bytes) each}.
 *
 * @param model the model's name
 * @param signatureSha256 hexadecimal
 * @param clampedFeatures features that the provider moved to their bounds
 * @param ciphertexts CIPHERTEXT blobs by program output
 */
public record EncryptedAnswer(
    String model, String signatureSha256, List<Integer> clampedFeatures, List<byte[]> ciphertexts) {
  private static final int MAGIC = 'T' | 'A' << 8 | 'N' << 16 | 'S' << 24;

  /** Copies the lists. */
  public EncryptedAnswer {
    clampedFeatures = List.copyOf(clampedFeatures);
    ciphertexts = List.copyOf(ciphertexts);
  }

  /** Returns the bytes of all ciphertexts. */
  public long bytes() {
    return ciphertexts.stream().mapToLong(c -> c.length).sum();
  }

  /** Returns the bytes of a file. */
  public byte[] toBytes() {
    BoundedWriter out = new BoundedWriter();
    out.i32(MAGIC).u16(1).string(model).string(signatureSha256).u16(clampedFeatures.size());
    clampedFeatures.forEach(out::u32);
    out.u16(ciphertexts.size());
    ciphertexts.forEach(c -> out.u32(c.length).bytes(c));
    return out.toBytes();
  }

  /**
   * Reads the bytes of a file.
   *
   * @throws MalformedException if they are not an encrypted answer
   */
  public static EncryptedAnswer fromBytes(ByteBuffer bytes) {
    BoundedReader in = new BoundedReader("encrypted answer", bytes);
    if (in.i32("magic") != MAGIC) {
      throw in.malformed("it does not start with TANS");
    }
    in.u16("version", 1, 1);
    String model = in.string("model");
    String sha256 = in.string("signature hash");
    int clampedCount = in.u16("clamped features");
    in.needItems("clamped features", clampedCount, 4);
    List<Integer> clamped = new ArrayList<>();
    for (int i = 0; i < clampedCount; i++) {
      clamped.add(in.u32("clamped feature", 0, Integer.MAX_VALUE));
    }
    int count = in.u16("ciphertexts");
    in.needItems("ciphertexts", count, 4);
    List<byte[]> ciphertexts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ciphertexts.add(in.bytes("ciphertext", in.u32("ciphertext length", 0, Integer.MAX_VALUE)));
    }
    in.end();
    return new EncryptedAnswer(model, sha256, clamped, ciphertexts);
  }
}
