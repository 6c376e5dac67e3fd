// SPDX-License-Identifier: Apache-2.0
package dev.tacet.distribution;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The archive, unpacked into a folder in which the user who runs it can write nothing. Root gives the rights away: what it starts
 * here runs as the user nobody.
 */
final class Installation implements AutoCloseable {
  private static final int NOBODY = 65534;

  private final Path folder;
  private final Path root;

  private Installation(Path folder, Path root) {
    this.folder = folder;
    this.root = root;
  }

  /** Unpacks the archive that was just built. */
  static Installation unpack() throws Exception {
    Path folder = Files.createTempDirectory(Path.of("/tmp"), "tacet-archive");
    run("tar", "-xzf", System.getProperty("tacet.archive"), "-C", folder.toString(), "--no-same-owner");
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> roots = entries.toList();
      if (roots.size() != 1) {
        throw new IOException("the archive has " + roots + " instead of one folder");
      }
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      run("chmod", "-R", "a-w", roots.get(0).toString());
      return new Installation(folder, roots.get(0));
    }
  }

  /** The installed folder. */
  Path root() {
    return root;
  }

  /** Makes a folder that the user who runs it may write in. */
  Path writable(String name) throws Exception {
    Path made = Files.createDirectory(folder.resolve(name));
    if (isRoot()) {
      run("chown", NOBODY + ":" + NOBODY, made.toString());
    }
    return made;
  }

  /** Starts a command as a user without rights, in a folder of its own, with nothing of this process's environment but the PATH. */
  Process start(List<String> command, List<String> variables, Path log) throws IOException {
    List<String> whole = new ArrayList<>();
    if (isRoot()) {
      whole.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--no-new-privs"));
    }
    whole.addAll(List.of("env", "-i", "PATH=" + Path.of(System.getProperty("java.home"), "bin") + ":/usr/bin:/bin"));
    whole.addAll(variables);
    whole.addAll(command);
    return new ProcessBuilder(whole).directory(new java.io.File("/")).redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  /** Every file of the installation with its size and the time of its last change. */
  TreeMap<String, String> contents() throws IOException {
    TreeMap<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.toList()) {
        contents.put(root.relativize(file).toString(), Files.size(file) + " " + Files.getLastModifiedTime(file));
      }
    }
    return contents;
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed:\n" + output);
    }
  }

  @Override
  public void close() throws Exception {
    run("chmod", "-R", "u+w", folder.toString());
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
