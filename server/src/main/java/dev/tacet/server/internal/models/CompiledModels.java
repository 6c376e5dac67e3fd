// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.compiler.Compiler;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.UnsupportedException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Artifacts of compilations, kept by what went into them: the model's name, every file of its folder, and the code of the compiler. A
 * server that starts again, or another replica of the same data folder, compiles nothing twice. What cannot be read is compiled again.
 */
public final class CompiledModels implements ModelSource {
  private static final Logger LOG = LoggerFactory.getLogger(CompiledModels.class);
  private static final int MOST_FILES = 256;

  private final ModelSource compiler;
  private final Path folder;
  private final List<Path> code;

  /**
   * Takes the parts.
   *
   * @param compiler asked when there is no artifact
   * @param folder where artifacts are kept; made when it is needed
   */
  public CompiledModels(ModelSource compiler, Path folder) {
    this(compiler, folder, List.of(place(Compiler.class), place(ModelArtifact.class)));
  }

  /** Takes the jars or folders of the code that an artifact depends on. */
  CompiledModels(ModelSource compiler, Path folder, List<Path> code) {
    this.compiler = compiler;
    this.folder = folder;
    this.code = code;
  }

  private static Path place(Class<?> type) {
    try {
      CodeSource source = type.getProtectionDomain().getCodeSource();
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public ModelArtifact compile(String name, Path model) throws IOException {
    Path file = folder.resolve(key(name, model) + ".tacet");
    if (Files.isRegularFile(file)) {
      try {
        ModelArtifact artifact = ModelArtifact.fromBytes(ByteBuffer.wrap(Files.readAllBytes(file)));
        if (!artifact.sha256().equals(Files.readString(sidecar(file)).strip())) {
          throw new MalformedException("it is not the one that was made under this name");
        }
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        LOG.info("model {}: compiled before, artifact {}", name, artifact.sha256().substring(0, 12));
        return artifact;
      } catch (IOException | MalformedException | UnsupportedException e) {
        LOG.warn("model {}: the artifact that was kept cannot be read and is made again: {}", name, e.getMessage());
      }
    }
    ModelArtifact artifact = compiler.compile(name, model);
    try {
      keep(file, artifact);
    } catch (IOException e) {
      LOG.warn("model {}: its artifact cannot be kept: {}", name, e.toString());
    }
    return artifact;
  }

  /** The file beside an artifact that says which one belongs under its name. */
  private static Path sidecar(Path file) {
    return file.resolveSibling(file.getFileName() + ".sha256");
  }

  private void keep(Path file, ModelArtifact artifact) throws IOException {
    Files.createDirectories(folder);
    Path temporary = Files.createTempFile(folder, "new", ".tmp");
    try {
      Files.writeString(sidecar(file), artifact.sha256() + "\n");
      Files.write(temporary, artifact.toBytes());
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
    List<Path> oldestFirst;
    try (Stream<Path> files = Files.list(folder)) {
      oldestFirst = files.filter(f -> f.toString().endsWith(".tacet"))
          .sorted(Comparator.comparingLong((Path f) -> f.toFile().lastModified())).toList();
    }
    for (Path old : oldestFirst.subList(0, Math.max(0, oldestFirst.size() - MOST_FILES))) {
      Files.deleteIfExists(old);
      Files.deleteIfExists(sidecar(old));
    }
  }

  /** Returns the SHA-256 of all that an artifact depends on. */
  private String key(String name, Path model) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((name + "\0").getBytes(StandardCharsets.UTF_8));
      for (Path place : code) {
        if (Files.isDirectory(place)) {
          FolderStamp.of(place).digest(place, digest);
        } else {
          digest.update(Files.readAllBytes(place));
        }
      }
      FolderStamp.of(model).digest(model, digest);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
