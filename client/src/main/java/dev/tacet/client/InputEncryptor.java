// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.BatchLayout;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Context;
import dev.tacet.he.Encoding;
import dev.tacet.he.Encryptor;
import dev.tacet.he.Parameters;
import dev.tacet.he.Plaintext;
import dev.tacet.he.PublicKey;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.UnsupportedException;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Turns rows of features into the ciphertexts that a signature asks for. Safe to use from many threads. */
public final class InputEncryptor {
  private final Signature signature;
  private final Context context;
  private final Parameters parameters;
  private final Encrypt encrypt;
  private final boolean clamp;
  private final CoefficientLayout layout;  // null but in the coefficient packing

  private interface Encrypt {
    Ciphertext encrypt(Plaintext plaintext);
  }

  private InputEncryptor(Signature signature, Context context, Encrypt encrypt, boolean clamp) {
    signature.requireMatches(context.parameters());
    this.signature = signature;
    this.context = context;
    this.parameters = context.parameters();
    this.encrypt = encrypt;
    this.clamp = clamp;
    this.layout =
        signature.packing() == RowPacking.COEFFICIENT ? CoefficientLayout.of(signature, context.parameters()) : null;
  }

  /**
   * Encrypts under the owner's secret key: half the bytes and less noise than under the public key.
   *
   * @throws IllegalArgumentException if the key was made for other parameters than the signature's
   */
  public static InputEncryptor of(Signature signature, SecretKey key) {
    SecretEncryptor encryptor = new SecretEncryptor(key);
    return new InputEncryptor(signature, key.context(), encryptor::encrypt, false);
  }

  /**
   * Encrypts under the owner's public key.
   *
   * @throws IllegalArgumentException if the key was made for other parameters than the signature's
   * @throws UnsupportedException if the model's answers hide its weights: that takes the small noise of the secret key, and an
   *     encryption of zero under it
   */
  public static InputEncryptor of(Signature signature, PublicKey key) {
    if (signature.modelPrivacy().isPresent()) {
      throw new UnsupportedException(
          "model " + signature.model() + " hides its weights, which takes rows encrypted under the secret key, not the public key");
    }
    Encryptor encryptor = new Encryptor(key.context(), key);
    return new InputEncryptor(signature, key.context(), encryptor::encrypt, false);
  }

  /** Returns an encryptor that moves features to their bounds where this one refuses them. */
  public InputEncryptor clamping(boolean on) {
    return new InputEncryptor(signature, context, encrypt, on);
  }

  /**
   * An encrypted row.
   *
   * @param ciphertexts CIPHERTEXT blobs in the order of the program's inputs, arrays element after element
   * @param clampedFeatures indices of the features that were moved to their bounds
   */
  public record EncryptedRow(List<byte[]> ciphertexts, List<Integer> clampedFeatures) {
    /** Copies the lists. */
    public EncryptedRow {
      ciphertexts = List.copyOf(ciphertexts);
      clampedFeatures = List.copyOf(clampedFeatures);
    }

    /** Returns the bytes of all ciphertexts. */
    public long bytes() {
      return ciphertexts.stream().mapToLong(c -> c.length).sum();
    }
  }

  /** Returns the most rows of one request: 1 but in the throughput packing and where rows lie side by side. */
  public int rowsPerRequest() {
    return signature.rowsPerRequest(parameters);
  }

  /**
   * Rows of one request, of a model that takes several, encrypted ciphertext by ciphertext as they are asked for, so that the whole is
   * never in memory. Every {@link #ciphertexts()} encrypts anew.
   */
  public final class Batch {
    private final BatchLayout layout;  // null where rows lie side by side
    private final double[][] rows;
    private final List<List<Integer>> clampedFeatures;

    private Batch(double[][] rows) {
      if (rowsPerRequest() == 1) {
        throw new IllegalArgumentException("model " + signature.model() + " takes one row a request");
      }
      layout = signature.packing() == RowPacking.THROUGHPUT ? new BatchLayout(signature, parameters) : null;
      if (rows.length < 1 || rows.length > rowsPerRequest()) {
        throw new IllegalArgumentException(
            "a batch of " + rows.length + " rows, model " + signature.model() + " takes 1.." + rowsPerRequest());
      }
      this.rows = new double[rows.length][];
      List<List<Integer>> clamped = new ArrayList<>();
      for (int r = 0; r < rows.length; r++) {
        List<Integer> moved = new ArrayList<>();
        this.rows[r] = accepted(rows[r], moved);
        signature.requireAcceptable(this.rows[r]);
        clamped.add(List.copyOf(moved));
      }
      clampedFeatures = List.copyOf(clamped);
    }

    /** The slots of all rows that lie side by side. */
    private double[] sideBySide(SignatureInput input, int start) {
      double[][] parts = new double[rows.length][];
      for (int r = 0; r < parts.length; r++) {
        parts[r] = Arrays.copyOfRange(rows[r], start, start + input.features());
      }
      return input.pack(parts, parameters.slots());
    }

    /** Returns how many rows there are. */
    public int rows() {
      return rows.length;
    }

    /** Returns by row the indices of the features that were moved to their bounds. */
    public List<List<Integer>> clampedFeatures() {
      return clampedFeatures;
    }

    /** Encrypts: CIPHERTEXT blobs, inputs in the program's order, in the throughput packing feature after feature. */
    public Iterator<byte[]> ciphertexts() {
      return new Iterator<>() {
        private int input;
        private int feature;
        private int start;

        @Override
        public boolean hasNext() {
          return input < signature.inputs().size();
        }

        @Override
        public byte[] next() {
          if (!hasNext()) {
            throw new NoSuchElementException();
          }
          SignatureInput described = signature.inputs().get(input);
          double[] slots = layout == null ? sideBySide(described, start) : layout.element(input, feature, rows);
          if (layout == null || ++feature == described.features()) {
            feature = 0;
            start += described.features();
            input++;
          }
          return encrypted(described, slots);
        }
      };
    }
  }

  /**
   * Checks the rows of one request and prepares their encryption.
   *
   * @param rows 1..{@link #rowsPerRequest()} rows, each the features of all inputs
   * @throws IllegalArgumentException if there are too many rows, one has another number of features, or the model takes one a request
   * @throws dev.tacet.he.FeatureOutOfBoundsException if a feature is not a number, or outside its bounds and not clamped
   */
  public Batch batch(double[][] rows) {
    return new Batch(rows);
  }

  /**
   * Encrypts one row; in the throughput packing as a batch of one.
   *
   * @param row the features of all inputs, one input after the other, each row-major
   * @throws IllegalArgumentException if the row has another number of features
   * @throws dev.tacet.he.FeatureOutOfBoundsException if a feature is not a number, or outside its bounds and not clamped
   */
  public EncryptedRow encrypt(double[] row) {
    List<Integer> clamped = new ArrayList<>();
    if (signature.packing() == RowPacking.THROUGHPUT) {
      Batch batch = batch(new double[][] {row});
      List<byte[]> blobs = new ArrayList<>();
      batch.ciphertexts().forEachRemaining(blobs::add);
      return new EncryptedRow(blobs, batch.clampedFeatures().get(0));
    }
    List<byte[]> ciphertexts = new ArrayList<>();
    for (Packed packed : pack(row, clamped)) {
      ciphertexts.add(encrypted(packed.input(), packed.numbers()));
    }
    if (signature.modelPrivacy().isPresent()) {
      ciphertexts.add(encrypted(signature.zeroType(), new double[1]));
    }
    return new EncryptedRow(ciphertexts, clamped);
  }

  /** Numbers in slots or in coefficients, as the packing has them. */
  private byte[] encrypted(SignatureInput input, double[] numbers) {
    return encrypted(
        new ValueType(layout == null ? Encoding.SLOTS : Encoding.COEFFICIENTS, input.level(), 2, input.scale()), numbers);
  }

  private byte[] encrypted(ValueType type, double[] numbers) {
    try (Plaintext plaintext = type.encoding() == Encoding.SLOTS
            ? Plaintext.encode(context, numbers, type.level(), type.scale())
            : Plaintext.encodeCoefficients(context, numbers, type.level(), type.scale());
        Ciphertext ciphertext = encrypt.encrypt(plaintext)) {
      return ciphertext.toBytes();
    }
  }

  /** Returns the row of requests that only pad: every feature in the middle of its bounds. */
  double[] paddingRow() {
    return signature.inputs().stream().flatMapToDouble(InputEncryptor::middle).toArray();
  }

  private static DoubleStream middle(SignatureInput input) {
    double[] low = input.low();
    double[] high = input.high();
    return IntStream.range(0, input.features()).mapToDouble(i -> low[i] / 2 + high[i] / 2);
  }

  /** Makes the checks of {@link #encrypt} without encrypting. */
  public void requireAcceptable(double[] row) {
    signature.requireAcceptable(accepted(row, new ArrayList<>()));
  }

  /** What one ciphertext holds. */
  private record Packed(SignatureInput input, double[] numbers) {}

  private List<Packed> pack(double[] row, List<Integer> clamped) {
    double[] accepted = accepted(row, clamped);
    List<Packed> packed = new ArrayList<>();
    int start = 0;
    for (SignatureInput input : signature.inputs()) {
      double[] part = Arrays.copyOfRange(accepted, start, start + input.features());
      if (layout == null) {
        packed.add(new Packed(input, input.pack(part, parameters.slots())));
      } else {
        layout.pack(input, part).forEach(numbers -> packed.add(new Packed(input, numbers)));
      }
      start += input.features();
    }
    return packed;
  }

  /** The row, with features moved to their bounds where that was asked for; their indices are added to the list. */
  private double[] accepted(double[] row, List<Integer> clamped) {
    if (row.length != signature.features()) {
      throw new IllegalArgumentException(
          "row has " + row.length + " features, model " + signature.model() + " needs " + signature.features());
    }
    if (!clamp) {
      return row;
    }
    double[] accepted = row.clone();
    int start = 0;
    for (SignatureInput input : signature.inputs()) {
      double[] moved = input.clamp(Arrays.copyOfRange(row, start, start + input.features()));
      for (int i = 0; i < moved.length; i++) {
        if (moved[i] != row[start + i]) {
          clamped.add(start + i);
        }
        accepted[start + i] = moved[i];
      }
      start += input.features();
    }
    return accepted;
  }
}
