// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * How a client proves to a host who it is: a bearer credential (an API key or a token), a client certificate, or both. A bearer
 * credential is sent over https, or to a host on this machine, and nowhere else. Immutable.
 */
public final class Credentials {
  private static final Credentials NONE = new Credentials(null, null, null);
  private static final Pattern HEADER = Pattern.compile("[\\x21-\\x7e]{1,16384}");

  private final Supplier<String> bearer;
  private final Path certificate;
  private final Path key;

  private Credentials(Supplier<String> bearer, Path certificate, Path key) {
    this.bearer = bearer;
    this.certificate = certificate;
    this.key = key;
  }

  /** Returns no credentials: for a host that asks for none. */
  public static Credentials none() {
    return NONE;
  }

  /**
   * Returns an API key, as the host's operator issued it.
   *
   * @throws IllegalArgumentException if it has characters that no key has; the message does not repeat it
   */
  public static Credentials apiKey(String key) {
    String stripped = key.strip();
    requireForm(stripped);
    return new Credentials(() -> stripped, null, null);
  }

  /** Returns tokens of an identity provider; the source is asked before every call and may refresh what it holds. */
  public static Credentials token(Supplier<String> source) {
    return new Credentials(Objects.requireNonNull(source, "source"), null, null);
  }

  /** Returns these credentials with a client certificate, both files PEM, the key in PKCS#8. */
  public Credentials withCertificate(Path chain, Path privateKey) {
    return new Credentials(bearer, Objects.requireNonNull(chain, "chain"), Objects.requireNonNull(privateKey, "privateKey"));
  }

  /** Tells whether a bearer credential is sent. */
  public boolean hasBearer() {
    return bearer != null;
  }

  /**
   * Returns the bearer credential of the next call.
   *
   * @throws IllegalStateException if the source gave none, or one with characters that no token has
   */
  public Optional<String> bearer() {
    if (bearer == null) {
      return Optional.empty();
    }
    String value = bearer.get();
    if (value == null) {
      throw new IllegalStateException("the source of tokens gave none");
    }
    try {
      requireForm(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    return Optional.of(value);
  }

  /** Returns the file of the client's certificate chain. */
  public Optional<Path> certificate() {
    return Optional.ofNullable(certificate);
  }

  /** Returns the file of the certificate's private key. */
  public Optional<Path> privateKey() {
    return Optional.ofNullable(key);
  }

  private static void requireForm(String value) {
    if (!HEADER.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "a credential of " + value.length() + " characters is not one line of visible ASCII, 1 to 16384 of them");
    }
  }

  /** Never the credential itself. */
  @Override
  public String toString() {
    return "Credentials[" + (bearer == null ? "no bearer" : "bearer") + ", "
        + (certificate == null ? "no certificate" : "certificate " + certificate) + "]";
  }
}
