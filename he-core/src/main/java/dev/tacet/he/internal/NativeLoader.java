// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;

/**
 * Finds and loads libtacet, once per process. The order:
 *
 * <ol>
 *   <li>the file named by {@code -Dtacet.native.path} or the environment variable {@code TACET_NATIVE_PATH};
 *   <li>the library packed in the jar for this platform, unpacked under a name that carries its SHA-256 into
 *       {@code -Dtacet.native.dir} (default: {@code tacet-USER} in the temporary directory). The directory is created for its owner
 *       alone, and one that others can write to is refused. A file that is already there is used after its bytes were compared.
 * </ol>
 *
 * <p>A library with another ABI version is refused. A failure is one IllegalStateException that says what was tried, thrown again
 * by each later call.
 */
public final class NativeLoader {
  private static IllegalStateException failure;
  private static Path loaded;

  private NativeLoader() {}

  /**
   * Makes the native functions callable.
   *
   * @return the file that was loaded
   * @throws IllegalStateException if there is no library for this platform, or it cannot be loaded
   */
  public static synchronized Path load() {
    if (loaded != null) {
      return loaded;
    }
    if (failure != null) {
      throw new IllegalStateException(failure.getMessage(), failure);
    }
    try {
      Path file = find();
      System.load(file.toString());
      int abi = Native.abiVersion();
      if (abi != Native.ABI_VERSION) {
        throw new IllegalStateException(
            file + " has ABI version " + abi + ", this library needs " + Native.ABI_VERSION);
      }
      Native.bind();
      loaded = file;
      return file;
    } catch (IOException | RuntimeException | LinkageError e) {
      failure =
          new IllegalStateException(
              "Cannot load the native engine for " + platform() + ": " + e.getMessage()
                  + ". Name a libtacet with -Dtacet.native.path or TACET_NATIVE_PATH, or a directory that may hold executable"
                  + " files with -Dtacet.native.dir",
              e);
      throw failure;
    }
  }

  /** Returns this platform's name in resource paths, such as linux-x86_64. */
  static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String system = os.startsWith("linux") ? "linux" : os.startsWith("mac") ? "macos" : os.replace(' ', '_');
    String machine =
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch64";
          default -> arch;
        };
    return system + "-" + machine;
  }

  private static Path find() throws IOException {
    String path = System.getProperty("tacet.native.path");
    if (path == null || path.isEmpty()) {
      path = System.getenv("TACET_NATIVE_PATH");
    }
    if (path != null && !path.isEmpty()) {
      Path file = Path.of(path).toAbsolutePath();
      if (!Files.isRegularFile(file)) {
        throw new IllegalStateException(file + " (tacet.native.path) is not a file");
      }
      return file;
    }
    return unpack();
  }

  private static Path unpack() throws IOException {
    String name = System.mapLibraryName("tacet");
    String resource = "/META-INF/native/" + platform() + "/" + name;
    String digest;
    try (InputStream in = NativeLoader.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the class path has no " + resource);
      }
      digest = sha256(in);
    }
    Path directory = directory();
    Path file = directory.resolve("libtacet-" + digest.substring(0, 16) + name.substring(name.lastIndexOf('.')));
    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      try (InputStream in = Files.newInputStream(file)) {
        if (sha256(in).equals(digest)) {
          return file;
        }
      }
    }
    Path temporary = Files.createTempFile(directory, "libtacet-", ".part", ownerOnly("rwx------"));
    try (InputStream in = NativeLoader.class.getResourceAsStream(resource)) {
      Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("r-x------"));
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
    return file;
  }

  private static Path directory() throws IOException {
    String configured = System.getProperty("tacet.native.dir");
    Path directory =
        configured != null && !configured.isEmpty()
            ? Path.of(configured).toAbsolutePath()
            : Path.of(
                    System.getProperty("java.io.tmpdir"),
                    "tacet-" + System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_"))
                .toAbsolutePath();
    if (!Files.isDirectory(directory)) {
      if (directory.getParent() != null) {
        Files.createDirectories(directory.getParent());
      }
      try {
        Files.createDirectory(directory, ownerOnly("rwx------"));
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(directory)) {
          throw e;
        }
      }
    }
    var permissions = Files.getPosixFilePermissions(directory);
    if (permissions.contains(PosixFilePermission.OTHERS_WRITE)
        || permissions.contains(PosixFilePermission.GROUP_WRITE)) {
      throw new IllegalStateException(
          directory + " can be written by others (" + PosixFilePermissions.toString(permissions)
              + "); the engine is unpacked only where its owner alone writes");
    }
    Path probe = Files.createTempFile(directory, "probe-", null, ownerOnly("rw-------"));
    try {
      if (!Files.getOwner(probe).equals(Files.getOwner(directory))) {
        throw new IllegalStateException(
            directory + " belongs to " + Files.getOwner(directory) + ", this process runs as " + Files.getOwner(probe));
      }
    } finally {
      Files.delete(probe);
    }
    return directory;
  }

  private static FileAttribute<Set<PosixFilePermission>> ownerOnly(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  private static String sha256(InputStream in) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      new DigestInputStream(in, digest).transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }
}
