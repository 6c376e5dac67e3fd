// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tacet.protocol.Ed25519Key;
import dev.tacet.server.ConfigurationException;
import dev.tacet.server.internal.config.Settings.CertificateIdentity;
import dev.tacet.server.internal.config.Settings.Identities;
import dev.tacet.server.internal.config.Settings.Limits;
import dev.tacet.server.internal.config.Settings.Retention;
import dev.tacet.server.internal.config.Settings.StateDatabase;
import dev.tacet.server.internal.config.Settings.Terms;
import dev.tacet.server.internal.config.Settings.Tls;
import dev.tacet.server.internal.config.Settings.Tokens;
import dev.tacet.server.internal.config.Settings.Traces;
import dev.tacet.server.internal.identity.JwksLocation;
import dev.tacet.server.internal.identity.Role;
import dev.tacet.server.internal.models.RepositoryOptions;
import dev.tacet.server.internal.models.VersionPolicy;
import dev.tacet.server.internal.run.RunLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Makes {@link Settings} of a YAML file, the environment and flags; reports everything that is wrong at once. */
public final class SettingsReader {
  private static final Pattern VARIABLE = Pattern.compile("TACET_([A-Z]+)(?:_[A-Z0-9_]+)?");
  private static final LevenshteinDistance LETTERS = LevenshteinDistance.getDefaultInstance();
  private static final int LONG_NAME = "TACET_".length() + 8;
  private static final String TENANTS = "tenants";
  private static final String IDENTITY = "identity";
  private static final String CERTIFICATES = "certificates";
  private static final int MAX_TENANTS = 1024;

  /** Less memory than this holds no key and no run of any model. */
  private static final long LEAST_BYTES = 64 << 10;

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration LONGEST_KEPT = Duration.ofDays(36_500);

  private final List<String> problems = new ArrayList<>();
  private final ObjectNode root;
  private final Values values;

  private SettingsReader(ObjectNode root, String fileName, Map<String, String> environment, Map<String, String> flags) {
    this.root = root;
    this.values = new Values(root, fileName, environment, flags, problems);
    findUnknown(root, "");
  }

  /**
   * What was read.
   *
   * @param settings with the default in the place of each that is wrong, and null in the place of a folder that is not named
   * @param problems everything that is wrong
   */
  public record Reading(Settings settings, List<String> problems) {}

  /**
   * Reads and checks.
   *
   * @param file YAML, or null
   * @param environment variables by name; those of no setting are left alone, unless they are named as a setting of one of the sections is
   * @param flags values by path of their setting
   * @throws ConfigurationException if the file cannot be read at all
   */
  public static Reading read(Path file, Map<String, String> environment, Map<String, String> flags)
      throws ConfigurationException {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    if (file != null) {
      try {
        root = Yaml.read(file);
      } catch (IOException e) {
        String text = Files.exists(file) ? String.valueOf(e.getMessage()) : "there is no file " + file;
        throw new ConfigurationException(List.of(text));
      }
    }
    SettingsReader reader = new SettingsReader(root, file == null ? "" : file.toString(), environment, flags);
    reader.findUnknown(environment);
    return new Reading(reader.settings(), reader.problems);
  }

  /** Reports keys that no setting and no list has. */
  private void findUnknown(ObjectNode node, String prefix) {
    for (Iterator<Map.Entry<String, JsonNode>> fields = node.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> field = fields.next();
      String path = prefix + field.getKey();
      boolean list = path.equals(TENANTS) || path.equals(IDENTITY + "." + CERTIFICATES);
      boolean inner = false;
      for (Setting setting : Setting.values()) {
        inner |= setting.path().startsWith(path + ".");
      }
      if (inner && field.getValue() instanceof ObjectNode object) {
        findUnknown(object, path + ".");
      } else if (inner && !field.getValue().isNull()) {
        problems.add(path + " must be a mapping");
      } else if (!inner && !list && Setting.ofPath(path).isEmpty()) {
        problems.add(path + " is no setting");
      }
    }
  }

  /** Reports variables that are named like settings of a section, or a list, and are none, and those that differ from a setting by a slip. */
  private void findUnknown(Map<String, String> environment) {
    Set<String> known = new HashSet<>();
    Set<String> sections = new HashSet<>();
    for (Setting setting : Setting.values()) {
      known.add(setting.variable());
      int dot = setting.path().indexOf('.');
      if (dot > 0) {
        sections.add(setting.path().substring(0, dot).toUpperCase(Locale.ROOT));
      }
    }
    for (String name : new TreeSet<>(environment.keySet())) {
      Matcher parts = VARIABLE.matcher(name);
      if (known.contains(name) || !parts.matches()) {
        continue;
      }
      if (name.equals("TACET_TENANTS")) {
        problems.add("environment variable " + name + ": tenants are a list, which only the file can hold");
      } else if (sections.contains(parts.group(1))) {
        problems.add("environment variable " + name + " is no setting");
      } else {
        known.stream().filter(setting -> isSlip(name, setting)).min(Comparator.naturalOrder()).ifPresent(setting ->
            problems.add("environment variable " + name + " is no setting; " + setting + " is one"));
      }
    }
  }

  /** Whether one name is another with a letter too many, too few or wrong, two such letters in a long name, or letters in another order. */
  private static boolean isSlip(String name, String setting) {
    int most = Math.min(name.length(), setting.length()) < LONG_NAME ? 1 : 2;
    return LETTERS.apply(name, setting) <= most
        || name.length() == setting.length() && Arrays.equals(name.chars().sorted().toArray(), setting.chars().sorted().toArray());
  }

  private Settings settings() {
    Path models = folder(Setting.MODELS);
    Path data = folder(Setting.DATA);
    if (models != null && !Files.isDirectory(models)) {
      values.problem(Setting.MODELS, "there is no folder " + models);
    }
    if (data != null && Files.exists(data) && !Files.isDirectory(data)) {
      values.problem(Setting.DATA, data + " is no folder");
    }
    String host = values.text(Setting.HOST).orElse("127.0.0.1");
    boolean loopback = checkHost(host);
    int port = values.integer(Setting.PORT, 0, 65535, 8080);
    Optional<Tls> tls = tls();
    Optional<Identities> identity = identity(tls);
    List<TenantSettings> tenants = tenants(identity.isPresent());
    Limits limits = limits(tenants.size());
    identity.ifPresent(ways -> {
      for (CertificateIdentity c : ways.certificates()) {
        if (tenants.stream().noneMatch(t -> t.name().equals(c.tenant()))) {
          problems.add("identity.certificates: tenant " + c.tenant() + " of " + c.subject() + " is not listed under tenants");
        }
      }
    });
    boolean proxied = values.flag(Setting.TLS_TERMINATED_BY_PROXY, false);
    if (identity.isPresent() && tls.isEmpty() && !loopback && !proxied) {
      problems.add(
          "identity without tls: credentials would travel readable to " + host + "; set tls.certificate and tls.key, or"
              + " tls.terminated-by-proxy: true if a proxy in front speaks TLS");
    }
    return new Settings(
        models, repository(limits, identity.isPresent()), data, state(), host, port, tls, browsers(), traces(), limits,
        retention(), tenants, identity);
  }

  private List<String> browsers() {
    List<String> origins = new ArrayList<>();
    for (String origin : values.text(Setting.BROWSERS).orElse("").split(",")) {
      if (!origin.isBlank()) {
        origins.add(origin.strip());
      }
    }
    for (String origin : origins) {
      if (!origin.matches("https?://[A-Za-z0-9.\\-\\[\\]:]+") && !origins.equals(List.of("*"))) {
        values.problem(Setting.BROWSERS, "\"" + origin + "\" is no origin such as https://app.example, nor a star alone");
      }
    }
    return origins;
  }

  private Optional<Traces> traces() {
    Optional<String> text = values.text(Setting.TRACES_ENDPOINT);
    double share = values.integer(Setting.TRACES_SHARE, 0, 100, 100) / 100.0;
    if (text.isEmpty()) {
      if (values.has(Setting.TRACES_SHARE)) {
        values.problem(Setting.TRACES_SHARE, "needs traces.endpoint");
      }
      return Optional.empty();
    }
    try {
      URI endpoint = new URI(text.get());
      if (List.of("http", "https").contains(String.valueOf(endpoint.getScheme())) && endpoint.getHost() != null) {
        return Optional.of(new Traces(endpoint, share));
      }
    } catch (URISyntaxException e) {
      // told below
    }
    values.problem(Setting.TRACES_ENDPOINT, "is \"" + text.get() + "\", must be an address such as http://localhost:4318/v1/traces");
    return Optional.empty();
  }

  private RepositoryOptions repository(Limits limits, boolean identified) {
    String versions = values.text(Setting.REPOSITORY_VERSIONS).orElse("all");
    Optional<VersionPolicy> policy = VersionPolicy.of(versions);
    if (policy.isEmpty()) {
      values.problem(Setting.REPOSITORY_VERSIONS, "is \"" + versions + "\", must be all or latest N");
    }
    return new RepositoryOptions(
        policy.orElse(VersionPolicy.ALL),
        values.duration(Setting.REPOSITORY_POLL, Duration.ZERO, Duration.ofHours(24), Duration.ZERO),
        values.flag(Setting.REPOSITORY_WARM_UP, true) ? limits.expandedKeyBytes() : 0,
        identified,
        trustedKey());
  }

  private Optional<String> trustedKey() {
    return values.file(Setting.REPOSITORY_TRUSTED_KEY).filter(Files::isReadable).flatMap(file -> {
      try {
        String pem = Files.readString(file);
        Ed25519Key.publicKeyFromPem(pem);
        return Optional.of(pem);
      } catch (IOException | IllegalArgumentException e) {
        values.problem(Setting.REPOSITORY_TRUSTED_KEY, file + ": " + e.getMessage());
        return Optional.empty();
      }
    });
  }

  private StateDatabase state() {
    Optional<String> url = values.text(Setting.STATE_URL);
    if (url.isPresent() && !url.get().startsWith("jdbc:postgresql:")) {
      values.problem(Setting.STATE_URL, "must start with jdbc:postgresql:");
    }
    if (url.isPresent() && url.get().matches("(?i).*[?&](ssl)?password=.*|[^?]*@.*")) {
      values.problem(Setting.STATE_URL, "must not hold a user or a password; use state.user and state.password-file");
    }
    Optional<String> user = values.text(Setting.STATE_USER);
    Optional<Path> password = values.file(Setting.STATE_PASSWORD_FILE);
    if (url.isEmpty() && (user.isPresent() || values.has(Setting.STATE_PASSWORD_FILE))) {
      problems.add("state.user and state.password-file need state.url");
    }
    return new StateDatabase(url, user, password);
  }

  private Path folder(Setting setting) {
    if (!values.has(setting)) {
      values.problem(setting, "is missing");
    }
    return values.path(setting).orElse(null);
  }

  private boolean checkHost(String host) {
    InetSocketAddress address = new InetSocketAddress(host, 0);
    if (address.isUnresolved()) {
      values.problem(Setting.HOST, "\"" + host + "\" has no address");
      return true;
    }
    return address.getAddress().isLoopbackAddress();
  }

  private Optional<Tls> tls() {
    Optional<Path> certificate = values.file(Setting.TLS_CERTIFICATE);
    Optional<Path> key = values.file(Setting.TLS_KEY);
    Optional<Path> authorities = values.file(Setting.TLS_CLIENT_AUTHORITIES);
    boolean required = values.flag(Setting.TLS_CLIENT_REQUIRED, false);
    if (values.has(Setting.TLS_CERTIFICATE) != values.has(Setting.TLS_KEY)) {
      problems.add("tls.certificate and tls.key belong together; only one is set");
    }
    if (authorities.isPresent() && !values.has(Setting.TLS_CERTIFICATE)) {
      values.problem(Setting.TLS_CLIENT_AUTHORITIES, "needs tls.certificate and tls.key");
    }
    if (required && authorities.isEmpty()) {
      values.problem(Setting.TLS_CLIENT_REQUIRED, "needs tls.client-authorities");
    }
    return certificate.isPresent() && key.isPresent()
        ? Optional.of(new Tls(certificate.get(), key.get(), authorities, required))
        : Optional.empty();
  }

  private Limits limits(int tenants) {
    Limits d = Limits.defaults();
    RunLimits run = d.run();
    Duration longest = Duration.ofHours(24);
    return new Limits(
        values.bytes(Setting.LIMITS_EXPANDED_KEYS, LEAST_BYTES, 1L << 50, d.expandedKeyBytes()),
        d.store()
            .withQuotaBytes(values.bytes(Setting.LIMITS_STORED_KEYS, 1, 1L << 50, d.store().quotaBytes()))
            .withTimes(kept(Setting.RETENTION_KEYS),
                values.duration(Setting.RETENTION_UPLOADS, SECOND, LONGEST_KEPT, d.store().uploadLifetime())),
        new RunLimits(
            values.integer(Setting.LIMITS_RUNNING, 1, 4096, run.workers()),
            values.integer(Setting.LIMITS_WAITING, 0, 1 << 20, run.maxWaiting()),
            values.bytes(Setting.LIMITS_MEMORY, LEAST_BYTES, 1L << 50, run.memoryBytes()),
            run.maxWait(),
            values.duration(Setting.LIMITS_DURATION, Duration.ofMillis(1), longest, run.maxDuration()),
            values.integer(Setting.LIMITS_TENANT_SHARE, 1, 100, tenants > 1 ? 50 : 100) / 100.0),
        (int) values.bytes(Setting.LIMITS_REQUEST, 1, 1 << 30, d.maxInferBytes()),
        values.duration(Setting.LIMITS_DRAIN, Duration.ZERO, longest, d.drain()),
        values.integer(Setting.LIMITS_CONNECTIONS, 1, 1 << 20, d.connections()),
        values.duration(Setting.LIMITS_IDLE, Duration.ofMillis(100), longest, d.idle()),
        values.duration(Setting.LIMITS_RECEIVE, Duration.ofMillis(100), longest, d.receive()),
        values.integer(Setting.LIMITS_RESETS, 1, 1 << 20, d.resets()));
  }

  private Retention retention() {
    return new Retention(
        kept(Setting.RETENTION_AUDIT).or(() -> Retention.defaults().audit()), kept(Setting.RETENTION_BACKUPS),
        values.duration(Setting.RETENTION_INTERVAL, SECOND, Duration.ofDays(1), Retention.defaults().interval()), terms());
  }

  private Terms terms() {
    Optional<String> region = values.text(Setting.PRIVACY_REGION);
    if (region.isPresent() && !region.get().matches("[A-Za-z0-9._-]{1,64}")) {
      values.problem(Setting.PRIVACY_REGION, "must be one word of letters, digits, dot, dash and underscore, at most 64");
    }
    return new Terms(
        region.orElse(""), words(Setting.PRIVACY_TRANSPORTS, Terms.TRANSPORTS).orElse(List.of()),
        words(Setting.PRIVACY_SHARING, Terms.SHARING));
  }

  /** Words with commas between; "none" is none of them. */
  private Optional<List<String>> words(Setting setting, List<String> known) {
    Optional<String> text = values.text(setting);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (text.get().equals("none") && setting == Setting.PRIVACY_SHARING) {
      return Optional.of(List.of());
    }
    List<String> words = List.of(text.get().split("\\s*,\\s*"));
    if (!known.containsAll(words)) {
      values.problem(setting, "is \"" + text.get() + "\", must be some of " + known);
    }
    return Optional.of(words);
  }

  /** A time for which something is kept; empty for as long as it is wanted. */
  private Optional<Duration> kept(Setting setting) {
    return values.has(setting)
        ? Optional.of(values.duration(setting, SECOND, LONGEST_KEPT, LONGEST_KEPT))
        : Optional.empty();
  }

  private Optional<Identities> identity(Optional<Tls> tls) {
    Optional<Path> apiKeys = values.file(Setting.IDENTITY_API_KEYS);
    Optional<Tokens> tokens = tokens();
    List<CertificateIdentity> certificates = new ArrayList<>();
    if (root.get(IDENTITY) instanceof ObjectNode object) {
      for (Section section : new Section(object, IDENTITY, problems).sections(CERTIFICATES)) {
        certificate(section).ifPresent(certificates::add);
      }
    }
    if (!certificates.isEmpty() && tls.flatMap(Tls::clientAuthorities).isEmpty()) {
      problems.add("identity.certificates needs tls.client-authorities");
    }
    boolean none = apiKeys.isEmpty() && tokens.isEmpty() && certificates.isEmpty();
    if (none && root.has(IDENTITY)) {
      problems.add("identity names no way to prove one; set identity.api-keys, .tokens or .certificates");
    }
    return none ? Optional.empty() : Optional.of(new Identities(apiKeys, tokens, certificates));
  }

  private Optional<Tokens> tokens() {
    Setting[] needed = {Setting.IDENTITY_TOKENS_ISSUER, Setting.IDENTITY_TOKENS_AUDIENCE, Setting.IDENTITY_TOKENS_KEYS};
    boolean any = false;
    for (Setting setting : needed) {
      any |= values.has(setting);
    }
    any |= values.has(Setting.IDENTITY_TOKENS_TENANT_CLAIM) || values.has(Setting.IDENTITY_TOKENS_ROLES_CLAIM);
    if (!any) {
      return Optional.empty();
    }
    for (Setting setting : needed) {
      if (!values.has(setting)) {
        values.problem(setting, "is missing; tokens need issuer, audience and keys");
      }
    }
    Optional<String> keys = values.text(Setting.IDENTITY_TOKENS_KEYS);
    keys.flatMap(JwksLocation::problem).ifPresent(problem -> values.problem(Setting.IDENTITY_TOKENS_KEYS, problem));
    return Optional.of(
        new Tokens(
            values.text(Setting.IDENTITY_TOKENS_ISSUER).orElse(""),
            values.text(Setting.IDENTITY_TOKENS_AUDIENCE).orElse(""),
            keys.orElse(""),
            values.text(Setting.IDENTITY_TOKENS_TENANT_CLAIM).orElse("tenant"),
            values.text(Setting.IDENTITY_TOKENS_ROLES_CLAIM).orElse("roles")));
  }

  private Optional<CertificateIdentity> certificate(Section section) {
    Optional<String> subject = section.required("subject");
    Optional<String> tenant = section.required("tenant");
    List<String> roles = section.texts("roles");
    section.end();
    if (subject.isPresent()) {
      try {
        new X500Principal(subject.get());
      } catch (IllegalArgumentException e) {
        section.problem("subject \"" + subject.get() + "\" is no distinguished name such as CN=lab,O=Example");
      }
    }
    for (String role : roles) {
      if (Role.of(role).isEmpty()) {
        section.problem("unknown role " + role + "; roles are " + Role.names());
      }
    }
    if (roles.isEmpty()) {
      section.problem("roles is missing or empty");
    }
    return subject.isPresent() && tenant.isPresent()
        ? Optional.of(new CertificateIdentity(subject.get(), tenant.get(), roles))
        : Optional.empty();
  }

  private List<TenantSettings> tenants(boolean identified) {
    List<TenantSettings> tenants = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Section section : new Section(root, "", problems).sections(TENANTS)) {
      Optional<String> name = section.required("name");
      List<String> models = section.texts("models");
      Optional<String> stored = section.text("stored-keys");
      Optional<String> rate = section.text("inferences-per-second");
      section.end();
      if (rate.isPresent() && !rate.get().matches("[1-9][0-9]{0,5}")) {
        section.problem("inferences-per-second is " + rate.get() + ", must be a whole number in 1..999999");
        rate = Optional.empty();
      }
      OptionalLong bytes = stored.isEmpty() ? OptionalLong.empty() : Quantities.bytes(stored.get());
      if (stored.isPresent() && (bytes.isEmpty() || bytes.getAsLong() < 1)) {
        section.problem("stored-keys is " + stored.get() + ", must be bytes such as 512MiB");
      }
      if (models.isEmpty()) {
        section.problem("models is missing or empty; [\"*\"] is every model");
      }
      for (String model : models) {
        if (!TenantSettings.isModelPattern(model)) {
          section.problem("\"" + model + "\" is no name or pattern of models");
        }
      }
      if (name.isPresent() && !TenantSettings.isName(name.get())) {
        section.problem("name \"" + name.get() + "\" must be lower-case letters, digits and dashes, at most 63");
      } else if (name.isPresent() && !names.add(name.get())) {
        section.problem("tenant " + name.get() + " occurs twice");
      } else if (name.isPresent()) {
        tenants.add(new TenantSettings(name.get(), models, bytes, rate.map(Integer::parseInt).orElse(0)));
      }
    }
    if (tenants.size() > MAX_TENANTS) {
      problems.add(tenants.size() + " tenants, at most " + MAX_TENANTS + " are served");
    }
    if (!tenants.isEmpty() && !identified) {
      problems.add("tenants without identity: nobody could be told apart; set identity.api-keys, .tokens or .certificates");
    }
    return tenants.isEmpty() ? List.of(TenantSettings.everything()) : tenants;
  }
}
