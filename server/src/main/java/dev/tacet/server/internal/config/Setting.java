// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import java.util.Locale;
import java.util.Optional;

/**
 * Every setting that is one value. Its path is the key in the YAML file, dots between the levels; the environment variable is the
 * path in capitals with underscores, after {@code TACET_}.
 */
public enum Setting {
  /** The model repository. */
  MODELS("models"),
  /** Which versions of a model are loaded where it does not say: {@code all} or {@code latest N}. */
  REPOSITORY_VERSIONS("repository.versions"),
  /** How often the repository is looked at for changes; 0s for never. */
  REPOSITORY_POLL("repository.poll"),
  /** Whether a model runs once before it is ready. */
  REPOSITORY_WARM_UP("repository.warm-up"),
  /** PEM public key of the models' owner; a model that it did not sign is refused. */
  REPOSITORY_TRUSTED_KEY("repository.trusted-key"),
  /** The folder for keys. */
  DATA("data"),
  /** Address of a PostgreSQL database, {@code jdbc:postgresql://...}; several servers may share it. */
  STATE_URL("state.url"),
  /** Its user. */
  STATE_USER("state.user"),
  /** File with the user's password. */
  STATE_PASSWORD_FILE("state.password-file"),
  /** The address to bind. */
  HOST("host"),
  /** The port, 0..65535; 0 picks a free one. */
  PORT("port"),
  /** Origins of web pages that may call, commas between; a star alone for any. */
  BROWSERS("browsers"),
  /** Where traces go, OTLP over HTTP: {@code http://collector:4318/v1/traces}. */
  TRACES_ENDPOINT("traces.endpoint"),
  /** Percent of the calls that are traced where their caller does not decide. */
  TRACES_SHARE("traces.share"),
  /** PEM certificate chain. */
  TLS_CERTIFICATE("tls.certificate"),
  /** PEM private key. */
  TLS_KEY("tls.key"),
  /** PEM certificates of the authorities whose clients are let in. */
  TLS_CLIENT_AUTHORITIES("tls.client-authorities"),
  /** Whether a connection without a client certificate is refused. */
  TLS_CLIENT_REQUIRED("tls.client-required"),
  /** Says that a proxy in front speaks TLS, so that credentials may arrive in plain text. */
  TLS_TERMINATED_BY_PROXY("tls.terminated-by-proxy"),
  /** File of API keys. */
  IDENTITY_API_KEYS("identity.api-keys"),
  /** The {@code iss} of accepted tokens. */
  IDENTITY_TOKENS_ISSUER("identity.tokens.issuer"),
  /** The {@code aud} of accepted tokens. */
  IDENTITY_TOKENS_AUDIENCE("identity.tokens.audience"),
  /** File or address of the JSON Web Key Set. */
  IDENTITY_TOKENS_KEYS("identity.tokens.keys"),
  /** The claim that names the tenant. */
  IDENTITY_TOKENS_TENANT_CLAIM("identity.tokens.tenant-claim"),
  /** The claim that lists the roles. */
  IDENTITY_TOKENS_ROLES_CLAIM("identity.tokens.roles-claim"),
  /** Bytes of expanded evaluation keys in memory. */
  LIMITS_EXPANDED_KEYS("limits.expanded-keys"),
  /** Bytes of keys that a tenant may store, unless the tenant says otherwise. */
  LIMITS_STORED_KEYS("limits.stored-keys"),
  /** Runs at the same time. */
  LIMITS_RUNNING("limits.running"),
  /** Calls that may wait. */
  LIMITS_WAITING("limits.waiting"),
  /** Percent of the places and the memory that one tenant may hold. */
  LIMITS_TENANT_SHARE("limits.tenant-share"),
  /** Bytes of ciphertexts of admitted calls. */
  LIMITS_MEMORY("limits.memory"),
  /** Largest inference request. */
  LIMITS_REQUEST("limits.request"),
  /** Time limit of a call. */
  LIMITS_DURATION("limits.duration"),
  /** How long stopping waits for admitted calls. */
  LIMITS_DRAIN("limits.drain"),
  /** Connections open at the same time. */
  LIMITS_CONNECTIONS("limits.connections"),
  /** After which a connection without a call is closed. */
  LIMITS_IDLE("limits.idle"),
  /** Within which a message must arrive. */
  LIMITS_RECEIVE("limits.receive"),
  /** Streams that clients may reset on one HTTP/2 connection in a minute. */
  LIMITS_RESETS("limits.resets"),
  /** Time after its registration at which a key set is deleted; none unless set. */
  RETENTION_KEYS("retention.keys"),
  /** Time after which an unfinished upload, or a key that no set names, is deleted. */
  RETENTION_UPLOADS("retention.uploads"),
  /** How long entries of the audit trails are kept. */
  RETENTION_AUDIT("retention.audit"),
  /** How long backups of the disk are kept, which receipts of deletions state. */
  RETENTION_BACKUPS("retention.backups"),
  /** Where the host stands, in words that clients' policies name. */
  PRIVACY_REGION("privacy.region"),
  /** What data may travel over to this host: loopback, plain, tls, mutual-tls. */
  PRIVACY_TRANSPORTS("privacy.transports"),
  /** What sharing this host allows: none, providers, results. */
  PRIVACY_SHARING("privacy.sharing"),
  /** How often is looked for what may not be kept longer. */
  RETENTION_INTERVAL("retention.interval");

  private final String path;

  Setting(String path) {
    this.path = path;
  }

  /** Returns the path, such as {@code tls.certificate}. */
  public String path() {
    return path;
  }

  /** Returns the environment variable, such as {@code TACET_TLS_CERTIFICATE}. */
  public String variable() {
    return "TACET_" + path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** Returns the setting with a path. */
  public static Optional<Setting> ofPath(String path) {
    for (Setting setting : values()) {
      if (setting.path.equals(path)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }
}
