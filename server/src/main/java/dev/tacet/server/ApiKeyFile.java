// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.server.internal.config.TenantSettings;
import dev.tacet.server.internal.identity.ApiKey;
import dev.tacet.server.internal.identity.ApiKeys;
import dev.tacet.server.internal.identity.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The file of a host's API keys, as an operator changes it. It holds hashes, never a key; a running server reads it again within
 * seconds. Written whole: the old file or the new one is there, whatever happens. Whoever changes it holds a lock on {@code <file>.lock}, so
 * that no change is lost to another one.
 */
public final class ApiKeyFile {
  private static final String HEADER = "# API keys of a tacet host: hashes only. Made by 'tacet api-key'.\n";

  private final Path file;

  /** Names the file; nothing is read yet. */
  public ApiKeyFile(Path file) {
    this.file = file;
  }

  /**
   * What is known of a key.
   *
   * @param expires null if never
   */
  public record Entry(String id, String tenant, Set<String> roles, Instant expires) {}

  /**
   * Lists the keys; none if there is no file.
   *
   * @throws IOException if the file cannot be read, with every problem in it
   */
  public List<Entry> list() throws IOException {
    List<Entry> list = new ArrayList<>();
    for (ApiKeys.Entry entry : read()) {
      Set<String> roles = new TreeSet<>();
      entry.roles().forEach(role -> roles.add(role.text()));
      list.add(new Entry(entry.id(), entry.tenant(), roles, entry.expires()));
    }
    return list;
  }

  /**
   * Makes a key and stores its hash.
   *
   * @param id names the key in files and logs: lower-case letters, digits, dashes, at most 40
   * @param expires null if never
   * @return the key, which is nowhere else
   * @throws IllegalArgumentException if the id is taken, or an argument has not its form
   * @throws IOException if the file cannot be read or written
   */
  public String issue(String id, String tenant, Set<String> roles, Instant expires) throws IOException {
    if (!ApiKey.isId(id)) {
      throw new IllegalArgumentException("id \"" + id + "\" must be lower-case letters, digits and dashes, at most 40");
    }
    if (!TenantSettings.isName(tenant)) {
      throw new IllegalArgumentException("tenant \"" + tenant + "\" must be lower-case letters, digits and dashes, at most 63");
    }
    Set<Role> known = EnumSet.noneOf(Role.class);
    for (String role : roles) {
      known.add(Role.of(role).orElseThrow(
          () -> new IllegalArgumentException("unknown role " + role + "; roles are " + Role.names())));
    }
    if (known.isEmpty()) {
      throw new IllegalArgumentException("a key needs a role; roles are " + Role.names());
    }
    String key = ApiKey.make(id, new SecureRandom());
    change(entries -> {
      if (entries.stream().anyMatch(entry -> entry.id().equals(id))) {
        throw new IllegalArgumentException("there is a key " + id + " already; revoke it first, or choose another id");
      }
      entries.add(new ApiKeys.Entry(id, ApiKey.hash(key), tenant, known, expires));
    });
    return key;
  }

  /**
   * Removes a key.
   *
   * @throws IllegalArgumentException if there is no such key
   * @throws IOException if the file cannot be read or written
   */
  public void revoke(String id) throws IOException {
    change(entries -> {
      if (!entries.removeIf(entry -> entry.id().equals(id))) {
        throw new IllegalArgumentException("there is no key " + id + " in " + file);
      }
    });
  }

  private void change(Consumer<List<ApiKeys.Entry>> change) throws IOException {
    Path target = Files.exists(file) ? file.toRealPath() : file; // a link stays one
    Path lock = target.resolveSibling(target.getFileName() + ".lock");
    synchronized (ApiKeyFile.class) { // a lock is a process's
      try (FileChannel channel = FileChannel.open(lock, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), ownerOnly());
          FileLock held = channel.lock()) {
        List<ApiKeys.Entry> entries = read();
        change.accept(entries);
        write(target, entries);
      }
    }
  }

  private List<ApiKeys.Entry> read() throws IOException {
    return Files.exists(file) ? new ArrayList<>(ApiKeys.read(file).entries()) : new ArrayList<>();
  }

  private static void write(Path target, List<ApiKeys.Entry> entries) throws IOException {
    StringBuilder text = new StringBuilder(HEADER).append(entries.isEmpty() ? "keys: []\n" : "keys:\n");
    for (ApiKeys.Entry entry : entries) {
      text.append("  - id: \"").append(entry.id()).append("\"\n");
      text.append("    sha256: \"").append(HexFormat.of().formatHex(entry.sha256())).append("\"\n");
      text.append("    tenant: \"").append(entry.tenant()).append("\"\n");
      text.append("    roles: ").append(entry.roles().stream().map(Role::text).toList()).append("\n");
      if (entry.expires() != null) {
        text.append("    expires: \"").append(entry.expires()).append("\"\n");
      }
    }
    Path folder = target.toAbsolutePath().getParent();
    Path temporary = Files.createTempFile(folder, ".api-keys-", ".tmp", ownerOnly());
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      if (Files.exists(target)) {
        keepReaders(target, temporary);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Lets those read a new file who read the old one: a server of another user would go on with what it read before. */
  private static void keepReaders(Path old, Path fresh) throws IOException {
    PosixFileAttributes was = posix(old);
    PosixFileAttributes is = posix(fresh);
    if (was == null) {
      return;
    }
    PosixFileAttributeView view = Files.getFileAttributeView(fresh, PosixFileAttributeView.class);
    try {
      if (!was.group().equals(is.group())) {
        view.setGroup(was.group());
      }
      if (!was.owner().equals(is.owner())) {
        view.setOwner(was.owner());
      }
    } catch (FileSystemException e) {
      throw new IOException(old + " belongs to " + was.owner().getName() + ":" + was.group().getName()
          + ", which this user cannot give a new file; change it as its owner or as root", e);
    }
    view.setPermissions(was.permissions());
  }

  private static PosixFileAttributes posix(Path path) throws IOException {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix") ? Files.readAttributes(path, PosixFileAttributes.class) : null;
  }

  private static FileAttribute<?>[] ownerOnly() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
        : new FileAttribute<?>[0];
  }
}
