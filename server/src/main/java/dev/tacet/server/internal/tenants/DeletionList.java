// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.he.Blob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What has to be deleted again where a backup is restored: a file with a line for each deletion, {@code <milliseconds> <tenant> <SHA-256
 * of the client's name>}. A line is durable before the deletion begins, so that one which a crash cut short is ended at the next start
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

  /** Adds a deletion; it is durable when this returns. */
  public synchronized void add(Instant at, String tenant, String client) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((at.toEpochMilli() + " " + tenant + " " + hash(client) + "\n").getBytes(StandardCharsets.US_ASCII));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      channel.position(endOfLastLine(channel));
      while (line.hasRemaining()) {
        channel.write(line);
      }
      channel.force(true);
    }
  }

  /** A line that a power failure tore is written over. */
  private static long endOfLastLine(FileChannel channel) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    long end = channel.size();
    for (; end > 0; end--) {
      channel.read(one.clear(), end - 1);
      if (one.get(0) == '\n') {
        return end;
      }
    }
    return end;
  }

  /** Returns all deletions, the oldest first; what is no whole line is passed over. */
  public synchronized List<Deletion> read() throws IOException {
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
  public synchronized void dropBefore(Instant before) throws IOException {
    List<Deletion> all = read();
    List<Deletion> kept = all.stream().filter(d -> !d.at().isBefore(before)).toList();
    if (kept.size() == all.size()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    kept.forEach(d -> text.append(d.at().toEpochMilli()).append(' ').append(d.tenant()).append(' ').append(d.clientSha256()).append('\n'));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      Files.writeString(fresh, text, StandardCharsets.US_ASCII);
      try (FileChannel written = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        written.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
