// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/** The signature that this client trusts for each model of each host: set by hand, or at first use. Kept in a file. */
public final class Pins {
  private final Path file;
  private final Properties pins = new Properties();

  /** Reads the pins of a key ring. */
  public Pins(Path file) {
    this.file = file;
    try {
      if (Files.exists(file)) {
        pins.load(new ByteArrayInputStream(Files.readAllBytes(file)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the pinned signatures in " + file, e);
    }
  }

  /** Returns the pinned SHA-256 of a name, hexadecimal. */
  public synchronized Optional<String> get(String name) {
    return Optional.ofNullable(pins.getProperty(name));
  }

  /** Pins a SHA-256 under a name, in place of any other. */
  public synchronized void put(String name, String sha256) {
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("the SHA-256 of a signature has 64 hexadecimal digits, lower case");
    }
    if (sha256.equals(pins.setProperty(name, sha256))) {
      return;
    }
    try {
      StringWriter text = new StringWriter();
      pins.store(text, "signatures that this client trusts");
      PrivateFiles.write(file, ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the pinned signatures to " + file, e);
    }
  }
}
