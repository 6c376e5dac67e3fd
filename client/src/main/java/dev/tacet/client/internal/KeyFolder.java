// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.he.Blob;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Parameters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

/**
 * The evaluation keys of one secret key on disk: {@code keys/<sha256>.key} and one manifest per set of requirements,
 * {@code sets/<sha256>.manifest}. They are public data; a set reuses the keys of others.
 */
final class KeyFolder {
  private final Path keys;
  private final Path sets;
  private final Parameters parameters;

  KeyFolder(Path root, Parameters parameters) throws IOException {
    this.keys = root.resolve("keys");
    this.sets = root.resolve("sets");
    this.parameters = parameters;
    PrivateFiles.makeFolder(keys);
    PrivateFiles.makeFolder(sets);
  }

  /**
   * Returns a set of just these keys, making those that no set has yet.
   *
   * @param make makes the EVALUATION_KEY blob of a requirement
   * @param done hears how many keys of the set are there
   */
  KeyManifest ensure(
      Collection<KeyRequirement> requirements, Function<KeyRequirement, ByteBuffer> make, IntConsumer done)
      throws IOException {
    Map<KeyRequirement, KeyManifest.Entry> known = known();
    List<KeyManifest.Entry> entries = new ArrayList<>();
    boolean made = false;
    done.accept(0);
    for (KeyRequirement requirement : requirements) {
      KeyManifest.Entry entry = known.get(requirement);
      if (entry == null) {
        ByteBuffer blob = make.apply(requirement);
        String sha256 = java.util.HexFormat.of().formatHex(Blob.sha256(blob));
        PrivateFiles.write(file(sha256), blob);
        entry = new KeyManifest.Entry(requirement, sha256, blob.remaining());
        made = true;
      }
      entries.add(entry);
      done.accept(entries.size());
    }
    KeyManifest manifest = new KeyManifest(parameters.hash(), entries);
    Path file = sets.resolve(manifest.keySetId() + ".manifest");
    if (made || !Files.exists(file)) {
      PrivateFiles.write(file, ByteBuffer.wrap(manifest.toBytes()));
      deleteUnnamed();
    }
    return manifest;
  }

  /** Returns the ids of all sets. */
  List<String> setIds() throws IOException {
    return manifests().stream().map(KeyManifest::keySetId).toList();
  }

  /** Opens a key's file. */
  FileChannel open(String sha256) throws IOException {
    return FileChannel.open(file(sha256), StandardOpenOption.READ);
  }

  /** Deletes the keys that no set names: a process that died while it made a set left them. */
  private void deleteUnnamed() throws IOException {
    Set<Path> named = new HashSet<>();
    for (KeyManifest manifest : manifests()) {
      manifest.entries().forEach(entry -> named.add(file(entry.sha256())));
    }
    List<Path> unnamed;
    try (Stream<Path> files = Files.list(keys)) {
      unnamed = files.filter(f -> f.toString().endsWith(".key") && !named.contains(f)).toList();
    }
    for (Path file : unnamed) {
      Files.deleteIfExists(file);
    }
  }

  /** Deletes a key's file. */
  void discard(String sha256) throws IOException {
    Files.deleteIfExists(file(sha256));
  }

  private Path file(String sha256) {
    return keys.resolve(sha256 + ".key");
  }

  /** The keys of all sets whose files are there in full. A damaged manifest is passed over: its keys are made again. */
  private Map<KeyRequirement, KeyManifest.Entry> known() throws IOException {
    Map<KeyRequirement, KeyManifest.Entry> known = new HashMap<>();
    for (KeyManifest manifest : manifests()) {
      for (KeyManifest.Entry entry : manifest.entries()) {
        Path key = file(entry.sha256());
        if (Files.exists(key) && Files.size(key) == entry.bytes()) {
          known.putIfAbsent(entry.key(), entry);
        }
      }
    }
    return known;
  }

  private List<KeyManifest> manifests() throws IOException {
    List<KeyManifest> manifests = new ArrayList<>();
    try (Stream<Path> files = Files.list(sets)) {
      for (Path file : (Iterable<Path>) files.filter(f -> f.toString().endsWith(".manifest")).sorted()::iterator) {
        try {
          manifests.add(KeyManifest.fromBytes(ByteBuffer.wrap(Files.readAllBytes(file))));
        } catch (MalformedException e) {
          continue;
        }
      }
    }
    return manifests;
  }
}
