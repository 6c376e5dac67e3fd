// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.process;

import dev.tacet.cli.internal.Cleanup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** A folder for this run only, readable by its owner alone, removed on close and when the process ends. */
public final class TemporaryFolder implements AutoCloseable {
  private final Path path;
  private final Cleanup.Registration registration;

  private TemporaryFolder(Path path) {
    this.path = path;
    this.registration = Cleanup.atExit(() -> removeTree(path));
  }

  /** Creates an empty folder whose name starts with {@code prefix}. */
  public static TemporaryFolder create(String prefix) {
    try {
      return new TemporaryFolder(Files.createTempDirectory(prefix));
    } catch (IOException e) {
      throw new UncheckedIOException("no temporary folder can be made in " + System.getProperty("java.io.tmpdir"), e);
    }
  }

  /** The folder. */
  public Path path() {
    return path;
  }

  /** Creates and returns the folder {@code name} inside. */
  public Path folder(String name) {
    try {
      return Files.createDirectories(path.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create " + path.resolve(name), e);
    }
  }

  @Override
  public void close() {
    registration.close();
  }

  private static void removeTree(Path root) {
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
              Files.deleteIfExists(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      System.err.println("tacet: the temporary folder " + root + " could not be removed: " + e.getMessage());
    }
  }
}
