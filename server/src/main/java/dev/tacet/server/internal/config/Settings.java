// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import dev.tacet.server.internal.keys.StoreLimits;
import dev.tacet.server.internal.models.RepositoryOptions;
import dev.tacet.server.internal.run.RunLimits;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Everything that a server is told before it starts.
 *
 * @param models the model repository
 * @param repository how it behaves
 * @param data the folder for keys
 * @param state where the index of what is kept lies
 * @param host address to bind
 * @param port 0..65535
 * @param tls empty for plain text
 * @param browsers origins of web pages that may call
 * @param traces where they go; empty for none
 * @param limits what the host lets in
 * @param retention how long the host keeps what it was given
 * @param tenants who is served; never empty
 * @param identity how callers prove who they are; empty where everybody is the tenant {@code default}
 */
public record Settings(
    Path models,
    RepositoryOptions repository,
    Path data,
    StateDatabase state,
    String host,
    int port,
    Optional<Tls> tls,
    List<String> browsers,
    Optional<Traces> traces,
    Limits limits,
    Retention retention,
    List<TenantSettings> tenants,
    Optional<Identities> identity) {

  /**
   * The database.
   *
   * @param url a PostgreSQL's address; empty for the database embedded in the data folder
   * @param passwordFile holds the user's password, spaces around it not counted
   */
  public record StateDatabase(Optional<String> url, Optional<String> user, Optional<Path> passwordFile) {
    /** Returns the database in the data folder. */
    public static StateDatabase embedded() {
      return new StateDatabase(Optional.empty(), Optional.empty(), Optional.empty());
    }
  }

  /**
   * Files of the port's TLS, all PEM.
   *
   * @param clientAuthorities empty if no client certificate is asked for
   * @param clientRequired whether a connection without a client certificate is refused
   */
  public record Tls(Path certificate, Path key, Optional<Path> clientAuthorities, boolean clientRequired) {}

  /**
   * A collector of traces.
   *
   * @param share of the calls that are traced where their caller does not decide, 0 to 1
   */
  public record Traces(URI endpoint, double share) {}

  /**
   * Bounds.
   *
   * @param expandedKeyBytes evaluation keys in memory, of all tenants
   * @param store what a tenant may store
   * @param maxInferBytes largest inference request
   * @param drain how long stopping waits for admitted calls
   * @param connections open at the same time
   * @param idle after which a connection without a call is closed
   * @param receive within which a message must arrive
   * @param resets streams that clients may reset on one HTTP/2 connection in a minute
   */
  public record Limits(
      long expandedKeyBytes, StoreLimits store, RunLimits run, int maxInferBytes, Duration drain, int connections, Duration idle,
      Duration receive, int resets) {
    /**
     * Returns the defaults: keys in memory as much as the Java heap, 256 MiB to 4 GiB; 64 MiB a request; 30 s of draining; 16384
     * connections, closed after 5 min without a call; 30 s a message; 400 resets a minute.
     */
    public static Limits defaults() {
      return new Limits(
          Math.max(256L << 20, Math.min(4L << 30, Runtime.getRuntime().maxMemory())),
          StoreLimits.defaults(), RunLimits.defaults(), 64 << 20, Duration.ofSeconds(30), 1 << 14, Duration.ofMinutes(5),
          Duration.ofSeconds(30), 400);
    }
  }

  /**
   * How long things are kept, but for keys and uploads: {@link StoreLimits}.
   *
   * @param audit entries of the trails; empty for as long as nobody deletes them
   * @param backups how long backups of the host's disk are kept, in the operator's word; empty if it is not said
   * @param interval how often is looked for what may not be kept longer
   * @param terms what else the host says of itself
   */
  public record Retention(Optional<Duration> audit, Optional<Duration> backups, Duration interval, Terms terms) {
    /** Returns the defaults: trails for 400 days, nothing said of backups, 10 minutes. */
    public static Retention defaults() {
      return new Retention(
          Optional.of(Duration.ofDays(400)), Optional.empty(), Duration.ofMinutes(10),
          new Terms("", List.of(), Optional.empty()));
    }
  }

  /**
   * What the host says of itself to clients' policies, which it can narrow and not widen.
   *
   * @param region empty if it is not said
   * @param transports that data may travel over; empty if any
   * @param sharing that is allowed; empty if any, an empty list if none
   */
  public record Terms(String region, List<String> transports, Optional<List<String>> sharing) {
    /** The transports that can be named. */
    public static final List<String> TRANSPORTS = List.of("loopback", "plain", "tls", "mutual-tls");

    /** The ways of sharing that can be named: with data providers, and of decrypted results. */
    public static final List<String> SHARING = List.of("providers", "results");

    /** Tells whether a way of sharing is allowed. */
    public boolean shares(String way) {
      return sharing.isEmpty() || sharing.get().contains(way);
    }
  }

  /**
   * How callers prove who they are.
   *
   * @param apiKeys file of API keys
   * @param tokens bearer tokens of an issuer
   * @param certificates client certificates and whom they stand for
   */
  public record Identities(Optional<Path> apiKeys, Optional<Tokens> tokens, List<CertificateIdentity> certificates) {}

  /**
   * Bearer tokens (JWT) of one issuer.
   *
   * @param keys a file, or an address with a scheme
   */
  public record Tokens(String issuer, String audience, String keys, String tenantClaim, String rolesClaim) {}

  /**
   * A client certificate and whom it stands for.
   *
   * @param subject distinguished name in the form of RFC 2253
   */
  public record CertificateIdentity(String subject, String tenant, List<String> roles) {}
}
