// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import dev.tacet.he.Blob;
import dev.tacet.he.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model owner's word, signed with Ed25519, that an artifact is its model: the file {@code model.tacet.sig}. It covers the model's name, the
 * artifact and, apart, the artifact's signature, which is all that a client sees of it.
 *
 * @param model the model's name
 * @param artifactSha256 of {@code model.tacet}, lower-case hex
 * @param signatureSha256 of the SIGNATURE blob, lower-case hex
 * @param signer the owner's public key, SubjectPublicKeyInfo in base64
 * @param signed the signature of {@link #statement()} in base64
 */
public record ModelProvenance(String model, String artifactSha256, String signatureSha256, String signer, String signed) {
  /** Longest file. */
  public static final int MAX_BYTES = 4096;

  private static final Pattern FORM = Pattern.compile(
      "tacet provenance 1\nmodel: ([^\\p{Cntrl}]{1,1024})\nartifact: ([0-9a-f]{64})\nsignature: ([0-9a-f]{64})\n"
          + "signer: ([A-Za-z0-9+/=]{60})\nsigned: ([A-Za-z0-9+/=]{88})\n");

  /** Signs an artifact with its owner's key. */
  public static ModelProvenance sign(Ed25519Key owner, String model, String artifactSha256, String signatureSha256) {
    String signer = Base64.getEncoder().encodeToString(owner.publicKey());
    byte[] statement = statement(model, artifactSha256, signatureSha256);
    return new ModelProvenance(
        model, artifactSha256, signatureSha256, signer, Base64.getEncoder().encodeToString(owner.sign(statement)));
  }

  /**
   * Reads the text of a file.
   *
   * @throws MalformedException if it is no such file
   */
  public static ModelProvenance parse(String text) {
    Matcher form = FORM.matcher(text.length() > MAX_BYTES ? "" : text);
    if (!form.matches()) {
      throw new MalformedException("the owner's signature of the model is no file of the form 'tacet provenance 1'");
    }
    return new ModelProvenance(form.group(1), form.group(2), form.group(3), form.group(4), form.group(5));
  }

  /** Returns the text of a file. */
  public String toText() {
    return new String(statement(model, artifactSha256, signatureSha256), StandardCharsets.UTF_8)
        + "signer: " + signer + "\nsigned: " + signed + "\n";
  }

  private static byte[] statement(String model, String artifactSha256, String signatureSha256) {
    return ("tacet provenance 1\nmodel: " + model + "\nartifact: " + artifactSha256 + "\nsignature: " + signatureSha256 + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the SHA-256 of the owner's public key, lower-case hex, by which people compare keys. */
  public String signerSha256() {
    return Blob.sha256Hex(decoded(signer));
  }

  /**
   * Returns why this is not a trusted owner's word for a model, or an empty text if it is.
   *
   * @param trusted the owner's public key, SubjectPublicKeyInfo
   */
  public String problem(byte[] trusted, String model, String artifactSha256, String signatureSha256) {
    String key = Blob.sha256Hex(trusted);
    if (!signerSha256().equals(key)) {
      return "model " + model + " is signed by the key " + signerSha256() + ", trusted is " + key;
    }
    if (!Ed25519Key.verifies(trusted, statement(this.model, this.artifactSha256, this.signatureSha256), decoded(signed))) {
      return "the owner's signature of model " + model + " does not hold: it was altered, or is of another key than it says";
    }
    if (!this.model.equals(model)) {
      return "the owner signed this as model " + this.model + ", it is offered as " + model;
    }
    if (!this.artifactSha256.equals(artifactSha256)) {
      return "the owner of model " + model + " signed the artifact " + this.artifactSha256 + ", offered is " + artifactSha256;
    }
    if (!this.signatureSha256.equals(signatureSha256)) {
      return "the owner of model " + model + " signed the signature " + this.signatureSha256 + ", offered is " + signatureSha256;
    }
    return "";
  }

  private static byte[] decoded(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }
}
