// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.MalformedException;
import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The encrypted answer to a data provider's request, for the owner of the key. A file of it holds nothing that its bearer can read.
 *
 * <p>Bytes, little endian: {@code 'T' 'A' 'N' 'S' | u16 version | string model | string signatureSha256 | u32 rows, in version 2 |
 * for each row u16 clamped, u32 index each | u16 ciphertexts | (u32 length, bytes) each}. Version 1 is written for one row.
 *
 * @param model the model's name
 * @param signatureSha256 hexadecimal
 * @param clampedRows for each row the features that the provider moved to their bounds
 * @param ciphertexts CIPHERTEXT blobs by program output, arrays element after element
 */
public record EncryptedAnswer(
    String model, String signatureSha256, List<List<Integer>> clampedRows, List<byte[]> ciphertexts) {
  private static final int MAGIC = 'T' | 'A' << 8 | 'N' << 16 | 'S' << 24;
  private static final int ONE_ROW = 1;
  private static final int MANY_ROWS = 2;

  /** Copies the lists. */
  public EncryptedAnswer {
    clampedRows = clampedRows.stream().map(List::copyOf).toList();
    ciphertexts = List.copyOf(ciphertexts);
    if (clampedRows.isEmpty()) {
      throw new IllegalArgumentException("an answer to no row");
    }
  }

  /** Returns how many rows it answers. */
  public int rows() {
    return clampedRows.size();
  }

  /** Returns the bytes of all ciphertexts. */
  public long bytes() {
    return ciphertexts.stream().mapToLong(c -> c.length).sum();
  }

  /** Returns the bytes of a file. */
  public byte[] toBytes() {
    BoundedWriter out = new BoundedWriter();
    out.i32(MAGIC).u16(rows() == 1 ? ONE_ROW : MANY_ROWS).string(model).string(signatureSha256);
    if (rows() != 1) {
      out.u32(rows());
    }
    for (List<Integer> clamped : clampedRows) {
      out.u16(clamped.size());
      clamped.forEach(out::u32);
    }
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
    int version = in.u16("version", ONE_ROW, MANY_ROWS);
    String model = in.string("model");
    String sha256 = in.string("signature hash");
    int rows = version == ONE_ROW ? 1 : in.u32("rows", 2, Integer.MAX_VALUE);
    in.needItems("rows", rows, 2);
    List<List<Integer>> clampedRows = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      int clampedCount = in.u16("clamped features");
      in.needItems("clamped features", clampedCount, 4);
      List<Integer> clamped = new ArrayList<>();
      for (int i = 0; i < clampedCount; i++) {
        clamped.add(in.u32("clamped feature", 0, Integer.MAX_VALUE));
      }
      clampedRows.add(clamped);
    }
    int count = in.u16("ciphertexts");
    in.needItems("ciphertexts", count, 4);
    List<byte[]> ciphertexts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ciphertexts.add(in.bytes("ciphertext", in.u32("ciphertext length", 0, Integer.MAX_VALUE)));
    }
    in.end();
    return new EncryptedAnswer(model, sha256, clampedRows, ciphertexts);
  }
}
