// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The SHA-256 of a blob in 64 lower-case hexadecimal digits: its name on disk. No other text becomes part of a path. */
public record ContentHash(String hex) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

  /**
   * Checks the form.
   *
   * @throws ServiceException INVALID_ARGUMENT if it is not 64 lower-case hexadecimal digits
   */
  public ContentHash {
    if (!FORM.matcher(hex).matches()) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "a hash has 64 lower-case hexadecimal digits; this one has " + hex.length() + " characters");
    }
  }

  /** Tells whether a file name has the form of a hash. */
  static boolean isForm(String name) {
    return FORM.matcher(name).matches();
  }

  /**
   * Names raw bytes.
   *
   * @throws ServiceException INVALID_ARGUMENT if there are not 32
   */
  public static ContentHash of(byte[] raw) {
    if (raw.length != 32) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "a SHA-256 has 32 bytes; this one has " + raw.length);
    }
    return new ContentHash(HexFormat.of().formatHex(raw));
  }

  /** Returns a new SHA-256 digest. */
  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return hex.substring(0, 12);
  }
}
