// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.config.FileWatch;
import dev.tacet.server.internal.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bearer tokens (JWT, RFC 7519) of one issuer, signed with a key of its JSON Web Key Set. Asymmetric algorithms only; issuer,
 * audience and expiry are required; clocks may differ by a minute.
 */
final class Tokens {
  private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);

  private static final int MAX_TOKEN_CHARACTERS = 16 << 10;
  private static final int MAX_SUBJECT_CHARACTERS = 500;  // with what stands before it, what the audit trail can hold
  private static final Duration RETRY = Duration.ofSeconds(5);

  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256, JWSAlgorithm.RS384, JWSAlgorithm.RS512, JWSAlgorithm.PS256, JWSAlgorithm.PS384,
          JWSAlgorithm.PS512, JWSAlgorithm.ES256, JWSAlgorithm.ES384, JWSAlgorithm.ES512);

  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
  private final Settings.Tokens settings;
  private final Optional<IssuerKeys> issuer;

  /**
   * Prepares the checks; a key set in a file is read now and again when it changes, one behind an address at the first token.
   *
   * @throws IOException if the file is no key set
   */
  Tokens(Settings.Tokens settings, FileWatch watch) throws IOException {
    this.settings = settings;
    issuer = JwksLocation.isAddress(settings.keys()) ? Optional.of(new IssuerKeys(settings.keys(), System::nanoTime)) : Optional.empty();
    JWKSource<SecurityContext> source = issuer.isPresent() ? issuer.get() : inFile(Path.of(settings.keys()), watch);
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, source));
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            settings.audience(),
            new JWTClaimsSet.Builder().issuer(settings.issuer()).build(),
            Set.of("exp", settings.tenantClaim())));
  }

  private static JWKSource<SecurityContext> inFile(Path file, FileWatch watch) throws IOException {
    Supplier<JWKSet> current = watch.watch("key set " + file, List.of(file), () -> readKeySet(file));
    return (selector, context) -> selector.select(current.get());
  }

  private static JWKSet readKeySet(Path file) throws IOException {
    if (Files.size(file) > IssuerKeys.MAX_BYTES) {
      throw new IOException("key set " + file + " has " + Files.size(file) + " bytes, at most " + IssuerKeys.MAX_BYTES + " are read");
    }
    try {
      return IssuerKeys.usable(JWKSet.parse(Files.readString(file)), file.toString());
    } catch (ParseException e) {
      throw new IOException("key set " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Control characters, and those that change the direction or the place of others. */
  private static boolean isUnprintable(int character) {
    return Character.isISOControl(character) || Character.getType(character) == Character.FORMAT;
  }

  /** Completes, never with a failure, when a token can be checked without waiting. */
  CompletableFuture<Void> ready(String token) {
    if (issuer.isEmpty() || token.length() > MAX_TOKEN_CHARACTERS) {
      return CompletableFuture.completedFuture(null);
    }
    try {
      return issuer.get().ready(SignedJWT.parse(token).getHeader().getKeyID());
    } catch (ParseException e) {
      return CompletableFuture.completedFuture(null);  // whatever it is, no key checks it
    }
  }

  /**
   * Returns whom a token stands for; nothing if it is not valid.
   *
   * @throws ServiceException IDENTITY_UNAVAILABLE if the issuer's keys cannot be had at the moment
   */
  Optional<Identity> identify(String token) {
    if (token.length() > MAX_TOKEN_CHARACTERS) {
      return Optional.empty();
    }
    try {
      JWTClaimsSet claims = processor.process(token, null);
      String tenant = claims.getStringClaim(settings.tenantClaim());
      String subject = claims.getSubject();
      if (subject == null || subject.isBlank() || subject.length() > MAX_SUBJECT_CHARACTERS || subject.chars().anyMatch(Tokens::isUnprintable)) {
        LOG.debug("a token was refused: its subject, which its client is named by, is missing, has more than {} characters or some that"
            + " cannot be shown", MAX_SUBJECT_CHARACTERS);
        return Optional.empty();
      }
      return tenant == null ? Optional.empty() : Optional.of(new Identity(tenant, "token:" + subject, roles(claims)));
    } catch (KeySourceException e) {
      throw new ServiceException(
          ErrorCause.IDENTITY_UNAVAILABLE, "the token cannot be checked: its issuer's keys cannot be had", Map.of(), RETRY, e);
    } catch (ParseException | JOSEException | BadJOSEException e) {
      LOG.debug("a token was refused: {}", e.getMessage());
      return Optional.empty();
    }
  }

  /** A list of names, or one text with spaces between them; names that are no role are another service's. */
  private Set<Role> roles(JWTClaimsSet claims) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    Object claim = claims.getClaim(settings.rolesClaim());
    List<?> names = claim instanceof List<?> list ? list : claim instanceof String text ? Arrays.asList(text.split(" ")) : List.of();
    names.forEach(name -> Role.of(String.valueOf(name)).ifPresent(roles::add));
    return roles;
  }
}
