// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.he.Signature;
import dev.tacet.protocol.RequestDigest;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * Requests of ciphertexts in a file: what {@code encrypt} writes, {@code evaluate} turns into answers, {@code decrypt} reads. A
 * request is a row of features, or many rows in the throughput packing; it is called a row here.
 *
 * <p>Bytes, big endian: a header of "TROW", u16 version 3, u8 kind (0 inputs, 1 answers), the signature's SHA-256 (32 bytes),
 * the run's id (16 random bytes, the same in the inputs and their answers), u32 rows; each row: the run's id, u32 its index,
 * the SHA-256 of its request (32 bytes, see {@link Row}), u32 rows of features, for each u16 clamped features, u32 each; u16 ciphertexts, each u32 length and
 * its CIPHERTEXT blob; the SHA-256 of the row's bytes so far; at the end the SHA-256 of the header's and all rows' SHA-256.
 * Rows are read one at a time; every length is checked against what is left of the file. Rows that were exchanged, repeated,
 * lost, damaged or taken from another run are refused. The hashes have no key: they find faults, not a host that lies.
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
   * @param requestSha256 32 bytes: the request's digest over signature and encrypted features, with no version and no key set;
   *     zeros in an answer that came over the wire, where it was compared already
   * @param clampedFeatures for each row of features, those that were moved to their bounds before encryption
   * @param ciphertexts CIPHERTEXT blobs, by program input or output
   */
  public record Row(byte[] requestSha256, List<List<Integer>> clampedFeatures, List<byte[]> ciphertexts) {
    /** Encrypted features and their digest. */
    public static Row request(Signature signature, List<List<Integer>> clampedFeatures, List<byte[]> ciphertexts) {
      return new Row(digest(signature, ciphertexts), clampedFeatures, ciphertexts);
    }

    /** An answer to this request. */
    public Row answer(List<byte[]> outputs) {
      return new Row(requestSha256, clampedFeatures, outputs);
    }

    /** An answer that was compared with its request when it came. */
    public static Row compared(List<List<Integer>> clampedFeatures, List<byte[]> outputs) {
      return new Row(new byte[HASH_BYTES], clampedFeatures, outputs);
    }

    private static byte[] digest(Signature signature, List<byte[]> ciphertexts) {
      return RequestDigest.of(signature.sha256(), "", "", ciphertexts.stream().map(ByteBuffer::wrap).toList());
    }
  }

  private static final int MAGIC = 'T' << 24 | 'R' << 16 | 'O' << 8 | 'W';
  private static final int VERSION = 3;
  private static final int HASH_BYTES = 32;
  private static final int ID_BYTES = 16;
  private static final int HEADER_BYTES = 4 + 2 + 1 + HASH_BYTES + ID_BYTES + 4;
  private static final int MIN_ROW_BYTES = ID_BYTES + 4 + HASH_BYTES + 4 + 2 + HASH_BYTES;
  private static final String REMEDY = "Give the file that the step before wrote, for the same model.tacet.";

  private CiphertextFile() {}

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }

  /** Writes rows as they come; without {@link #commit()} there is no file. */
  public static final class Writer implements AutoCloseable {
    private final OutputFile file;
    private final MessageDigest part = sha256();
    private final MessageDigest whole = sha256();
    private final DataOutputStream out;
    private final UUID run;
    private final int rows;
    private int written;

    /**
     * Starts a file of {@code rows} rows.
     *
     * @param run a random id for inputs, the inputs' id for answers
     */
    public Writer(Path path, Kind kind, Signature signature, UUID run, int rows) throws IOException {
      file = OutputFile.create(path);
      out = new DataOutputStream(new DigestOutputStream(file.stream(), part));
      this.run = run;
      this.rows = rows;
      out.writeInt(MAGIC);
      out.writeShort(VERSION);
      out.writeByte(kind.ordinal());
      out.write(HexFormat.of().parseHex(signature.sha256()));
      writeRun();
      out.writeInt(rows);
      whole.update(part.digest());
    }

    private void writeRun() throws IOException {
      out.writeLong(run.getMostSignificantBits());
      out.writeLong(run.getLeastSignificantBits());
    }

    /** Appends a row. */
    public void write(Row row) throws IOException {
      writeRun();
      out.writeInt(written++);
      out.write(row.requestSha256());
      out.writeInt(row.clampedFeatures().size());
      for (List<Integer> clamped : row.clampedFeatures()) {
        out.writeShort(clamped.size());
        for (int feature : clamped) {
          out.writeInt(feature);
        }
      }
      out.writeShort(row.ciphertexts().size());
      for (byte[] ciphertext : row.ciphertexts()) {
        out.writeInt(ciphertext.length);
        out.write(ciphertext);
      }
      byte[] hash = part.digest();
      whole.update(hash);
      out.write(hash);
      part.reset();
    }

    /** All rows are written: makes the file appear. */
    public void commit() throws IOException {
      if (written != rows) {
        throw new IllegalStateException(written + " of " + rows + " rows were written");
      }
      out.write(whole.digest());
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
    private final Kind kind;
    private final Signature signature;
    private final MessageDigest part = sha256();
    private final MessageDigest whole = sha256();
    private final DataInputStream in;
    private final UUID run;
    private final int rows;
    private long left;
    private int taken;

    /**
     * Opens a file.
     *
     * @throws CliException if it is no such file, of the other kind, or for another signature
     */
    public Reader(Path file, Kind kind, Signature signature) throws IOException {
      this.file = file;
      this.kind = kind;
      this.signature = signature;
      InputFile.require(file, REMEDY);
      left = Files.size(file) - HEADER_BYTES - HASH_BYTES;
      in =
          new DataInputStream(
              new DigestInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16), part));
      try {
        run = header();
        rows = in.readInt();
        if (rows < 0 || (long) rows * MIN_ROW_BYTES > left) {
          throw broken("claims " + Integer.toUnsignedString(rows) + " rows in " + left + " bytes");
        }
        whole.update(part.digest());
      } catch (IOException | RuntimeException e) {
        in.close();
        if (e instanceof EOFException) {
          throw broken("is truncated in its header");
        }
        throw e;
      }
    }

    /** Reads up to the run's id and returns it. */
    private UUID header() throws IOException {
      if (in.readInt() != MAGIC) {
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
      String sha256 = HexFormat.of().formatHex(in.readNBytes(HASH_BYTES));
      if (!sha256.equals(signature.sha256())) {
        throw broken(
            "is for signature " + sha256 + ", the model has " + signature.sha256());
      }
      return new UUID(in.readLong(), in.readLong());
    }

    /** How many rows there are. */
    public int rows() {
      return rows;
    }

    /** The id of the encryption that the rows, or what they answer, came from. */
    public UUID run() {
      return run;
    }

    /**
     * The next row.
     *
     * @throws CliException naming the row if it is damaged, not the row due here, or of another run
     */
    public Row next() throws IOException {
      try {
        left -= ID_BYTES + 4 + HASH_BYTES;
        UUID from = new UUID(in.readLong(), in.readLong());
        int index = in.readInt();
        byte[] request = in.readNBytes(HASH_BYTES);
        List<List<Integer>> clamped = new ArrayList<>();
        int features = take(in.readInt(), 4, 2);
        for (int r = 0; r < features; r++) {
          List<Integer> moved = new ArrayList<>();
          int count = take(in.readUnsignedShort(), 2, 4);
          for (int i = 0; i < count; i++) {
            moved.add(in.readInt());
          }
          left -= 4L * count;
          clamped.add(List.copyOf(moved));
        }
        List<byte[]> ciphertexts = new ArrayList<>();
        int blobs = take(in.readUnsignedShort(), 2, 4);
        for (int i = 0; i < blobs; i++) {
          int length = take(in.readInt(), 4, 1);
          ciphertexts.add(in.readNBytes(length));
          left -= length;
        }
        byte[] hash = part.digest();
        left -= HASH_BYTES;
        if (left < 0 || !Arrays.equals(hash, in.readNBytes(HASH_BYTES))) {
          throw brokenRow("is damaged: its bytes have another SHA-256 than the file says");
        }
        part.reset();
        whole.update(hash);
        if (!from.equals(run)) {
          throw brokenRow("is of run " + from + ", the file is of run " + run);
        }
        if (index != taken) {
          throw brokenRow("is row " + Integer.toUnsignedString(index) + " of its run: rows were exchanged, repeated or lost");
        }
        Row row = new Row(request, List.copyOf(clamped), ciphertexts);
        if (kind == Kind.INPUTS && !Arrays.equals(request, Row.digest(signature, ciphertexts))) {
          throw brokenRow("has ciphertexts of another request than it names");
        }
        taken++;
        return row;
      } catch (EOFException e) {
        throw brokenRow("is truncated");
      }
    }

    /**
     * Proves that the rows were all there are.
     *
     * @throws CliException if something follows the last row, or the header was altered
     */
    public void requireEnd() throws IOException {
      if (left != 0) {
        throw broken("holds " + left + " bytes after its last row");
      }
      if (!Arrays.equals(whole.digest(), in.readNBytes(HASH_BYTES))) {
        throw broken("is damaged or lacks rows after its last: header and rows have another SHA-256 than the file says");
      }
    }

    /**
     * Proves that {@code answer}, the row that was read last, answers the next row of {@code requests}.
     *
     * @throws CliException naming the row if it answers another
     */
    public void requireAnswerOf(Reader requests, Row answer) throws IOException {
      Row request = requests.next();
      String row = "row " + (taken - 1);
      if (!Arrays.equals(answer.requestSha256(), request.requestSha256())) {
        throw broken("answers another request in " + row + " than " + requests.file + " holds there");
      }
      if (!answer.clampedFeatures().equals(request.clampedFeatures())) {
        throw broken(
            "names other clamped features in " + row + " than " + requests.file + ": " + answer.clampedFeatures() + ", "
                + request.clampedFeatures());
      }
    }

    /**
     * Proves that these are answers to the run of {@code requests}.
     *
     * @throws CliException if they are of another run or number
     */
    public void requireRunOf(Reader requests) {
      if (!run.equals(requests.run)) {
        throw broken("answers run " + run + ", " + requests.file + " is run " + requests.run);
      }
      if (rows != requests.rows) {
        throw broken("has " + rows + " answers, " + requests.file + " has " + requests.rows + " rows");
      }
    }

    /** Proves that {@code count} items of {@code bytes} each can follow a counter of {@code counterBytes}. */
    private int take(int count, int counterBytes, int bytes) {
      left -= counterBytes;
      if (count < 0 || (long) count * bytes > left) {
        throw brokenRow("claims " + Integer.toUnsignedString(count) + " items, " + Math.max(0, left) + " bytes are left");
      }
      return count;
    }

    private CliException brokenRow(String what) {
      return broken("is no whole file of its run: row " + taken + " " + what);
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
