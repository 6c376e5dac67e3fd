// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that a command writes: it appears whole, in place of an older one, or not at all.
 *
 * <p>The bytes go to a hidden file beside it, which {@link #commit()} moves; without a commit, or when the process ends by
 * Ctrl-C, the hidden file is deleted and the older file is still there. So a command may write over the file that it reads.
 * What is no regular file (a device, a pipe), or lies in a folder that takes no new files, is written in place.
 */
public final class OutputFile implements AutoCloseable {
  private final Path named;
  private final Path target;
  private final Path temporary;
  private final OutputStream stream;
  private final Cleanup.Registration cleanup;

  private OutputFile(Path named) {
    this.named = named;
    require(named);
    try {
      target = Files.exists(named) ? named.toRealPath() : named.toAbsolutePath();
      boolean inPlace =
          Files.exists(target) && (!Files.isRegularFile(target) || !Files.isWritable(target.getParent()));
      temporary = inPlace ? null : target.resolveSibling("." + target.getFileName() + "-" + UUID.randomUUID() + ".tmp");
      stream =
          new BufferedOutputStream(
              inPlace ? Files.newOutputStream(target) : Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW), 1 << 16);
    } catch (IOException e) {
      throw failed(named, e);
    }
    cleanup = Cleanup.atExit(this::discard);
  }

  /**
   * Starts to write {@code file}.
   *
   * @throws CliException if it cannot be written
   */
  public static OutputFile create(Path file) {
    return new OutputFile(file);
  }

  /** Writes {@code bytes} as {@code file}. */
  public static void write(Path file, byte[] bytes) {
    try (OutputFile out = create(file)) {
      out.stream().write(bytes);
      out.commit();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /**
   * Says now, before any work is done, that {@code file} cannot be written; null and "-" (standard output) can.
   *
   * @throws CliException if it is a folder, its folder is missing, or there is no permission
   */
  public static void require(Path file) {
    if (file == null || file.toString().equals("-")) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw failed(file, "it is a folder");
    } else if (folder == null || !Files.isDirectory(folder)) {
      throw failed(file, Files.exists(folder, LinkOption.NOFOLLOW_LINKS) ? folder + " is no folder" : "there is no folder " + folder);
    } else if (Files.exists(file) ? !Files.isWritable(file) : !Files.isWritable(folder)) {
      throw failed(file, "no permission");
    }
  }

  /**
   * Says now, before any work is done, that no files can be written into {@code folder}, which is made where it is missing; null can.
   *
   * @throws CliException bad usage if it is a file; as {@link #require} if there is no permission
   */
  public static void requireFolder(Path folder) {
    if (folder == null) {
      return;
    }
    Path existing = folder.toAbsolutePath();
    while (existing.getParent() != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing)) {
      throw CliException.usage(existing + " is a file, not a folder", "Name a folder, or a place where one can be made.");
    } else if (!Files.isWritable(existing)) {
      throw failed(folder, "no permission");
    }
  }

  /**
   * As {@link #require}, for what is no text and does not go to standard output.
   *
   * @throws CliException as {@link #require}; bad usage if the file is named "-"
   */
  public static void requireFile(Path file) {
    if (file.toString().equals("-")) {
      throw CliException.usage("the result does not go to standard output", "Name a file for --output.");
    }
    require(file);
  }

  /** Where the bytes go. */
  public OutputStream stream() {
    return stream;
  }

  /** Everything is written: makes it the file. */
  public void commit() {
    try {
      stream.close();
      if (temporary != null) {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw failed(named, e);
    }
  }

  /** Deletes what was written and not committed. */
  @Override
  public void close() {
    cleanup.close();
  }

  private void discard() {
    try {
      stream.close();
    } catch (IOException e) {
      // What could not be written is discarded anyway.
    }
    try {
      if (temporary != null) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      System.err.println("tacet: the unfinished file " + temporary + " could not be removed: " + reason(e));
    }
  }

  private static CliException failed(Path file, IOException e) {
    return new CliException(
        CliException.FAILED, "cannot write " + file + ": " + reason(e), "Check the folder and the free disk space.", e);
  }

  private static CliException failed(Path file, String reason) {
    return CliException.failed("cannot write " + file + ": " + reason, "Name a file in a folder that exists and can be written.");
  }

  /** Why a file cannot be read or written, in words and without the path. */
  public static String reason(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file";
    }
    if (failure instanceof AccessDeniedException) {
      return "no permission";
    }
    if (failure instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }
}
