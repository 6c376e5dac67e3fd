// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/** Evaluation key blobs with a right envelope and random limbs: good enough for everything that does not expand them. */
public final class KeyBlobs {
  public static final byte[] PARAMETERS = new byte[32];

  private KeyBlobs() {}

  /** Returns a blob of the given total length. */
  public static byte[] blob(int galois, int level, int length, long seed) {
    return blob(BlobKind.EVALUATION_KEY, PARAMETERS, galois, level, length, seed);
  }

  public static byte[] blob(BlobKind kind, byte[] parameters, int galois, int level, int length, long seed) {
    byte[] body = new byte[length - Blob.OVERHEAD_BYTES];
    new Random(seed).nextBytes(body);
    ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN).putInt(0, galois).put(4, (byte) level);
    return Blob.write(kind, parameters, body);
  }

  public static ContentHash hash(byte[] blob) {
    return ContentHash.of(Blob.sha256(blob));
  }

  public static int crc(byte[] bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, to - from);
    return (int) crc.getValue();
  }

  /** Names each blob by the Galois element and level in its first fields. */
  public static KeyManifest manifest(byte[] parameters, byte[]... blobs) {
    List<KeyManifest.Entry> entries = new ArrayList<>();
    for (byte[] blob : blobs) {
      ByteBuffer fields = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN);
      KeyRequirement key =
          new KeyRequirement(
              Integer.toUnsignedLong(fields.getInt(Blob.HEADER_BYTES)), Byte.toUnsignedInt(fields.get(Blob.HEADER_BYTES + 4)));
      entries.add(new KeyManifest.Entry(key, Blob.sha256Hex(blob), blob.length));
    }
    return new KeyManifest(parameters, entries);
  }

  /** Puts a chunk of a sender of whom nothing is noted. */
  public static UploadStore.Progress put(KeyStore store, ContentHash hash, long total, long offset, int crc32c, ByteBuffer data) {
    return store.put(hash, total, offset, crc32c, data, new UploadStore.Sender() {
      @Override
      public void begins() {}

      @Override
      public void shown(long upTo, boolean complete) {}
    });
  }

  /** Uploads a blob in chunks. */
  public static void upload(KeyStore store, byte[] blob, int chunk) {
    for (int at = 0; at < blob.length; at += chunk) {
      int end = Math.min(blob.length, at + chunk);
      put(store, hash(blob), blob.length, at, crc(blob, at, end), ByteBuffer.wrap(blob, at, end - at));
    }
  }

  /** Returns what a store reads of the entries of a key set. */
  static List<byte[]> read(KeyStore store, List<KeyManifest.Entry> entries) {
    try (BlobReader blobs = store.read(entries)) {
      List<byte[]> read = new ArrayList<>();
      for (ByteBuffer blob : blobs) {
        byte[] bytes = new byte[blob.remaining()];
        blob.get(bytes);
        read.add(bytes);
      }
      return read;
    }
  }
}
