// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The files of one version's folder as they are now: what tells a change without reading them. */
record FolderStamp(List<FileStamp> files) {
  private static final int MAX_FILES = 10_000;
  private static final int MAX_DEPTH = 8;

  /** The name below the folder, and time, length and identity of the file, a link's target where it is a link. */
  record FileStamp(String name, long nanos, long length, Object key) {}

  /**
   * Looks at a folder. Hidden files, and folders that hold a version of their own, do not count.
   *
   * @throws IOException if it cannot be listed, or holds more than 10000 files
   */
  static FolderStamp of(Path folder) throws IOException {
    List<FileStamp> files = new ArrayList<>();
    add(folder, folder, 0, files);
    return new FolderStamp(List.copyOf(files));
  }

  private static void add(Path root, Path folder, int depth, List<FileStamp> files) throws IOException {
    List<Path> children;
    try (Stream<Path> list = Files.list(folder)) {
      children = list.filter(child -> !child.getFileName().toString().startsWith(".")).limit(MAX_FILES + 1L).sorted().toList();
    }
    for (Path child : children) {
      if (Files.isDirectory(child, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
        if (depth < MAX_DEPTH && !ModelFolders.holdsModel(child)) {
          add(root, child, depth + 1, files);
        }
      } else if (Files.isRegularFile(child)) {
        BasicFileAttributes a = Files.readAttributes(child, BasicFileAttributes.class);
        files.add(
            new FileStamp(root.relativize(child).toString(), a.lastModifiedTime().to(TimeUnit.NANOSECONDS), a.size(), a.fileKey()));
      }
      if (files.size() > MAX_FILES) {
        throw new IOException("the folder holds more than " + MAX_FILES + " files");
      }
    }
  }

  /** Adds names, lengths and contents of the files to a digest. */
  void digest(Path folder, MessageDigest digest) throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (FileStamp file : files) {
      digest.update((file.name() + "\0" + file.length() + "\0").getBytes(StandardCharsets.UTF_8));
      try (InputStream in = Files.newInputStream(folder.resolve(file.name()))) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          digest.update(buffer, 0, n);
        }
      }
    }
  }
}
