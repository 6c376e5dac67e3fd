// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.Encoding;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.Signature;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decrypts answers, makes every check that the signature allows, and turns what passes into the model's outputs. Safe to use from
 * many threads.
 *
 * <p>The checks catch faults: a wrong key, a wrong level, an overflow, an activation outside its interval, altered bytes. They
 * do not catch a host that lies on purpose. A failed check is a secret of the key's owner: do not tell the host.
 */
public final class OutputDecryptor {
  private final Signature signature;
  private final Context context;
  private final Decryptor decryptor;

  private OutputDecryptor(Signature signature, SecretKey key) {
    this.context = key.context();
    signature.requireMatches(context.parameters());
    this.signature = signature;
    this.decryptor = new Decryptor(key);
  }

  /**
   * Makes a decryptor; the key must stay open.
   *
   * @throws IllegalArgumentException if the key was made for other parameters than the signature's
   */
  public static OutputDecryptor of(Signature signature, SecretKey key) {
    return new OutputDecryptor(signature, key);
  }

  /**
   * Decrypts, checks and postprocesses one answer.
   *
   * @param ciphertexts CIPHERTEXT blobs, one per program output, in its order
   * @return outputs, error bounds and undecided outputs
   * @throws AnswerCheckException if anything about the answer is not as the signature says; never a number then
   */
  public Postprocessing.Result decrypt(List<byte[]> ciphertexts) {
    List<CipherOutput> outputs = signature.cipherOutputs();
    if (ciphertexts.size() != outputs.size()) {
      throw new AnswerCheckException(
          "answer has " + ciphertexts.size() + " ciphertexts, model " + signature.model() + " has " + outputs.size()
              + " outputs; no answer is returned");
    }
    Map<String, double[]> values = new HashMap<>();
    Map<String, Double> errors = new HashMap<>();
    for (CipherOutput output : outputs) {
      double[] unpacked = unpack(output, ciphertexts.get(output.programOutput()));
      if (output.kind() == CipherOutput.Kind.VALUE) {
        values.put(output.name(), unpacked);
        errors.put(output.name(), output.errorBound());
      }
    }
    return signature.tail().run(values, errors);
  }

  /**
   * Decrypts one answer for others to see: as {@link #decrypt}, with the noise of every decrypted value flooded before the
   * model's own last steps run on it. Error bounds and undecided outputs account for the flooding.
   *
   * @param ciphertexts CIPHERTEXT blobs, one per program output, in its order
   * @throws dev.tacet.he.UnsupportedException if the model was compiled without a reserve for sharing, or all results that it
   *     allows have been shared by this object
   * @throws AnswerCheckException if anything about the answer is not as the signature says; do not share that either
   */
  public Postprocessing.Result decryptForSharing(List<byte[]> ciphertexts) {
    decrypt(ciphertexts);  // every check of every output, guards included, before a value is flooded
    Map<String, double[]> values = new HashMap<>();
    Map<String, Double> errors = new HashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        try (Ciphertext ciphertext = Ciphertext.fromBytes(context, ByteBuffer.wrap(ciphertexts.get(output.programOutput())))) {
          Decryptor.Shared shared = decryptor.decryptForSharing(ciphertext, signature, output);
          values.put(output.name(), shared.values());
          errors.put(output.name(), shared.errorBound());
        }
      }
    }
    return withoutMarginBounds(signature.tail()).run(values, errors);
  }

  /** The choices' own bounds of margins know nothing of the flooding: the values' errors bound them. */
  private static Postprocessing withoutMarginBounds(Postprocessing tail) {
    return new Postprocessing(
        tail.inputs(),
        tail.nodes().stream().map(node -> node.op().chooses() ? node.withMarginBound(Double.MAX_VALUE) : node).toList(),
        tail.outputs());
  }

  private double[] unpack(CipherOutput output, byte[] blob) {
    try (Ciphertext ciphertext = Ciphertext.fromBytes(context, ByteBuffer.wrap(blob))) {
      ValueType expected = new ValueType(Encoding.SLOTS, output.level(), 2, output.scale());
      if (!ciphertext.type().equals(expected)) {
        throw new AnswerCheckException(
            "output " + output.name() + ": the ciphertext is " + ciphertext.type() + ", the signature says " + expected
                + "; no answer is returned");
      }
      if (ciphertext.isTransparent()) {
        throw new AnswerCheckException(
            "output " + output.name() + ": the ciphertext is transparent, it was not computed from an encrypted row; no answer is"
                + " returned");
      }
      Decryptor.Decrypted decrypted = decryptor.decrypt(ciphertext);
      return output.unpack(decrypted.real(), decrypted.imaginary(), decrypted.coefficientFraction());
    } catch (MalformedException e) {
      throw new AnswerCheckException("output " + output.name() + ": " + e.getMessage() + "; no answer is returned", e);
    }
  }
}
