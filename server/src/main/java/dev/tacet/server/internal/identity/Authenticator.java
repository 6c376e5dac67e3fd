// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.config.FileWatch;
import dev.tacet.server.internal.config.Settings;
import dev.tacet.server.internal.config.Settings.CertificateIdentity;
import dev.tacet.server.internal.config.Settings.Identities;
import dev.tacet.server.internal.config.TenantSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;

/**
 * Tells who a caller is. An {@code authorization} header decides where there is one, else the client's certificate. Whatever is
 * wrong with a credential, the answer is the same. Cryptography takes its time and does not belong on an event loop.
 */
public final class Authenticator {
  private static final String BEARER = "bearer ";

  private final boolean open;
  private final Set<String> tenants = new HashSet<>();
  private final Optional<Supplier<ApiKeys>> apiKeys;
  private final Optional<Tokens> tokens;
  private final Map<X500Principal, Identity> certificates = new HashMap<>();

  /**
   * Reads what the settings name.
   *
   * @throws IOException if a file cannot be used
   */
  public Authenticator(Settings settings, FileWatch watch) throws IOException {
    settings.tenants().forEach(tenant -> tenants.add(tenant.name()));
    open = settings.identity().isEmpty();
    Identities ways = settings.identity().orElse(new Identities(Optional.empty(), Optional.empty(), List.of()));
    if (ways.apiKeys().isPresent()) {
      Path file = ways.apiKeys().get();
      apiKeys = Optional.of(watch.watch("API keys " + file, List.of(file), () -> apiKeys(settings, file)));
    } else {
      apiKeys = Optional.empty();
    }
    tokens = ways.tokens().isPresent() ? Optional.of(new Tokens(ways.tokens().get(), watch)) : Optional.empty();
    for (CertificateIdentity c : ways.certificates()) {
      Set<Role> roles = c.roles().stream().map(name -> Role.of(name).orElseThrow()).collect(Collectors.toUnmodifiableSet());
      certificates.put(new X500Principal(c.subject()), new Identity(c.tenant(), "certificate:" + c.subject(), roles));
    }
  }

  /** Throws what would be thrown if tokens were to be checked as the settings say. */
  public static void requireTokens(Settings.Tokens settings, FileWatch watch) throws IOException {
    new Tokens(settings, watch);
  }

  /** Reads a file of API keys, whose tenants are all configured. */
  public static ApiKeys apiKeys(Settings settings, Path file) throws IOException {
    ApiKeys keys = ApiKeys.read(file);
    for (ApiKeys.Entry entry : keys.entries()) {
      if (settings.tenants().stream().noneMatch(tenant -> tenant.name().equals(entry.tenant()))) {
        throw new IOException("API keys in " + file + ": tenant " + entry.tenant() + " of key " + entry.id() + " is not configured");
      }
    }
    return keys;
  }

  /** Tells whether everybody is let in as the tenant {@value TenantSettings#DEFAULT}. */
  public boolean isOpen() {
    return open;
  }

  /**
   * Completes, never with a failure, when {@link #identify} need not wait for an issuer of tokens; at once for all other credentials.
   *
   * @param authorization the header's value, or null
   */
  public CompletableFuture<Void> ready(String authorization) {
    boolean token = !open && authorization != null && tokens.isPresent() && isBearer(authorization) && !credential(authorization).startsWith(ApiKey.PREFIX);
    return token ? tokens.get().ready(credential(authorization)) : CompletableFuture.completedFuture(null);
  }

  private static boolean isBearer(String authorization) {
    return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length());
  }

  private static String credential(String authorization) {
    return authorization.substring(BEARER.length()).strip();
  }

  /**
   * Identifies a caller.
   *
   * @param authorization the header's value, or null
   * @param certificate the client's certificate, its chain checked by TLS, or null
   * @throws ServiceException UNAUTHENTICATED, IDENTITY_UNAVAILABLE
   */
  public Identity identify(String authorization, X509Certificate certificate) {
    if (open) {
      return Identity.ANYBODY;
    }
    if (authorization == null && certificate == null) {
      throw new ServiceException(ErrorCause.UNAUTHENTICATED, "the call carries no credentials");
    }
    Optional<Identity> identity =
        authorization != null ? ofHeader(authorization) : Optional.ofNullable(certificates.get(certificate.getSubjectX500Principal()));
    return identity
        .filter(known -> tenants.contains(known.tenant()))
        .orElseThrow(() -> new ServiceException(ErrorCause.UNAUTHENTICATED, "the credentials are not accepted"));
  }

  private Optional<Identity> ofHeader(String authorization) {
    if (!isBearer(authorization)) {
      return Optional.empty();
    }
    String credential = credential(authorization);
    if (credential.startsWith(ApiKey.PREFIX)) {
      return apiKeys.flatMap(keys -> keys.get().identify(credential, Instant.now()));
    }
    return tokens.flatMap(checks -> checks.identify(credential));
  }
}
