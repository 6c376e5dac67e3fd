// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.KeyRingException;
import dev.tacet.he.Blob;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A key ring in one file, with those of its purposes, its secrets as sealed as they lie in the folder: {@code 'T' 'K' 'B' 'K' | u8 1 | u32 files | each: u16 length
 * and name, u32 length and bytes | SHA-256 of all that}, big endian. Evaluation keys are not in it.
 */
public final class KeyBackup {
  private static final int MAGIC = 'T' << 24 | 'K' << 16 | 'B' << 8 | 'K';
  private static final int MAX_BYTES = 1 << 30;
  private static final int MAX_FILES = 4096;
  private static final int HASH_BYTES = 32;
  private static final String PURPOSES = "purposes/";
  private static final Pattern NAME = Pattern.compile(
      "(" + PURPOSES + "[a-z0-9-]{1,63}/)?(ring\\.key|pins\\.properties|consent\\.tsv|[0-9a-f]{64}/(secret|public)\\.key)");

  private KeyBackup() {}

  /** Writes the files of a ring, which no one may change meanwhile. */
  static void write(Path ring, Path file) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(ring, 4)) {
      files = all.filter(Files::isRegularFile).filter(f -> NAME.matcher(name(ring, f)).matches()).sorted().toList();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(MAGIC);
    out.writeByte(1);
    out.writeInt(files.size());
    for (Path each : files) {
      byte[] name = name(ring, each).getBytes(StandardCharsets.US_ASCII);
      byte[] content = Files.readAllBytes(each);
      out.writeShort(name.length);
      out.write(name);
      out.writeInt(content.length);
      out.write(content);
    }
    out.write(Blob.sha256(bytes.toByteArray()));
    PrivateFiles.write(file.toAbsolutePath(), ByteBuffer.wrap(bytes.toByteArray()));
  }

  private static String name(Path ring, Path file) {
    return ring.relativize(file).toString().replace('\\', '/');
  }

  /**
   * Makes a ring of a backup: in a folder beside it first, where the passphrase and every secret is tried.
   *
   * @param folder must not exist, or be empty
   */
  public static void restore(Path file, Path folder, char[] passphrase) {
    Path target = folder.toAbsolutePath();
    Path fresh = null;
    try {
      Map<String, byte[]> files = read(file);
      requireFree(target);
      PrivateFiles.makeFolder(target.getParent());
      fresh = PrivateFiles.makeTemporaryFolder(target.getParent(), ".new-");
      for (Map.Entry<String, byte[]> each : files.entrySet()) {
        Path path = fresh.resolve(each.getKey());
        PrivateFiles.makeFolder(path.getParent());
        PrivateFiles.write(path, ByteBuffer.wrap(each.getValue()));
      }
      for (String name : files.keySet()) {
        if (name.endsWith("ring.key")) {
          try (KeyRingFiles ring = KeyRingFiles.open(fresh.resolve(name).getParent(), passphrase)) {
            ring.requireSecrets();
            withdraw(ring, name);
          }
        }
      }
      Files.deleteIfExists(target);
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new KeyRingException(
          "restoring " + file + " to " + folder + ": " + e, "Check that both can be used and that the disk is not full.", e);
    } finally {
      if (fresh != null) {
        KeyRingFiles.deleteQuietly(fresh);
      }
    }
  }

  /** Consent that stood when the backup was made may have been withdrawn since: it has to be given again. */
  private static void withdraw(KeyRingFiles ring, String key) {
    if (key.startsWith(PURPOSES)) {
      Consents consents = new Consents(ring, key.substring(PURPOSES.length(), key.lastIndexOf('/')));
      if (consents.stands()) {
        consents.record(false, Instant.now());
      }
    }
  }

  private static void requireFree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> content = Files.isDirectory(folder) ? Files.list(folder) : Stream.of(folder)) {
      if (content.findAny().isPresent()) {
        throw new KeyRingException(
            "there is something in " + folder + " already", "Restore to a folder that does not exist.", null);
      }
    }
  }

  private static Map<String, byte[]> read(Path file) throws IOException {
    long length = Files.size(file);
    if (length > MAX_BYTES) {
      throw damaged(file, "has " + length + " bytes, at most " + MAX_BYTES + " are read");
    }
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length < HASH_BYTES + 9 || ByteBuffer.wrap(bytes).getInt() != MAGIC || bytes[4] != 1) {
      throw damaged(file, "is no backup of version 1");
    }
    int end = bytes.length - HASH_BYTES;
    if (!Arrays.equals(Blob.sha256(Arrays.copyOf(bytes, end)), Arrays.copyOfRange(bytes, end, bytes.length))) {
      throw damaged(file, "was altered or cut off: its SHA-256 does not match");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, 5, end - 5);
    Map<String, byte[]> files = new LinkedHashMap<>();
    try {
      int count = in.getInt();
      if (count < 1 || count > MAX_FILES) {
        throw damaged(file, "says that it has " + count + " files, must be 1.." + MAX_FILES);
      }
      for (int i = 0; i < count; i++) {
        byte[] name = take(in, Short.toUnsignedInt(in.getShort()));
        String text = new String(name, StandardCharsets.US_ASCII);
        if (!NAME.matcher(text).matches()) {
          throw damaged(file, "names a file that no key ring has");
        }
        files.put(text, take(in, in.getInt()));
      }
    } catch (BufferUnderflowException e) {
      throw damaged(file, "ends in the middle of a file");
    }
    if (in.hasRemaining() || !files.containsKey("ring.key")) {
      throw damaged(file, in.hasRemaining() ? "has " + in.remaining() + " bytes too many" : "has no ring.key");
    }
    return files;
  }

  private static byte[] take(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] taken = new byte[length];
    in.get(taken);
    return taken;
  }

  private static KeyRingException damaged(Path file, String what) {
    return new KeyRingException("key backup " + file + " " + what, "Use another copy of the backup.", null);
  }
}
