// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The few operations that write to the data folder, in one place so that a test can make them fail. */
public interface Disk {
  /** The operations of the platform's file system. */
  Disk LOCAL = new Disk() {};

  /**
   * Writes all of {@code data} at a position of a file, which is created when missing. Bytes after what was written are cut.
   *
   * @param offset position in bytes, at most the file's length
   */
  default void write(Path file, long offset, ByteBuffer data) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long position = offset;
      while (data.hasRemaining()) {
        position += channel.write(data, position);
      }
      if (channel.size() > position) {
        channel.truncate(position);
      }
    }
  }

  /** Makes a file durable, then gives it its final name in one step, then makes the name durable. */
  default void publish(Path temporary, Path target) throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.createDirectories(target.getParent());
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  /**
   * Returns the bytes that can still be written below a folder. Asks the file system itself: looking the folder up in the table of
   * mounts, as {@code Files.getFileStore} does, fails in a changed root.
   */
  default long usableBytes(Path folder) throws IOException {
    return folder.toFile().getUsableSpace();
  }

  /** As {@link #usableBytes}, after a write has failed: where it cannot be asked for, there is no reason to say that it is used up. */
  default long spaceAfterFailure(Path folder) {
    try {
      return usableBytes(folder);
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }
}
