// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.he.Blob;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Function;

/**
 * All evaluation keys of a model in one file, for a host without a network.
 *
 * <p>Bytes: "TEVK", u16 version 1, u32 length of the KEY_MANIFEST blob (big endian), the manifest, then its EVALUATION_KEY
 * blobs in its order. Each is compared with the manifest's SHA-256 when it is read.
 */
public final class EvaluationKeyFile {
  private static final int MAGIC = 'T' << 24 | 'E' << 16 | 'V' << 8 | 'K';
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 10;
  private static final int MAX_MANIFEST_BYTES = 16 << 20;
  private static final String REMEDY = "Give the evaluation keys that 'tacet keygen' wrote for this model.tacet.";

  private EvaluationKeyFile() {}

  /** Writes the keys of {@code manifest}; {@code key} gives each entry's blob. */
  public static void write(Path file, KeyManifest manifest, Function<KeyManifest.Entry, ByteBuffer> key) throws IOException {
    try (OutputFile out = OutputFile.create(file)) {
      WritableByteChannel channel = Channels.newChannel(out.stream());
      byte[] head = manifest.toBytes();
      ByteBuffer start = ByteBuffer.allocate(HEADER_BYTES + head.length);
      start.putInt(MAGIC).putShort((short) VERSION).putInt(head.length).put(head).flip();
      writeFully(channel, start);
      for (KeyManifest.Entry entry : manifest.entries()) {
        writeFully(channel, key.apply(entry));
      }
      out.commit();
    }
  }

  /**
   * Reads and expands the keys.
   *
   * @param required what the program needs
   * @throws CliException if the file is damaged, for other parameters, or lacks a key
   */
  public static EvaluationKeySet load(Path file, Context context, SortedSet<KeyRequirement> required) throws IOException {
    InputFile.require(file, REMEDY);
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer head = read(in, file, HEADER_BYTES);
      if (head.getInt() != MAGIC || head.getShort() != VERSION) {
        throw broken(file, "is not a file of evaluation keys of version " + VERSION);
      }
      int length = head.getInt();
      if (length < 0 || length > MAX_MANIFEST_BYTES) {
        throw broken(file, "claims a manifest of " + Integer.toUnsignedString(length) + " bytes");
      }
      KeyManifest manifest = manifest(file, read(in, file, length));
      if (!Arrays.equals(manifest.parameterHash(), context.parameters().hash())) {
        throw broken(file, "is for other parameters than the model's");
      }
      SortedSet<KeyRequirement> missing = manifest.missing(required);
      if (!missing.isEmpty()) {
        throw broken(file, "lacks " + missing.size() + " of " + required.size() + " keys, the first is " + missing.first());
      }
      long left = in.size() - in.position() - manifest.entries().stream().mapToLong(KeyManifest.Entry::bytes).sum();
      if (left != 0) {
        throw broken(file, left < 0 ? "is truncated: " + -left + " bytes of keys are missing" : "holds " + left + " bytes after its last key");
      }
      return EvaluationKeySet.load(context, blobs(in, file, manifest.entries()));
    }
  }

  private static KeyManifest manifest(Path file, ByteBuffer bytes) {
    try {
      return KeyManifest.fromBytes(bytes);
    } catch (MalformedException e) {
      throw new CliException(CliException.FAILED, file + " has a damaged manifest: " + e.getMessage(), REMEDY, e);
    }
  }

  private static Iterable<ByteBuffer> blobs(FileChannel in, Path file, List<KeyManifest.Entry> entries) {
    Iterator<KeyManifest.Entry> next = entries.iterator();
    return () ->
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return next.hasNext();
          }

          @Override
          public ByteBuffer next() {
            KeyManifest.Entry entry = next.next();
            try {
              ByteBuffer blob = read(in, file, Math.toIntExact(entry.bytes()));
              if (!HexFormat.of().formatHex(Blob.sha256(blob.duplicate())).equals(entry.sha256())) {
                throw broken(file, "was altered: " + entry.key() + " has another SHA-256 than the manifest says");
              }
              return blob;
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
  }

  private static ByteBuffer read(FileChannel in, Path file, int length) throws IOException {
    if (in.size() - in.position() < length) {
      throw broken(file, "is truncated: " + length + " bytes are due, " + (in.size() - in.position()) + " are left");
    }
    ByteBuffer buffer = ByteBuffer.allocateDirect(length);
    while (buffer.hasRemaining() && in.read(buffer) >= 0) {
      continue;
    }
    return buffer.flip();
  }

  private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private static CliException broken(Path file, String what) {
    return CliException.failed(file + " " + what, REMEDY);
  }
}
