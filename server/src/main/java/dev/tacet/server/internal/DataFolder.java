// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The server's data folder, held through a lock on {@code tacet.lock}: by one process, or by several that share their database. */
public final class DataFolder implements AutoCloseable {
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
   * @throws IOException if it cannot be written, or another server holds it
   */
  public static DataFolder open(Path root, boolean shared) throws IOException {
    FileChannel channel;
    try {
      Files.createDirectories(root);
      channel = FileChannel.open(root.resolve("tacet.lock"), StandardOpenOption.CREATE, StandardOpenOption.READ,
          StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new IOException("data folder " + root + " is a file", e);
    } catch (IOException e) {
      throw new IOException("data folder " + root + " cannot be written: " + e, e);
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
      throw new IOException("data folder " + root + " is in use by another server" + (shared ? " that does not share it" : ""));
    }
    return new DataFolder(root, channel, lock);
  }

  /** Returns the folder of a tenant. */
  public Path tenant(String tenant) {
    return root.resolve("tenants").resolve(tenant);
  }

  /** Returns the folder of compiled models. */
  public Path compiled() {
    return root.resolve("compiled");
  }

  /** Returns the folder of the embedded database. */
  public Path state() {
    return root.resolve("state");
  }

  @Override
  public void close() throws IOException {
    lock.release();
    channel.close();
  }
}
