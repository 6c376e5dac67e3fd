// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key set of an issuer behind an address. Nobody waits in a thread for the issuer: {@link #ready} starts a fetch where one is due and
 * completes when it has ended, at most after {@link #FETCH}, and {@link #get} looks at what is there. A fetch is due when the keys are older
 * than {@link #CACHE}, or a key is asked for that is not among them, and at most once in {@link #BETWEEN}, whatever strangers send. Keys are
 * used for {@link #OUTAGE} while the issuer cannot be reached.
 */
final class IssuerKeys implements JWKSource<SecurityContext> {
  private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);

  static final int MAX_BYTES = 256 << 10;
  private static final int LEAST_RSA_BITS = 2048;  // RFC 7518, 3.3
  private static final Duration FETCH = Duration.ofSeconds(3);
  private static final Duration BETWEEN = Duration.ofSeconds(5);
  private static final Duration CACHE = Duration.ofMinutes(5);
  private static final Duration OUTAGE = Duration.ofHours(1);

  private final String address;
  private final String uri;
  private final WebClient client;
  private final LongSupplier nanos;

  private JWKSet keys;
  private long fetched;
  private String failure;  // of the last fetch; null if it went well
  private long attempted;
  private CompletableFuture<Void> fetch = CompletableFuture.completedFuture(null);
  private boolean tried;

  IssuerKeys(String address, LongSupplier nanos) {
    this.address = address;
    this.nanos = nanos;
    this.uri = address.startsWith("http:") ? "h1c" + address.substring("http".length()) : address;
    this.client = WebClient.builder().responseTimeout(FETCH).maxResponseLength(MAX_BYTES).build();
  }

  /**
   * Returns the keys of a key set that may check tokens.
   *
   * @throws IOException if there is none
   */
  static JWKSet usable(JWKSet all, String where) throws IOException {
    List<JWK> good = all.toPublicJWKSet().getKeys().stream()
        .filter(key -> !(key instanceof RSAKey) || key.size() >= LEAST_RSA_BITS).toList();
    if (good.isEmpty()) {
      throw new IOException("key set " + where + " holds no public key, or only RSA keys below " + LEAST_RSA_BITS + " bits");
    }
    return new JWKSet(good);
  }

  /**
   * Completes, never with a failure, when it is known whether the key is there.
   *
   * @param keyId as a token names it; null where it names none
   */
  synchronized CompletableFuture<Void> ready(String keyId) {
    long now = nanos.getAsLong();
    boolean known = usable(now) && (keyId == null || keys.getKeyByKeyId(keyId) != null);
    boolean old = keys == null || now - fetched > CACHE.toNanos();
    if ((!known || old) && fetch.isDone() && (!tried || now - attempted >= BETWEEN.toNanos())) {
      tried = true;
      attempted = now;
      fetch = client.get(uri).aggregate().thenApply(this::read).handle(this::ended);
    }
    return known ? CompletableFuture.completedFuture(null) : fetch;
  }

  private boolean usable(long now) {
    return keys != null && now - fetched <= OUTAGE.toNanos();
  }

  private JWKSet read(AggregatedHttpResponse response) {
    try {
      if (!response.status().equals(HttpStatus.OK)) {
        throw new IOException("the answer is " + response.status());
      }
      return usable(JWKSet.parse(response.contentUtf8()), "at " + address);
    } catch (ParseException e) {
      throw new CompletionException(new IOException("it cannot be read: " + e.getMessage(), e));
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private synchronized Void ended(JWKSet read, Throwable problem) {
    if (problem == null) {
      keys = read;
      fetched = nanos.getAsLong();
      failure = null;
      return null;
    }
    Throwable cause = problem instanceof CompletionException && problem.getCause() != null ? problem.getCause() : problem;
    failure = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    LOG.warn("the key set at {} cannot be had: {}", address, failure);
    return null;
  }

  /** Throws where it cannot be told whether a key is the issuer's: there are no keys, or it is not among them and the last fetch failed. */
  @Override
  public synchronized List<JWK> get(JWKSelector selector, SecurityContext context) throws KeySourceException {
    List<JWK> found = usable(nanos.getAsLong()) ? selector.select(keys) : List.of();
    if (found.isEmpty() && (!usable(nanos.getAsLong()) || failure != null)) {
      throw new KeySourceException(failure == null ? "it is older than " + OUTAGE.toHours() + " h" : failure);
    }
    return found;
  }
}
