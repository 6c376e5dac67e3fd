// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Key rings of the fewest rounds that a ring file may ask for, for tests of something else than the passphrase. */
public final class QuickRing {
  private QuickRing() {}

  /** Starts a ring in a folder, unless it has one. */
  public static Path in(Path folder, String passphrase) {
    Path file = folder.resolve("ring.key");
    try {
      if (!Files.exists(file)) {
        PrivateFiles.makeFolder(folder);
        try (Vault vault = Vault.unsaved()) {
          PrivateFiles.write(file, ByteBuffer.wrap(vault.lock(passphrase.toCharArray(), Vault.MIN_ROUNDS)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }
}
