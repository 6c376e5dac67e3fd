// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(FETCH).build();
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
      fetch = fetched().thenApply(this::read).handle(this::ended);
    }
    return known ? CompletableFuture.completedFuture(null) : fetch;
  }

  private boolean usable(long now) {
    return keys != null && now - fetched <= OUTAGE.toNanos();
  }

  /** The answer, its body too, within {@link #FETCH}. */
  private CompletableFuture<HttpResponse<byte[]>> fetched() {
    CompletableFuture<HttpResponse<byte[]>> call = client.sendAsync(HttpRequest.newBuilder(URI.create(address)).build(), info -> new Bounded());
    return call.copy().orTimeout(FETCH.toMillis(), TimeUnit.MILLISECONDS).whenComplete((answer, failure) -> call.cancel(true));
  }

  /** A body of at most {@link #MAX_BYTES}. */
  private static final class Bounded implements HttpResponse.BodySubscriber<byte[]> {
    private final HttpResponse.BodySubscriber<byte[]> all = HttpResponse.BodySubscribers.ofByteArray();
    private Flow.Subscription subscription;
    private long count;

    @Override
    public CompletionStage<byte[]> getBody() {
      return all.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      all.onSubscribe(given);
    }

    @Override
    public void onNext(List<ByteBuffer> parts) {
      count += parts.stream().mapToLong(ByteBuffer::remaining).sum();
      if (count > MAX_BYTES) {
        subscription.cancel();
        all.onError(new IOException("it has more than " + MAX_BYTES + " bytes"));
      } else {
        all.onNext(parts);
      }
    }

    @Override
    public void onError(Throwable failure) {
      all.onError(failure);
    }

    @Override
    public void onComplete() {
      all.onComplete();
    }
  }

  private JWKSet read(HttpResponse<byte[]> response) {
    try {
      if (response.statusCode() != 200) {
        throw new IOException("the answer has status " + response.statusCode());
      }
      return usable(JWKSet.parse(new String(response.body(), StandardCharsets.UTF_8)), "at " + address);
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
    failure = cause instanceof TimeoutException ? "it did not come within " + FETCH.toSeconds() + " s"
        : cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
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
