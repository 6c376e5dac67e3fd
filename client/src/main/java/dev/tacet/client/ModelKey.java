// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.protocol.Ed25519Key;
import dev.tacet.protocol.ModelMessages.ModelDescription;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The public key of a models' owner: models that it did not sign are refused. */
final class ModelKey {
  private final byte[] key;

  private ModelKey(byte[] key) {
    this.key = key;
  }

  /**
   * Reads a PEM file.
   *
   * @throws IllegalArgumentException if it holds no Ed25519 public key
   */
  static ModelKey read(Path pem) {
    try {
      return new ModelKey(Ed25519Key.publicKeyFromPem(Files.readString(pem)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the key in " + pem, e);
    }
  }

  /**
   * Refuses a model that the owner did not sign as it is offered.
   *
   * @throws UntrustedModelException saying what is wrong
   */
  void requireSigned(ModelDescription d) {
    String problem =
        d.provenance().map(p -> p.problem(key, d.name(), d.artifactSha256(), d.signatureSha256()))
            .orElse("model " + d.name() + " is not signed by its owner, and this client trusts signed models only");
    if (!problem.isEmpty()) {
      throw new UntrustedModelException(problem);
    }
  }
}
