// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.he.Signature;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Rows of ciphertexts in a file: what {@code encrypt} writes, {@code evaluate} turns into answers, {@code decrypt} reads.
 *
 * <p>Bytes, big endian: "TROW", u16 version 1, u8 kind (0 inputs, 1 answers), the signature's SHA-256 (32 bytes), u32
 * rows; each row: u16 clamped features, u32 each; u16 ciphertexts, each u32 length and its CIPHERTEXT blob. Rows are read
 * one at a time; every length is checked against what is left of the file.
 */
public final class CiphertextFile {
  /** What the rows are. */
  public enum Kind {
    /** Encrypted features. */
    INPUTS,
    /** Encrypted outputs. */
    ANSWERS
  }

  /**
   * One row.
   *
   * @param clampedFeatures features that were moved to their bounds before encryption
   * @param ciphertexts CIPHERTEXT blobs, by program input or output
   */
  public record Row(List<Integer> clampedFeatures, List<byte[]> ciphertexts) {}

  private static final int MAGIC = 'T' << 24 | 'R' << 16 | 'O' << 8 | 'W';
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 4 + 2 + 1 + 32 + 4;
  private static final String REMEDY = "Give the file that the step before wrote, for the same model.tacet.";

  private CiphertextFile() {}

  /** Writes rows as they come; without {@link #commit()} there is no file. */
  public static final class Writer implements AutoCloseable {
    private final OutputFile file;
    private final DataOutputStream out;
    private int missing;

    /** Starts a file of {@code rows} rows. */
    public Writer(Path path, Kind kind, Signature signature, int rows) throws IOException {
      file = OutputFile.create(path);
      out = new DataOutputStream(file.stream());
      missing = rows;
      out.writeInt(MAGIC);
      out.writeShort(VERSION);
      out.writeByte(kind.ordinal());
      out.write(HexFormat.of().parseHex(signature.sha256()));
      out.writeInt(rows);
    }

    /** Appends a row. */
    public void write(Row row) throws IOException {
      missing--;
      out.writeShort(row.clampedFeatures().size());
      for (int feature : row.clampedFeatures()) {
        out.writeInt(feature);
      }
      out.writeShort(row.ciphertexts().size());
      for (byte[] ciphertext : row.ciphertexts()) {
        out.writeInt(ciphertext.length);
        out.write(ciphertext);
      }
    }

    /** All rows are written: makes the file appear. */
    public void commit() {
      if (missing != 0) {
        throw new IllegalStateException(missing + " rows were not written");
      }
      file.commit();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  /** Reads rows one at a time. */
  public static final class Reader implements AutoCloseable {
    private final Path file;
    private final DataInputStream in;
    private final int rows;
    private long left;

    /**
     * Opens a file.
     *
     * @throws CliException if it is no such file, of the other kind, or for another signature
     */
    public Reader(Path file, Kind kind, Signature signature) throws IOException {
      this.file = file;
      InputFile.require(file, REMEDY);
      left = Files.size(file) - HEADER_BYTES;
      in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16));
      if (left < 0 || in.readInt() != MAGIC) {
        throw broken("is not a file of encrypted rows");
      }
      int version = in.readUnsignedShort();
      if (version != VERSION) {
        throw broken("has format version " + version + ", this tacet reads " + VERSION);
      }
      int found = in.readUnsignedByte();
      if (found != kind.ordinal()) {
        throw broken("holds " + (found == 0 ? "encrypted inputs" : "answers") + ", not " + kind.name().toLowerCase(Locale.ROOT));
      }
      String sha256 = HexFormat.of().formatHex(in.readNBytes(32));
      if (!sha256.equals(signature.sha256())) {
        throw broken("is for signature " + sha256.substring(0, 16) + "..., the model has " + signature.sha256().substring(0, 16) + "...");
      }
      rows = in.readInt();
      if (rows < 0 || rows > left) {
        throw broken("claims " + Integer.toUnsignedString(rows) + " rows in " + left + " bytes");
      }
    }

    /** How many rows there are. */
    public int rows() {
      return rows;
    }

    /** The next row. */
    public Row next() throws IOException {
      try {
        List<Integer> clamped = new ArrayList<>();
        int count = take(in.readUnsignedShort(), 2, 4);
        for (int i = 0; i < count; i++) {
          clamped.add(in.readInt());
        }
        left -= 4L * count;
        List<byte[]> ciphertexts = new ArrayList<>();
        int blobs = take(in.readUnsignedShort(), 2, 4);
        for (int i = 0; i < blobs; i++) {
          int length = take(in.readInt(), 4, 1);
          ciphertexts.add(in.readNBytes(length));
          left -= length;
        }
        return new Row(clamped, ciphertexts);
      } catch (EOFException e) {
        throw broken("is truncated");
      }
    }

    /**
     * Proves that nothing follows the last row.
     *
     * @throws CliException if something does
     */
    public void requireEnd() {
      if (left != 0) {
        throw broken("holds " + left + " bytes after its last row");
      }
    }

    /** Proves that {@code count} items of {@code bytes} each can follow a counter of {@code counterBytes}. */
    private int take(int count, int counterBytes, int bytes) {
      left -= counterBytes;
      if (count < 0 || (long) count * bytes > left) {
        throw broken("claims " + Integer.toUnsignedString(count) + " items, " + left + " bytes are left");
      }
      return count;
    }

    private CliException broken(String what) {
      return CliException.failed(file + " " + what, REMEDY);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
