// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * One entry of an audit trail. Its hash covers the trail's name, its place, everything that it says, and the hash of the entry before
 * it, so that a host which showed an entry once cannot leave it out, move it or change it later without being noticed.
 *
 * @param sequence 1 for the first entry
 * @param atMillis milliseconds since 1970-01-01 UTC
 * @param previous hash of the entry before this one; {@link #START} for the first
 * @param sha256 its own hash, 64 lower-case hexadecimal digits
 */
public record AuditEntry(
    long sequence, long atMillis, String action, String object, String detail, String previous, String sha256) {
  /** What stands in the place of the entry before the first. */
  public static final String START = "0".repeat(64);

  private static final String PREFIX = "tacet audit 1";

  /**
   * Makes the entry that follows another.
   *
   * @param trail the trail's name
   */
  public static AuditEntry after(
      String trail, long sequence, long atMillis, String action, String object, String detail, String previous) {
    return new AuditEntry(
        sequence, atMillis, action, object, detail, previous, hash(trail, sequence, atMillis, action, object, detail, previous));
  }

  /** Tells whether the entry's hash is that of what it says in a trail. */
  public boolean isGenuine(String trail) {
    return hash(trail, sequence, atMillis, action, object, detail, previous).equals(sha256);
  }

  /** Each field as UTF-8 behind its length, numbers as eight bytes, most significant first. */
  private static String hash(
      String trail, long sequence, long atMillis, String action, String object, String detail, String previous) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
    text(digest, PREFIX);
    text(digest, trail);
    number(digest, sequence);
    number(digest, atMillis);
    for (String field : new String[] {action, object, detail, previous}) {
      text(digest, field);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void text(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(digest, bytes.length);
    digest.update(bytes);
  }

  private static void number(MessageDigest digest, long value) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, value));
  }
}
