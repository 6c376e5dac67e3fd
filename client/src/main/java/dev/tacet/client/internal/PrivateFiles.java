// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Files and folders that only their owner may read, written whole or not at all: temporary file, fsync, rename. */
public final class PrivateFiles {
  private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private static final String PREFIX = ".new-";
  private static final String SUFFIX = ".tmp";

  private PrivateFiles() {}

  /** Makes a folder and those above it; the folder gets mode 0700 when it is new. */
  public static void makeFolder(Path folder) throws IOException {
    Files.createDirectories(folder, attributes("rwx------"));
  }

  /** Makes a temporary folder of mode 0700. */
  public static Path makeTemporaryFolder(String prefix) throws IOException {
    return Files.createTempDirectory(prefix, attributes("rwx------"));
  }

  /** Makes a temporary folder of mode 0700 in another. */
  static Path makeTemporaryFolder(Path parent, String prefix) throws IOException {
    return Files.createTempDirectory(parent, prefix, attributes("rwx------"));
  }

  /** Writes a file of mode 0600 so that, whatever happens, the old or the new bytes are there. */
  public static void write(Path file, ByteBuffer bytes) throws IOException {
    Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), PREFIX, SUFFIX, attributes("rw-------"));
    try {
      try (FileChannel channel = FileChannel.open(temporary, Set.of(StandardOpenOption.WRITE))) {
        ByteBuffer rest = bytes.duplicate();
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      }
      try {
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      }
      syncFolder(file.toAbsolutePath().getParent());
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Deletes the temporary files that writers which were killed left in a folder and below; no writer may be at work there. */
  public static void deleteUnfinished(Path folder) throws IOException {
    List<Path> unfinished;
    try (Stream<Path> paths = Files.walk(folder, 3)) {
      unfinished = paths.filter(PrivateFiles::isUnfinished).toList();
    }
    for (Path path : unfinished) {
      Files.deleteIfExists(path);
    }
  }

  private static boolean isUnfinished(Path path) {
    String name = path.getFileName().toString();
    return name.startsWith(PREFIX) && name.endsWith(SUFFIX) && Files.isRegularFile(path);
  }

  /** Deletes a folder with all that is in it. */
  public static void deleteFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static void syncFolder(Path folder) throws IOException {
    if (POSIX) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static FileAttribute<?>[] attributes(String mode) {
    return POSIX
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
        : new FileAttribute<?>[0];
  }
}
