// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.BatchLayout;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Plaintext;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows encrypted under a fresh secret key, run on the engine and decrypted, in any packing, with every check that the signature asks
 * of a client.
 */
final class EncryptedRows implements AutoCloseable {
  private final ModelArtifact artifact;
  private final Context context;
  private final SecretKey secret;
  private final SecretEncryptor encryptor;
  private final Decryptor decryptor;
  private final ExecutableProgram program;
  private final EvaluationKeySet keys;

  private EncryptedRows(ModelArtifact artifact) {
    this.artifact = artifact;
    context = Context.create(artifact.parameters());
    secret = SecretKey.generate(context);
    encryptor = new SecretEncryptor(secret);
    decryptor = new Decryptor(secret);
    program = ExecutableProgram.load(context, artifact.program());
    List<ByteBuffer> blobs = new ArrayList<>();
    artifact.signature().keys().forEach(key -> blobs.add(new KeyGenerator(secret).evaluationKey(key)));
    keys = EvaluationKeySet.load(context, blobs);
  }

  /** Returns the decrypted values of each row, in their units. */
  static double[][] run(ModelArtifact artifact, double[][] rows) {
    try (EncryptedRows all = new EncryptedRows(artifact)) {
      return switch (artifact.signature().packing()) {
        case LATENCY -> all.spread(rows);
        case THROUGHPUT -> all.batch(rows);
        case COEFFICIENT -> all.inCoefficients(rows);
      };
    }
  }

  private double[][] spread(double[][] rows) {
    double[][] answers = new double[rows.length][];
    for (int r = 0; r < rows.length; r++) {
      List<Ciphertext> inputs = new ArrayList<>();
      for (SignatureInput input : artifact.signature().inputs()) {
        inputs.add(encryptor.encrypt(
            input.pack(part(input, rows[r]), artifact.parameters().slots()), input.level(), input.scale()));
      }
      if (artifact.signature().modelPrivacy().isPresent()) {
        ValueType zero = artifact.signature().zeroType();
        inputs.add(encryptor.encrypt(new double[1], zero.level(), zero.scale()));
      }
      List<Decryptor.Decrypted> outputs = run(inputs);
      for (CipherOutput output : artifact.signature().cipherOutputs()) {
        Decryptor.Decrypted d = outputs.get(output.programOutput());
        double[] unpacked = artifact.signature().unpack(output, d.real(), d.imaginary(), d.coefficientFraction());
        answers[r] = output.kind() == CipherOutput.Kind.VALUE ? unpacked : answers[r];
      }
    }
    return answers;
  }

  private double[][] batch(double[][] rows) {
    BatchLayout layout = new BatchLayout(artifact.signature(), artifact.parameters());
    List<Ciphertext> inputs = new ArrayList<>();
    for (int i = 0; i < artifact.signature().inputs().size(); i++) {
      SignatureInput input = artifact.signature().inputs().get(i);
      for (int f = 0; f < input.features(); f++) {
        inputs.add(encryptor.encrypt(layout.element(i, f, rows), input.level(), input.scale()));
      }
    }
    BatchLayout.Answer answer = layout.answer(rows.length);
    List<Decryptor.Decrypted> outputs = run(inputs);
    int value = -1;
    int at = 0;
    for (int o = 0; o < artifact.signature().cipherOutputs().size(); o++) {
      CipherOutput output = artifact.signature().cipherOutputs().get(o);
      value = output.kind() == CipherOutput.Kind.VALUE ? o : value;
      for (int e = 0; e < output.count(); e++, at++) {
        Decryptor.Decrypted d = outputs.get(at);
        answer.add(o, e, d.real(), d.imaginary(), d.coefficientFraction());
      }
    }
    double[][] answers = new double[rows.length][];
    for (int r = 0; r < rows.length; r++) {
      if (answer.failure(r) != null) {
        throw answer.failure(r);
      }
      answers[r] = answer.values(value, r);
    }
    return answers;
  }

  private double[][] inCoefficients(double[][] rows) {
    CoefficientLayout layout = CoefficientLayout.of(artifact.signature(), artifact.parameters());
    double[][] answers = new double[rows.length][];
    for (int r = 0; r < rows.length; r++) {
      List<Ciphertext> inputs = new ArrayList<>();
      for (SignatureInput input : artifact.signature().inputs()) {
        for (double[] packed : layout.pack(input, part(input, rows[r]))) {
          try (Plaintext plaintext = Plaintext.encodeCoefficients(context, packed, input.level(), input.scale())) {
            inputs.add(encryptor.encrypt(plaintext));
          }
        }
      }
      List<Decryptor.Decrypted> outputs = run(inputs);
      answers[r] = layout.unpack(artifact.signature().cipherOutputs().get(0), outputs.stream().map(Decryptor.Decrypted::real).toList(),
          outputs.stream().mapToDouble(Decryptor.Decrypted::coefficientFraction).toArray());
    }
    return answers;
  }

  private double[] part(SignatureInput input, double[] row) {
    int at = 0;
    for (SignatureInput earlier : artifact.signature().inputs()) {
      if (earlier == input) {
        return Arrays.copyOfRange(row, at, at + input.features());
      }
      at += earlier.features();
    }
    throw new IllegalArgumentException("no input " + input.name());
  }

  private List<Decryptor.Decrypted> run(List<Ciphertext> inputs) {
    try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
      return run.outputs().stream().map(decryptor::decrypt).toList();
    } finally {
      inputs.forEach(Ciphertext::close);
    }
  }

  @Override
  public void close() {
    keys.close();
    program.close();
    secret.close();
    context.close();
  }
}
