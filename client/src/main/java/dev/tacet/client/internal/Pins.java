// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.KeyRingException;
import dev.tacet.he.Blob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The signature that this client trusts for each model of each host: set by hand, or at first use. Kept in a file that other
 * clients of the same key ring write too: it is read anew each time, and a pin that is there is never lost by writing another.
 */
public final class Pins {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final String COUNT = "#count";

  /** SHA-256 over names and pins: a name that was damaged would lose its pin. Files of earlier versions have none. */
  private static final String CHECKSUM = "#sha256";

  private final KeyRingFiles ring;
  private final Path file;

  /**
   * Opens the pins of a key ring.
   *
   * @throws KeyRingException if the file is damaged
   */
  public Pins(KeyRingFiles ring) {
    this.ring = ring;
    this.file = ring.pinsFile();
    read();
  }

  /** Returns the pinned SHA-256 of a name, hexadecimal. */
  public synchronized Optional<String> get(String name) {
    return Optional.ofNullable(read().getProperty(name));
  }

  /** Pins a SHA-256 under a name, in place of any other. */
  public synchronized void put(String name, String sha256) {
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("the SHA-256 of a signature has 64 hexadecimal digits, lower case");
    }
    ring.locked(() -> {
      Properties pins = read();
      if (!sha256.equals(pins.setProperty(name, sha256))) {
        write(pins);
      }
    });
  }

  /**
   * Pins a SHA-256 under a name unless another is pinned there.
   *
   * @return what is pinned now
   */
  public synchronized String putIfAbsent(String name, String sha256) {
    get(name).ifPresentOrElse(known -> {}, () -> ring.locked(() -> {
      Properties pins = read();
      if (pins.putIfAbsent(name, sha256) == null) {
        write(pins);
      }
    }));
    return get(name).orElseThrow();
  }

  private void write(Properties pins) throws IOException {
    Properties counted = new Properties();
    counted.putAll(pins);
    counted.setProperty(COUNT, Integer.toString(pins.size()));
    counted.setProperty(CHECKSUM, checksum(pins));
    StringWriter text = new StringWriter();
    counted.store(text, "signatures that this client trusts");
    PrivateFiles.write(file, ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.ISO_8859_1)));
  }

  /** Reads all pins; a file that lost some is refused, since a lost pin would trust whatever the host offers next. */
  private Properties read() {
    Properties pins = new Properties();
    try {
      pins.load(new ByteArrayInputStream(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      return pins;
    } catch (IOException | IllegalArgumentException e) {
      throw damaged(e instanceof IOException ? "cannot be read: " + e.getMessage() : "is damaged", e);
    }
    Object count = pins.remove(COUNT);
    Object checksum = pins.remove(CHECKSUM);
    if (!Integer.toString(pins.size()).equals(count)) {
      throw damaged("has " + pins.size() + " pins and " + (count == null ? "does not say how many" : "says " + count), null);
    }
    if (checksum != null && !checksum.equals(checksum(pins))) {
      throw damaged("was altered: its names and pins do not have the SHA-256 that it states", null);
    }
    for (Object sha256 : pins.values()) {
      if (!SHA256.matcher((String) sha256).matches()) {
        throw damaged("holds a pin that is no SHA-256", null);
      }
    }
    return pins;
  }

  private static String checksum(Properties pins) {
    StringBuilder all = new StringBuilder();
    new TreeMap<>(pins).forEach((name, sha256) -> all.append(name).append('\n').append(sha256).append('\n'));
    return Blob.sha256Hex(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  private KeyRingException damaged(String what, Exception cause) {
    return new KeyRingException(
        "file of pinned signatures " + file + ": " + what,
        "Restore the file, or delete it and confirm each model's signature with its owner again.", cause);
  }
}
