// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The envelope of every object on disk or wire: a 48-byte header, the body, and a checksum. Little endian:
 *
 * <pre>
 *   0 'T' 'A' 'C' 'E'    4 u16 version = 1    6 u16 kind    8 32-byte parameter hash    40 u64 body length
 *   48 body              48+length: u32 CRC-32C (Castagnoli) of bytes [0, 48+length)
 * </pre>
 *
 * <p>The parameter hash is the SHA-256 of the PARAMETERS body that the object was made for.
 */
public final class Blob {
  /** Bytes before the body. */
  public static final int HEADER_BYTES = 48;

  /** Bytes of header and checksum together. */
  public static final int OVERHEAD_BYTES = HEADER_BYTES + 4;

  /** The format version that this library writes and reads. */
  public static final int VERSION = 1;

  private static final int MAGIC = 'T' | 'A' << 8 | 'C' << 16 | 'E' << 24;

  private final BlobKind kind;
  private final byte[] parameterHash;
  private final ByteBuffer body;

  private Blob(BlobKind kind, byte[] parameterHash, ByteBuffer body) {
    this.kind = kind;
    this.parameterHash = parameterHash;
    this.body = body;
  }

  /** Returns what the body holds. */
  public BlobKind kind() {
    return kind;
  }

  /** Returns the 32-byte hash of the parameters that the object was made for. */
  public byte[] parameterHash() {
    return parameterHash.clone();
  }

  /** Returns a read-only little-endian view of the body; it shares the bytes that were read. */
  public ByteBuffer body() {
    return body.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Wraps a body.
   *
   * @param parameterHash 32 bytes
   * @return the whole blob, HEADER_BYTES + body.length + 4 bytes
   * @throws IllegalArgumentException if the hash is not 32 bytes
   */
  public static byte[] write(BlobKind kind, byte[] parameterHash, byte[] body) {
    if (parameterHash.length != 32) {
      throw new IllegalArgumentException("parameter hash has " + parameterHash.length + " bytes, needs 32");
    }
    ByteBuffer out =
        ByteBuffer.allocate(Math.addExact(body.length, OVERHEAD_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putShort((short) VERSION).putShort((short) kind.code());
    out.put(parameterHash).putLong(body.length).put(body);
    CRC32C crc = new CRC32C();
    crc.update(out.array(), 0, out.position());
    out.putInt((int) crc.getValue());
    return out.array();
  }

  /**
   * Reads one blob that fills the rest of the buffer. The buffer's position is not moved.
   *
   * @throws MalformedException if the magic, version, kind, length or checksum is wrong
   */
  public static Blob read(ByteBuffer bytes) {
    ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    int size = in.remaining();
    if (size < OVERHEAD_BYTES) {
      throw new MalformedException("blob has " + size + " bytes, needs at least " + OVERHEAD_BYTES);
    }
    if (in.getInt(0) != MAGIC) {
      throw new MalformedException(String.format("blob starts with %08x, not with TACE", in.getInt(0)));
    }
    int version = Short.toUnsignedInt(in.getShort(4));
    if (version != VERSION) {
      throw new MalformedException("blob format version " + version + ", this library reads " + VERSION);
    }
    BlobKind kind = BlobKind.ofCode(Short.toUnsignedInt(in.getShort(6)));
    long length = in.getLong(40);
    if (length != size - OVERHEAD_BYTES) {
      throw new MalformedException(
          "blob of kind " + kind + " declares a body of " + Long.toUnsignedString(length) + " bytes, holds "
              + (size - OVERHEAD_BYTES));
    }
    CRC32C crc = new CRC32C();
    crc.update(in.duplicate().limit(size - 4));
    int declared = in.getInt(size - 4);
    if ((int) crc.getValue() != declared) {
      throw new MalformedException(
          String.format("blob of kind %s has checksum %08x, its bytes give %08x", kind, declared, (int) crc.getValue()));
    }
    byte[] hash = new byte[32];
    in.get(8, hash);
    return new Blob(kind, hash, in.slice(HEADER_BYTES, size - OVERHEAD_BYTES));
  }

  /**
   * Reads one blob of a given kind.
   *
   * @throws MalformedException if it is malformed or of another kind
   */
  public static Blob read(ByteBuffer bytes, BlobKind expected) {
    Blob blob = read(bytes);
    if (blob.kind != expected) {
      throw new MalformedException("blob is of kind " + blob.kind + ", expected " + expected);
    }
    return blob;
  }

  /**
   * Reads one blob of a given kind made for given parameters.
   *
   * @throws MalformedException if it is malformed, of another kind, or made for other parameters
   */
  public static Blob read(ByteBuffer bytes, BlobKind expected, Parameters parameters) {
    Blob blob = read(bytes, expected);
    if (!Arrays.equals(blob.parameterHash, parameters.hash())) {
      throw new MalformedException(
          "blob of kind " + expected + " was made for parameters " + hex(blob.parameterHash)
              + ", expected " + parameters.hashHex());
    }
    return blob;
  }

  /** Returns the SHA-256 of these bytes, 32 bytes. */
  public static byte[] sha256(byte[] bytes) {
    return sha256(ByteBuffer.wrap(bytes));
  }

  /** Returns the SHA-256 of the rest of the buffer, 32 bytes. The buffer's position is not moved. */
  public static byte[] sha256(ByteBuffer bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.duplicate());
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }

  /** Returns the SHA-256 of these bytes in 64 lower-case hexadecimal digits. */
  public static String sha256Hex(byte[] bytes) {
    return hex(sha256(bytes));
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
