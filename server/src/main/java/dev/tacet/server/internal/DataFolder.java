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

/** The server's data folder, held by one process at a time through a lock on {@code tacet.lock}. */
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
   * @throws IOException if it cannot be written, or another server holds it
   */
  public static DataFolder open(Path root) throws IOException {
    FileChannel channel;
    try {
      Files.createDirectories(root);
      channel = FileChannel.open(root.resolve("tacet.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new IOException("data folder " + root + " is a file", e);
    } catch (IOException e) {
      throw new IOException("data folder " + root + " cannot be written: " + e, e);
    }
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    if (lock == null) {
      channel.close();
      throw new IOException("data folder " + root + " is in use by another server");
    }
    return new DataFolder(root, channel, lock);
  }

  /** Returns the folder of a tenant. */
  public Path tenant(String tenant) {
    return root.resolve("tenants").resolve(tenant);
  }

  @Override
  public void close() throws IOException {
    lock.release();
    channel.close();
  }
}
