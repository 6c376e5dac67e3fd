// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import dev.tacet.protocol.Ed25519Key;
import dev.tacet.server.StartException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's data folder, held through a lock on {@code tacet.lock}: by one process, or by several that share their database. */
public final class DataFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);

  /** The file that names the folder to its database. */
  private static final String NAME = "folder";

  private static final String WRITABLE = "Name a folder that this user may write, on a disk with free space (--data DIR).";

  private final Path root;
  private final FileChannel channel;
  private final FileLock lock;

  private DataFolder(Path root, FileChannel channel, FileLock lock) {
    this.root = root;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Opens and locks the folder, which is created when missing.
   *
   * @param shared whether other servers may hold it too, if they also share it
   * @throws StartException if it cannot be written, or another server holds it
   * @throws IOException if it cannot be locked
   */
  public static DataFolder open(Path root, boolean shared) throws IOException {
    FileChannel channel;
    try {
      Files.createDirectories(root);
      channel = FileChannel.open(root.resolve("tacet.lock"), StandardOpenOption.CREATE, StandardOpenOption.READ,
          StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new StartException("data folder " + root + " is a file", WRITABLE, e);
    } catch (IOException e) {
      throw new StartException("data folder " + root + " cannot be written: " + reason(e), WRITABLE, e);
    }
    FileLock lock;
    try {
      lock = channel.tryLock(0, Long.MAX_VALUE, shared);
    } catch (OverlappingFileLockException e) {
      lock = null;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    if (lock == null) {
      channel.close();
      throw new StartException(
          "data folder " + root + " is in use by another server" + (shared ? " that does not share it" : ""),
          "Stop the other server, or give this one a data folder of its own (--data DIR).", null);
    }
    return new DataFolder(root, channel, lock);
  }

  private static String reason(IOException failure) {
    if (failure instanceof FileSystemException system) {
      return system.getFile() + (system.getReason() != null ? ": " + system.getReason()
          : failure instanceof NoSuchFileException ? " is not there and cannot be made"
          : failure instanceof AccessDeniedException ? " is not for this user" : "");
    }
    return failure.getMessage();
  }

  /** Returns the folder of a tenant. */
  public Path tenant(String tenant) {
    return root.resolve("tenants").resolve(tenant);
  }

  /** Returns the folder of compiled models. */
  public Path compiled() {
    return root.resolve("compiled");
  }

  /** Returns the file that lists what has to be deleted from restored backups too. */
  public Path deletions() {
    return root.resolve("deletions");
  }

  /**
   * Returns what names this folder, made when there is nothing: the same for every server of it.
   *
   * @param fresh whether it may be made; else nothing is made
   * @return 32 hexadecimal digits; nothing if there is no such name
   * @throws IOException if it cannot be read or made
   */
  public Optional<String> id(boolean fresh) throws IOException {
    Path file = root.resolve(NAME);
    if (!Files.exists(file) && fresh) {
      byte[] id = new byte[16];
      new SecureRandom().nextBytes(id);
      publish(file, HexFormat.of().formatHex(id));
    }
    return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
  }

  /** Tells whether a folder was used with a database of its own place, which names it. */
  public static boolean isOfADatabase(Path root) {
    return Files.exists(root.resolve(NAME));
  }

  /** Tells whether a server has kept anything here. */
  public boolean isUsed() {
    return Files.exists(root.resolve("receipts.key")) || Files.exists(root.resolve("tenants"));
  }

  /** Gives a new file its name once its content is durable; one that another server made meanwhile stays. */
  private void publish(Path file, String text) throws IOException {
    Path fresh = Files.createTempFile(root, file.getFileName().toString(), ".new"); // readable by its owner only
    try {
      Files.writeString(fresh, text);
      try (FileChannel written = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        written.force(true);
      }
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException e) {
      LOG.debug("another server made {} meanwhile", file);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Returns the key that signs receipts, made when there is none: the same for every server of this folder.
   *
   * @throws IOException if it cannot be read or made, or is no such key
   */
  public Ed25519Key receiptKey() throws IOException {
    Path file = root.resolve("receipts.key");
    if (!Files.exists(file)) {
      publish(file, Ed25519Key.generate().toPem());
    }
    try {
      return Ed25519Key.fromPem(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage() + "; delete it to have a new one made, which clients are told", e);
    }
  }

  /** Returns the folder of the embedded database. */
  public Path state() {
    return root.resolve("state");
  }

  @Override
  public void close() throws IOException {
    if (channel.isOpen()) { // else it was closed before
      lock.release();
      channel.close();
    }
  }
}
