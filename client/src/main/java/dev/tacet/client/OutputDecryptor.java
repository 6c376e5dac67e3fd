// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.BatchLayout;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Context;
import dev.tacet.he.Encoding;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

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
  private final CoefficientLayout layout;  // null but in the coefficient packing

  private OutputDecryptor(Signature signature, SecretKey key) {
    this.context = key.context();
    signature.requireMatches(context.parameters());
    this.signature = signature;
    this.decryptor = new Decryptor(key);
    this.layout =
        signature.packing() == RowPacking.COEFFICIENT ? CoefficientLayout.of(signature, context.parameters()) : null;
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
   * Decrypts, checks and postprocesses the answer to one row.
   *
   * @param ciphertexts CIPHERTEXT blobs, one per program output, in its order, arrays element after element
   * @return outputs, error bounds and undecided outputs
   * @throws AnswerCheckException if anything about the answer is not as the signature says; never a number then
   */
  public Postprocessing.Result decrypt(List<byte[]> ciphertexts) {
    if (signature.packing() == RowPacking.THROUGHPUT) {
      BatchAnswer answer = decryptBatch(ciphertexts, 1);
      if (answer.failures().containsKey(0)) {
        throw answer.failures().get(0);
      }
      return answer.results().get(0);
    }
    requireCount(ciphertexts.size());
    return layout == null ? ofRow(slots(ciphertexts), 0) : coefficients(ciphertexts);
  }

  /** The outputs' ciphertexts decrypted, in the outputs' order; null for a guard that lies in another output's ciphertext. */
  private List<Decryptor.Decrypted> slots(List<byte[]> ciphertexts) {
    List<Decryptor.Decrypted> decrypted = new ArrayList<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      boolean beside = output.kind() == CipherOutput.Kind.IMAGINARY_GUARD;
      decrypted.add(beside ? null : decrypt(output, ciphertexts.get(output.programOutput())));
    }
    return decrypted;
  }

  /** Makes every check of one row's slots, and the model's own last steps. */
  private Postprocessing.Result ofRow(List<Decryptor.Decrypted> decrypted, int row) {
    Map<String, double[]> values = new HashMap<>();
    Map<String, double[]> errors = new HashMap<>();
    for (int o = 0; o < decrypted.size(); o++) {
      Decryptor.Decrypted d = decrypted.get(o);
      if (d == null) {
        continue;  // checked with the output whose ciphertext it lies in
      }
      CipherOutput output = signature.cipherOutputs().get(o);
      double[] unpacked = signature.unpack(output, row, d.real(), d.imaginary(), d.coefficientFraction());
      if (output.kind() == CipherOutput.Kind.VALUE) {
        values.put(output.name(), unpacked);
        errors.put(output.name(), output.errorBounds());
      }
    }
    return signature.tail().runMeasured(values, errors);
  }

  /** All ciphertexts belong to the one output that the coefficient packing has. */
  private Postprocessing.Result coefficients(List<byte[]> ciphertexts) {
    CipherOutput output = signature.cipherOutputs().get(0);
    List<double[]> coefficients = new ArrayList<>();
    double[] fractions = new double[ciphertexts.size()];
    for (int t = 0; t < fractions.length; t++) {
      int number = t;
      Decryptor.Decrypted decrypted = decrypt(output, ciphertexts.get(t), CoefficientLayout.type(output),
          ciphertext -> layout.requireIndexes(output, number, ciphertext.extracted()));
      coefficients.add(decrypted.real());
      fractions[t] = decrypted.coefficientFraction();
    }
    return signature.tail().runMeasured(
        Map.of(output.name(), layout.unpack(output, coefficients, fractions)), Map.of(output.name(), output.errorBounds()));
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
    Map<String, double[]> errors = new HashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        try (Ciphertext ciphertext = Ciphertext.fromBytes(context, ByteBuffer.wrap(ciphertexts.get(output.programOutput())))) {
          Decryptor.Shared shared = decryptor.decryptForSharing(ciphertext, signature, output);
          values.put(output.name(), shared.values());
          errors.put(output.name(), shared.errorBounds());
        }
      }
    }
    return withoutMarginBounds(signature.tail()).runMeasured(values, errors);
  }

  /** The choices' own bounds of margins know nothing of the flooding: the values' errors bound them. */
  private static Postprocessing withoutMarginBounds(Postprocessing tail) {
    return new Postprocessing(
        tail.inputs(),
        tail.nodes().stream().map(node -> node.op().chooses() ? node.withMarginBound(Double.MAX_VALUE) : node).toList(),
        tail.outputs());
  }

  /**
   * The answer to a batch.
   *
   * @param results by row; null for a row that has no answer
   * @param failures by row, why it has no answer: a value or guard of that row was out of its bounds
   */
  public record BatchAnswer(List<Postprocessing.Result> results, Map<Integer, AnswerCheckException> failures) {
    /** Copies. */
    public BatchAnswer {
      results = Collections.unmodifiableList(new ArrayList<>(results));
      failures = Map.copyOf(failures);
    }
  }

  /**
   * Decrypts, checks and postprocesses the answer to a request of several rows.
   *
   * @param ciphertexts CIPHERTEXT blobs, outputs in the program's order, arrays element after element
   * @param rows how many rows were asked for
   * @throws AnswerCheckException if anything is wrong that concerns the whole batch: then no row has an answer
   */
  public BatchAnswer decryptBatch(List<byte[]> ciphertexts, int rows) {
    if (signature.packing() != RowPacking.THROUGHPUT) {
      return sideBySide(ciphertexts, rows);
    }
    BatchLayout.Answer answer = new BatchLayout(signature, context.parameters()).answer(rows);
    int[] start = starts();
    requireCount(ciphertexts.size());
    for (int o = 0; o < signature.cipherOutputs().size(); o++) {
      CipherOutput output = signature.cipherOutputs().get(o);
      for (int e = 0; e < output.count(); e++) {
        Decryptor.Decrypted decrypted = decrypt(output, ciphertexts.get(start[output.programOutput()] + e));
        answer.add(o, e, decrypted.real(), decrypted.imaginary(), decrypted.coefficientFraction());
      }
    }
    List<Postprocessing.Result> results = new ArrayList<>();
    Map<Integer, AnswerCheckException> failures = new HashMap<>();
    for (int r = 0; r < rows; r++) {
      if (answer.failure(r) != null) {
        failures.put(r, answer.failure(r));
        results.add(null);
        continue;
      }
      Map<String, double[]> values = new HashMap<>();
      Map<String, double[]> errors = new HashMap<>();
      for (int o = 0; o < signature.cipherOutputs().size(); o++) {
        CipherOutput output = signature.cipherOutputs().get(o);
        if (output.kind() == CipherOutput.Kind.VALUE) {
          values.put(output.name(), answer.values(o, r));
          errors.put(output.name(), output.errorBounds());
        }
      }
      results.add(signature.tail().runMeasured(values, errors));
    }
    return new BatchAnswer(results, failures);
  }

  /** The answers to rows that lie side by side: each output is decrypted once, a row's failure is its own. */
  private BatchAnswer sideBySide(List<byte[]> ciphertexts, int rows) {
    int most = signature.rowsPerRequest(context.parameters());
    if (rows < 1 || rows > most) {
      throw new IllegalArgumentException("an answer to " + rows + " rows, model " + signature.model() + " takes 1.." + most);
    }
    requireCount(ciphertexts.size());
    List<Decryptor.Decrypted> decrypted = slots(ciphertexts);
    for (int o = 0; o < decrypted.size(); o++) {
      if (decrypted.get(o) != null) {
        signature.cipherOutputs().get(o).requireInRange(decrypted.get(o).coefficientFraction());
      }
    }
    List<Postprocessing.Result> results = new ArrayList<>();
    Map<Integer, AnswerCheckException> failures = new HashMap<>();
    for (int r = 0; r < rows; r++) {
      try {
        results.add(ofRow(decrypted, r));
      } catch (AnswerCheckException e) {
        failures.put(r, e);
        results.add(null);
      }
    }
    return new BatchAnswer(results, failures);
  }

  /** By program output, the number of its first ciphertext; last, how many there are. */
  private int[] starts() {
    int[] start = new int[signature.cipherOutputs().size() + 1];
    for (CipherOutput output : signature.cipherOutputs()) {
      start[output.programOutput() + 1] += signature.ciphertexts(output);
    }
    for (int i = 1; i < start.length; i++) {
      start[i] += start[i - 1];
    }
    return start;
  }

  private void requireCount(int ciphertexts) {
    int[] start = starts();
    int needed = start[start.length - 1];
    if (ciphertexts != needed) {
      throw new AnswerCheckException(
          "answer has " + ciphertexts + " ciphertexts, model " + signature.model() + " has " + needed
              + " in its outputs; no answer is returned");
    }
  }

  private Decryptor.Decrypted decrypt(CipherOutput output, byte[] blob) {
    return decrypt(output, blob, new ValueType(Encoding.SLOTS, output.level(), 2, output.scale()), ciphertext -> {});
  }

  /** Decrypts a ciphertext that is transparent nowhere, of the expected type, and passes a check of its form. */
  private Decryptor.Decrypted decrypt(CipherOutput output, byte[] blob, ValueType expected, Consumer<Ciphertext> form) {
    try (Ciphertext ciphertext = Ciphertext.fromBytes(context, ByteBuffer.wrap(blob))) {
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
      form.accept(ciphertext);
      return decryptor.decrypt(ciphertext);
    } catch (MalformedException e) {
      throw new AnswerCheckException("output " + output.name() + ": " + e.getMessage() + "; no answer is returned", e);
    }
  }
}
