// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The list of content-addressed evaluation keys that make up a key set; the set's id is the SHA-256 of the manifest blob.
 *
 * <p>Body: {@code u32 count | count x (u32 galois, u8 level, 32-byte SHA-256 of the EVALUATION_KEY blob, u64 blob length)},
 * ascending by Galois element, one key per element.
 */
public final class KeyManifest {
  private final byte[] parameterHash;
  private final List<Entry> entries;

  /**
   * One key.
   *
   * @param key what it is for
   * @param sha256 64 hexadecimal digits, of the EVALUATION_KEY blob
   * @param bytes length of that blob
   */
  public record Entry(KeyRequirement key, String sha256, long bytes) {
    /** Validates. */
    public Entry {
      Signature.require(sha256.matches("[0-9a-f]{64}"), "key hash is not 64 hexadecimal digits");
      Signature.require(bytes > Blob.OVERHEAD_BYTES, "key blob of %d bytes, needs more than %d", bytes, Blob.OVERHEAD_BYTES);
    }
  }

  /**
   * Makes a manifest; the entries are sorted.
   *
   * @param parameterHash 32 bytes
   * @throws IllegalArgumentException if two entries have one Galois element
   */
  public KeyManifest(byte[] parameterHash, List<Entry> entries) {
    Signature.require(parameterHash.length == 32, "parameter hash has %d bytes, needs 32", parameterHash.length);
    this.parameterHash = parameterHash.clone();
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort((a, b) -> a.key().compareTo(b.key()));
    for (int i = 1; i < sorted.size(); i++) {
      Signature.require(
          sorted.get(i - 1).key().galoisElement() != sorted.get(i).key().galoisElement(),
          "manifest has Galois element %d twice", sorted.get(i).key().galoisElement());
    }
    this.entries = List.copyOf(sorted);
  }

  /** Returns the hash of the parameters that the keys were made for; a copy. */
  public byte[] parameterHash() {
    return parameterHash.clone();
  }

  /** Returns the keys, ascending by Galois element. */
  public List<Entry> entries() {
    return entries;
  }

  /** Returns the bytes of all key blobs together. */
  public long totalBytes() {
    return entries.stream().mapToLong(Entry::bytes).sum();
  }

  /**
   * Returns the requirements that no key of this set meets: the same Galois element at the same or a higher level does.
   */
  public SortedSet<KeyRequirement> missing(Iterable<KeyRequirement> required) {
    SortedSet<KeyRequirement> missing = new TreeSet<>();
    for (KeyRequirement need : required) {
      boolean met = entries.stream().anyMatch(
          e -> e.key().galoisElement() == need.galoisElement() && e.key().level() >= need.level());
      if (!met) {
        missing.add(need);
      }
    }
    return missing;
  }

  /** Returns the key set's id, SHA-256 of the manifest blob in 64 hexadecimal digits. */
  public String keySetId() {
    return Blob.sha256Hex(toBytes());
  }

  /** Returns the KEY_MANIFEST blob. */
  public byte[] toBytes() {
    BoundedWriter out = new BoundedWriter();
    out.u32(entries.size());
    for (Entry entry : entries) {
      out.u32(entry.key().galoisElement()).u8(entry.key().level());
      out.bytes(HexFormat.of().parseHex(entry.sha256())).u64(entry.bytes());
    }
    return Blob.write(BlobKind.KEY_MANIFEST, parameterHash, out.toBytes());
  }

  /**
   * Reads a KEY_MANIFEST blob.
   *
   * @throws MalformedException if the bytes are not a canonical manifest
   */
  public static KeyManifest fromBytes(ByteBuffer bytes) {
    Blob blob = Blob.read(bytes, BlobKind.KEY_MANIFEST);
    BoundedReader in = new BoundedReader("key manifest", blob.body());
    long count = in.u32("key count");
    in.needItems("keys", count, 45);
    List<Entry> entries = new ArrayList<>((int) count);
    try {
      for (int i = 0; i < count; i++) {
        KeyRequirement key = new KeyRequirement(in.u32("Galois element"), in.u8("level"));
        if (i > 0 && entries.get(i - 1).key().galoisElement() >= key.galoisElement()) {
          throw in.malformed("Galois element " + key.galoisElement() + " does not ascend");
        }
        entries.add(new Entry(key, Blob.hex(in.bytes("key hash", 32)), in.u64("key length")));
      }
      in.end();
      return new KeyManifest(blob.parameterHash(), entries);
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyManifest m && entries.equals(m.entries) && Arrays.equals(parameterHash, m.parameterHash);
  }

  @Override
  public int hashCode() {
    return entries.hashCode();
  }

  @Override
  public String toString() {
    return "KeyManifest[" + entries.size() + " keys, " + totalBytes() + " bytes]";
  }
}
