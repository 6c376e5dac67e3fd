// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.Blob;
import dev.tacet.protocol.Ed25519Key;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host's word, signed, that it deleted what it kept about a client: whoever has the host's public key can check it. It binds the host,
 * it does not show that no copy is left.
 */
public final class DeletionReceipt {
  private static final Pattern FORM =
      Pattern.compile("(?s)(tacet receipt 1\n.{1,16777216}?)signature: ([A-Za-z0-9+/=]{88})\nhost-key: ([A-Za-z0-9+/=]{60})\n");

  private final byte[] text;
  private final byte[] signature;
  private final byte[] hostKey;

  private DeletionReceipt(byte[] text, byte[] signature, byte[] hostKey) {
    this.text = text.clone();
    this.signature = signature.clone();
    this.hostKey = hostKey.clone();
  }

  /**
   * Takes what a host sent.
   *
   * @param hostKey the host's public key, SubjectPublicKeyInfo
   * @throws AuditTrailException if the signature is not the key's
   */
  static DeletionReceipt of(byte[] text, byte[] signature, byte[] hostKey) {
    if (!Ed25519Key.verifies(hostKey, text, signature)) {
      throw new AuditTrailException("the receipt of the deletion is not signed by the host's key");
    }
    return new DeletionReceipt(text, signature, hostKey);
  }

  /**
   * Reads what {@link #toString()} wrote.
   *
   * @throws AuditTrailException if it is no receipt, or its signature does not fit
   */
  public static DeletionReceipt parse(String file) {
    Matcher form = FORM.matcher(file);
    if (!form.matches()) {
      throw new AuditTrailException("the file is no receipt of a deletion");
    }
    return of(form.group(1).getBytes(StandardCharsets.UTF_8), decoded(form.group(2)), decoded(form.group(3)));
  }

  private static byte[] decoded(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new AuditTrailException("the file is no receipt of a deletion: " + e.getMessage());
    }
  }

  /** Returns what was deleted, one thing a line. */
  public String text() {
    return new String(text, StandardCharsets.UTF_8);
  }

  /** Returns the lines of one name, such as {@code key-set}, {@code key}, {@code upload}, {@code client} or {@code at}. */
  public List<String> lines(String name) {
    return text().lines().filter(line -> line.startsWith(name + ": ")).map(line -> line.substring(name.length() + 2)).toList();
  }

  /** Returns the SHA-256 that the audit trail's entry of the deletion names, hexadecimal. */
  public String sha256() {
    return Blob.sha256Hex(text);
  }

  /** Returns the SHA-256 of the host's public key, hexadecimal. */
  public String hostKeySha256() {
    return Blob.sha256Hex(hostKey);
  }

  /** Returns the text, the signature and the key that it is checked with. */
  @Override
  public String toString() {
    return text() + "signature: " + Base64.getEncoder().encodeToString(signature) + "\nhost-key: "
        + Base64.getEncoder().encodeToString(hostKey) + "\n";
  }
}
