// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.Blob;
import dev.tacet.he.KeyManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The manifests of one tenant: {@code keysets/<sha256 of the manifest>}, hashed again whenever they are read. */
final class KeySetFiles {
  private static final Logger LOG = LoggerFactory.getLogger(KeySetFiles.class);
  private static final String TEMPORARY = ".tmp";

  private final Path folder;
  private final Disk disk;

  /** A manifest's name and when its file was written. */
  record Named(ContentHash id, Instant at) {}

  KeySetFiles(Path folder, Disk disk) throws IOException {
    this.folder = folder;
    this.disk = disk;
    Files.createDirectories(folder);
  }

  /** Returns every manifest's name. */
  List<Named> list() throws IOException {
    List<Named> named = new ArrayList<>();
    for (Path file : files()) {
      if (ContentHash.isForm(file.getFileName().toString())) {
        named.add(new Named(new ContentHash(file.getFileName().toString()), Files.getLastModifiedTime(file).toInstant()));
      }
    }
    return named;
  }

  /** Deletes what writers that were killed left before an instant. */
  void deleteUnfinished(Instant before) throws IOException {
    for (Path file : files()) {
      if (file.getFileName().toString().contains(TEMPORARY) && Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  boolean exists(ContentHash id) {
    return Files.exists(folder.resolve(id.hex()));
  }

  /** Writes a manifest, durable under its name when this returns. */
  void write(ContentHash id, byte[] bytes) {
    Path temporary = folder.resolve(id.hex() + TEMPORARY + UUID.randomUUID());
    try {
      try {
        disk.write(temporary, 0, ByteBuffer.wrap(bytes));
        disk.publish(temporary, folder.resolve(id.hex()));
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      LOG.warn("registering key set {}: {}", id, e.toString());
      throw StorageErrors.translate("registering the key set", e, disk.spaceAfterFailure(folder));
    }
  }

  /** Returns a manifest, or nothing if there is no file, or one that is damaged. */
  Optional<KeyManifest> read(ContentHash id) {
    return bytes(id).map(bytes -> KeyManifest.fromBytes(ByteBuffer.wrap(bytes)));
  }

  /** As {@link #read}, its bytes. */
  Optional<byte[]> bytes(ContentHash id) {
    Path file = folder.resolve(id.hex());
    try {
      if (Files.size(file) > KeyStore.MAX_MANIFEST_BYTES) {
        return Optional.empty();
      }
      byte[] bytes = Files.readAllBytes(file);
      if (!ContentHash.of(Blob.sha256(bytes)).equals(id)) {
        LOG.warn("key set {} does not match its hash: it counts as missing", id);
        return Optional.empty();
      }
      return Optional.of(bytes);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw StorageErrors.translate("reading key set " + id, e);
    }
  }

  void delete(ContentHash id) throws IOException {
    Files.deleteIfExists(folder.resolve(id.hex()));
  }
}
