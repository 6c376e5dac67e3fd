// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import dev.tacet.server.internal.config.Section;
import dev.tacet.server.internal.config.Yaml;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The API keys of one file, as hashes. */
public final class ApiKeys {
  /**
   * One key.
   *
   * @param sha256 32 bytes, see {@link ApiKey#hash}
   * @param expires null if never
   */
  public record Entry(String id, byte[] sha256, String tenant, Set<Role> roles, Instant expires) {}

  /** Compared with when there is no such id, so that the answer takes as long. */
  private static final byte[] NO_HASH = new byte[32];

  private final Map<String, Entry> entries;

  private ApiKeys(Map<String, Entry> entries) {
    this.entries = entries;
  }

  /**
   * Reads a file: {@code keys}, a list of {@code id}, {@code sha256}, {@code tenant}, {@code roles}, {@code expires}.
   *
   * @throws IOException if it cannot be read, with every problem in it
   */
  public static ApiKeys read(Path file) throws IOException {
    List<String> problems = new ArrayList<>();
    Section root = new Section(Yaml.read(file), "", problems);
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (Section section : root.sections("keys")) {
      Entry entry = entry(section);
      if (entry != null && entries.put(entry.id(), entry) != null) {
        section.problem("key " + entry.id() + " occurs twice");
      }
    }
    root.end();
    if (!problems.isEmpty()) {
      throw new IOException("API keys in " + file + ": " + String.join("; ", problems));
    }
    return new ApiKeys(entries);
  }

  private static Entry entry(Section section) {
    Optional<String> id = section.required("id");
    Optional<String> sha256 = section.required("sha256");
    Optional<String> tenant = section.required("tenant");
    List<String> names = section.texts("roles");
    Optional<String> until = section.text("expires");
    section.end();
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (String name : names) {
      Role.of(name).ifPresentOrElse(roles::add, () -> section.problem("unknown role " + name + "; roles are " + Role.names()));
    }
    if (names.isEmpty()) {
      section.problem("roles is missing or empty");
    }
    Instant expires = null;
    try {
      expires = until.map(Instant::parse).orElse(null);
    } catch (DateTimeParseException e) {
      section.problem("expires is " + until.get() + ", must be a time such as 2027-01-31T00:00:00Z");
    }
    if (id.isPresent() && !ApiKey.isId(id.get())) {
      section.problem("id must be lower-case letters, digits and dashes, at most 40");
      return null;
    }
    if (sha256.isPresent() && !sha256.get().matches("[0-9a-f]{64}")) {
      section.problem("sha256 must be 64 hexadecimal digits");
      return null;
    }
    return id.isEmpty() || sha256.isEmpty() || tenant.isEmpty()
        ? null
        : new Entry(id.get(), HexFormat.of().parseHex(sha256.get()), tenant.get(), roles, expires);
  }

  /** Returns the keys in the file's order. */
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  /** Returns whom a key stands for; nothing if it is unknown, wrong or expired, all after the same work. */
  Optional<Identity> identify(String key, Instant now) {
    Entry entry = ApiKey.id(key).map(entries::get).orElse(null);
    boolean same = MessageDigest.isEqual(ApiKey.hash(key), entry == null ? NO_HASH : entry.sha256());
    if (entry == null || !same || (entry.expires() != null && !now.isBefore(entry.expires()))) {
      return Optional.empty();
    }
    return Optional.of(new Identity(entry.tenant(), "api-key:" + entry.id(), entry.roles()));
  }
}
