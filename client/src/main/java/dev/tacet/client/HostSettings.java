// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.SecurityLevel;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * What a key owner and a data provider set alike of a connection to a host. Every setting has a default.
 *
 * @param <B> the builder
 */
abstract class HostSettings<B extends HostSettings<B>> {
  final URI uri;
  Path trust;
  Credentials credentials = Credentials.none();
  SecurityLevel securityFloor = SecurityLevel.CLASSICAL_128;
  boolean clamping;
  Duration deadline = Duration.ofMinutes(5);
  ModelKey modelKey;
  PrivacyPolicy policy;

  HostSettings(URI uri) {
    this.uri = Objects.requireNonNull(uri, "uri");
  }

  abstract B self();

  /** Trusts the certificates of a PEM file instead of the platform's, for https; a file that is none is a {@link TlsFileException}. */
  public B trustCertificates(Path pem) {
    trust = pem;
    return self();
  }

  /** Sets how the host is told who calls. Default: no credentials. */
  public B credentials(Credentials value) {
    credentials = Objects.requireNonNull(value, "credentials");
    return self();
  }

  /** Sets the least security level of a model's parameters. Default: 128 bits, classical. */
  public B securityFloor(SecurityLevel level) {
    securityFloor = Objects.requireNonNull(level, "level");
    return self();
  }

  /** Moves features outside their bounds to the bound and flags the row, instead of refusing them. Default: off. */
  public B clampFeatures(boolean on) {
    clamping = on;
    return self();
  }

  /** Sets the time limit of one inference; other calls have the same, but at most a minute. Default: 5 minutes. */
  public B deadline(Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("deadline " + value + " must be positive");
    }
    deadline = value;
    return self();
  }

  /**
   * Trusts only models that their owner signed with this key ({@code tacet sign}). Default: any model, its signature pinned or named by the
   * card.
   *
   * @param pem file of the owner's public key
   * @throws IllegalArgumentException if it is none
   */
  public B trustModelKey(Path pem) {
    modelKey = ModelKey.read(pem);
    return self();
  }

  /** Keeps to a privacy policy: what it does not allow is refused before anything is sent. Default: no policy. */
  public B policy(PrivacyPolicy value) {
    policy = Objects.requireNonNull(value, "policy");
    return self();
  }
}
