// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.Encryptor;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Scale;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Turns rows of features into the ciphertexts that a signature asks for. Safe to use from many threads. */
public final class InputEncryptor {
  private final Signature signature;
  private final Parameters parameters;
  private final Encrypt encrypt;
  private final boolean clamp;

  private interface Encrypt {
    Ciphertext encrypt(double[] slots, int level, Scale scale);
  }

  private InputEncryptor(Signature signature, Context context, Encrypt encrypt, boolean clamp) {
    signature.requireMatches(context.parameters());
    this.signature = signature;
    this.parameters = context.parameters();
    this.encrypt = encrypt;
    this.clamp = clamp;
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
   */
  public static InputEncryptor of(Signature signature, PublicKey key) {
    Encryptor encryptor = new Encryptor(key.context(), key);
    return new InputEncryptor(signature, key.context(), encryptor::encrypt, false);
  }

  /** Returns an encryptor that moves features to their bounds where this one refuses them. */
  public InputEncryptor clamping(boolean on) {
    return new InputEncryptor(signature, parameters, encrypt, on);
  }

  private InputEncryptor(Signature signature, Parameters parameters, Encrypt encrypt, boolean clamp) {
    this.signature = signature;
    this.parameters = parameters;
    this.encrypt = encrypt;
    this.clamp = clamp;
  }

  /**
   * An encrypted row.
   *
   * @param ciphertexts CIPHERTEXT blobs, one per program input, in its order
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

  /**
   * Encrypts one row.
   *
   * @param row the features of all inputs, one input after the other, each row-major
   * @throws IllegalArgumentException if the row has another number of features
   * @throws dev.tacet.he.FeatureOutOfBoundsException if a feature is not a number, or outside its bounds and not clamped
   */
  public EncryptedRow encrypt(double[] row) {
    List<Integer> clamped = new ArrayList<>();
    List<double[]> packed = pack(row, clamped);
    List<byte[]> ciphertexts = new ArrayList<>();
    for (int i = 0; i < packed.size(); i++) {
      SignatureInput input = signature.inputs().get(i);
      try (Ciphertext ciphertext = encrypt.encrypt(packed.get(i), input.level(), input.scale())) {
        ciphertexts.add(ciphertext.toBytes());
      }
    }
    return new EncryptedRow(ciphertexts, clamped);
  }

  /** Makes the checks of {@link #encrypt} without encrypting. */
  void requireAcceptable(double[] row) {
    pack(row, new ArrayList<>());
  }

  private List<double[]> pack(double[] row, List<Integer> clamped) {
    if (row.length != signature.features()) {
      throw new IllegalArgumentException(
          "row has " + row.length + " features, model " + signature.model() + " needs " + signature.features());
    }
    List<double[]> packed = new ArrayList<>();
    int start = 0;
    for (SignatureInput input : signature.inputs()) {
      double[] part = Arrays.copyOfRange(row, start, start + input.features());
      if (clamp) {
        double[] moved = input.clamp(part);
        for (int i = 0; i < part.length; i++) {
          if (moved[i] != part[i]) {
            clamped.add(start + i);
          }
        }
        part = moved;
      }
      packed.add(input.pack(part, parameters.slots()));
      start += input.features();
    }
    return packed;
  }
}
