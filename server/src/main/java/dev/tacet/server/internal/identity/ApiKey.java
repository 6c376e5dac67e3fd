// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The form of an API key: {@code tacet_<id>_<secret>} with 256 random bits as the secret in base64url. The id is no secret; it names
 * the key in files and logs. At rest there is only a SHA-256 of the whole text: with 256 random bits there is nothing to guess, so a
 * slow hash would add no strength, only a way to keep the host busy.
 */
public final class ApiKey {
  /** What every key starts with, and no token does. */
  static final String PREFIX = "tacet_";

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,39}");
  private static final Pattern FORM = Pattern.compile("tacet_([a-z0-9][a-z0-9-]{0,39})_[A-Za-z0-9_-]{43}");
  private static final byte[] DOMAIN = "dev.tacet.api-key.1\n".getBytes(StandardCharsets.US_ASCII);

  private ApiKey() {}

  /** Tells whether a text can be a key's id. */
  public static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  /** Makes a key with a new secret. */
  public static String make(String id, SecureRandom random) {
    byte[] secret = new byte[32];
    random.nextBytes(secret);
    return PREFIX + id + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  /** Returns the id within a key, or nothing if the text does not have the form of one. */
  static Optional<String> id(String key) {
    Matcher form = FORM.matcher(key);
    return form.matches() ? Optional.of(form.group(1)) : Optional.empty();
  }

  /** Returns the hash of a key, 32 bytes. */
  public static byte[] hash(String key) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(DOMAIN);
      return digest.digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }
}
