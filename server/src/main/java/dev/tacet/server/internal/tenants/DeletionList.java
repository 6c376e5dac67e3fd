// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.he.Blob;
import dev.tacet.server.internal.keys.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What has to be deleted again where a backup is restored: a file with a line for each client's last deletion, {@code <milliseconds>
 * <tenant> <SHA-256 of the client's name>}. A line is durable before the deletion begins, so that one which a crash cut short is ended at the next start
 * too. Thread safe, also between processes.
 */
public final class DeletionList {
  private static final Pattern LINE = Pattern.compile("([0-9]{1,18}) ([a-z0-9-]{1,63}) ([0-9a-f]{64})");

  private final Path file;

  /** One deletion: all that was kept about a client up to an instant. */
  public record Deletion(Instant at, String tenant, String clientSha256) {
    /** Tells whether it is of this client. */
    public boolean isOf(String client) {
      return clientSha256.equals(hash(client));
    }
  }

  /** Takes the list in a file, which need not exist. */
  public DeletionList(Path file) {
    this.file = file;
  }

  static String hash(String client) {
    return Blob.sha256Hex(client.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a deletion, which stands for earlier ones of the same client; it is durable when this returns. */
  public void add(Instant at, String tenant, String client) throws IOException {
    Deletion added = new Deletion(at, tenant, hash(client));
    change(all -> Stream.concat(
        all.stream().filter(d -> !d.tenant().equals(tenant) || !d.isOf(client)), Stream.of(added)).toList());
  }

  /** Returns all deletions, the oldest first; what is no whole line is passed over. */
  public List<Deletion> read() throws IOException {
    List<Deletion> deletions = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        Matcher fields = LINE.matcher(line);
        if (fields.matches()) {
          deletions.add(new Deletion(Instant.ofEpochMilli(Long.parseLong(fields.group(1))), fields.group(2), fields.group(3)));
        }
      }
    } catch (NoSuchFileException e) {
      return deletions;
    }
    return deletions;
  }

  /** Drops the deletions before an instant: no backup of what they deleted is left. */
  public void dropBefore(Instant before) throws IOException {
    change(all -> all.stream().filter(d -> !d.at().isBefore(before)).toList());
  }

  /** Reads and writes under a lock on a file of its own, since the list itself is replaced: no line that another process adds is lost. */
  private void change(UnaryOperator<List<Deletion>> change) throws IOException {
    synchronized (DeletionList.class) { // a process may hold a file's lock once
      try (FileChannel channel = FileChannel.open(sibling(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        List<Deletion> all = read();
        List<Deletion> changed = change.apply(all);
        if (changed.equals(all)) {
          return;
        }
        StringBuilder text = new StringBuilder();
        changed.forEach(d ->
            text.append(d.at().toEpochMilli()).append(' ').append(d.tenant()).append(' ').append(d.clientSha256()).append('\n'));
        Path fresh = sibling(".new");
        try {
          Disk.LOCAL.write(fresh, 0, ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.US_ASCII)));
          Disk.LOCAL.publish(fresh, file);
        } finally {
          Files.deleteIfExists(fresh); // it is there only if that failed
        }
      }
    }
  }

  private Path sibling(String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }
}
