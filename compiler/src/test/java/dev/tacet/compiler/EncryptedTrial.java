// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.Cancellation;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.Encryptor;
import dev.tacet.he.Plaintext;
import dev.tacet.he.PublicKey;
import dev.tacet.he.RowPacking;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Runs a compiled program on the engine and compares the noise found with the noise predicted.
 *
 * @param worst the largest noise in a slot of any output, as a part of the slot error that the signature allows
 * @param seconds time of one run
 */
record EncryptedTrial(double worst, double seconds) {
  static EncryptedTrial run(ModelArtifact artifact, List<double[]> rows) {
    double worst = 0;
    double seconds = 0;
    boolean hidden = artifact.signature().modelPrivacy().isPresent();
    try (Context context = Context.create(artifact.parameters());
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram program = ExecutableProgram.load(context, artifact.program())) {
      KeyGenerator generator = new KeyGenerator(secret);
      List<ByteBuffer> blobs = new ArrayList<>();
      for (KeyRequirement key : artifact.signature().keys()) {
        blobs.add(generator.evaluationKey(key));
      }
      try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs); PublicKey publicKey = generator.publicKey()) {
        blobs.clear();
        for (double[] row : rows) {
          List<double[]> slots = new ArrayList<>();
          List<Ciphertext> inputs = new ArrayList<>();
          int offset = 0;
          for (SignatureInput input : artifact.signature().inputs()) {
            for (double[] packed : packed(artifact, input, Arrays.copyOfRange(row, offset, offset + input.features()))) {
              slots.add(packed);
              try (Plaintext plaintext = isInCoefficients(artifact)
                  ? Plaintext.encodeCoefficients(context, packed, input.level(), input.scale())
                  : Plaintext.encode(context, packed, input.level(), input.scale())) {
                inputs.add(hidden ? new SecretEncryptor(secret).encrypt(plaintext) : new Encryptor(context, publicKey).encrypt(plaintext));
              }
            }
            offset += input.features();
          }
          if (hidden) {
            SignatureInput input = artifact.signature().inputs().get(0);
            slots.add(new double[1]);
            try (Plaintext zero = Plaintext.encodeCoefficients(context, new double[1], input.level(), input.scale())) {
              inputs.add(new SecretEncryptor(secret).encrypt(zero));
            }
          }
          List<double[]> expected = ReferenceEvaluator.run(artifact.program(), slots);
          long start = System.nanoTime();
          try (ExecutableProgram.Run run = program.run(keys, inputs, new Cancellation())) {
            seconds = (System.nanoTime() - start) / 1e9;
            if (isInCoefficients(artifact)) {
              worst = Math.max(worst, coefficients(artifact, secret, run.outputs(), expected));
              continue;
            }
            for (CipherOutput output : artifact.signature().cipherOutputs()) {
              Decryptor.Decrypted answer = new Decryptor(secret).decrypt(run.outputs().get(output.programOutput()));
              double[] clear = expected.get(output.programOutput());  // real parts, then imaginary ones where they carry a guard
              boolean beside = output.kind() == CipherOutput.Kind.IMAGINARY_GUARD;
              int slotCount = answer.real().length;
              double noise = 0;
              for (int j = 0; j < slotCount; j++) {
                noise = Math.max(noise, beside ? Math.abs(answer.imaginary()[j] - clear[slotCount + j]) : Math.abs(answer.real()[j] - clear[j]));
                noise = answer.imaginary() == null || clear.length > slotCount ? noise : Math.max(noise, Math.abs(answer.imaginary()[j]));
              }
              worst = Math.max(worst, noise / output.slotError());
              System.out.printf(Locale.ROOT, "  %-24s slot error %.2e, found %.2e (%.3f), coefficient fraction %.3f%n",
                  output.name(), output.slotError(), noise, noise / output.slotError(), answer.coefficientFraction());
              if (!beside) {
                artifact.signature().unpack(output, answer.real(), answer.imaginary(), answer.coefficientFraction());
              }
            }
          } finally {
            inputs.forEach(Ciphertext::close);
          }
        }
      }
    }
    return new EncryptedTrial(worst, seconds);
  }

  private static boolean isInCoefficients(ModelArtifact artifact) {
    return artifact.signature().packing() == RowPacking.COEFFICIENT;
  }

  private static List<double[]> packed(ModelArtifact artifact, SignatureInput input, double[] row) {
    return isInCoefficients(artifact)
        ? CoefficientLayout.of(artifact.signature(), artifact.parameters()).pack(input, row)
        : List.of(input.pack(row, artifact.parameters().slots()));
  }

  /** The noise of the coefficient packing's answers, whose checks are made. */
  private static double coefficients(ModelArtifact artifact, SecretKey secret, List<Ciphertext> outputs, List<double[]> expected) {
    CipherOutput output = artifact.signature().cipherOutputs().get(0);
    List<double[]> decrypted = new ArrayList<>();
    double[] fractions = new double[outputs.size()];
    double noise = 0;
    for (int t = 0; t < fractions.length; t++) {
      Decryptor.Decrypted answer = new Decryptor(secret).decrypt(outputs.get(t));
      decrypted.add(answer.real());
      fractions[t] = answer.coefficientFraction();
      for (int index : outputs.get(t).extracted()) {
        noise = Math.max(noise, Math.abs(answer.real()[index] - expected.get(t)[index]));
      }
    }
    System.out.printf(Locale.ROOT, "  %-24s noise bound %.2e, found %.2e (%.3f), coefficient fraction %.3f%n",
        output.name(), output.slotError(), noise, noise / output.slotError(), Arrays.stream(fractions).max().orElse(0));
    CoefficientLayout.of(artifact.signature(), artifact.parameters()).unpack(output, decrypted, fractions);
    return noise / output.slotError();
  }

  /** Compiles one model of a folder made by zoo.py and runs a few rows on the engine. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    for (String name : Arrays.asList(arguments).subList(1, arguments.length)) {
      CompileResult result = Compiler.compile(OnnxSource.ofFile(folder.resolve(name + ".onnx")),
          CompileOptions.defaults().withCalibration(CalibrationRows.read(folder.resolve(name + ".calibration.csv"))));
      System.out.println(name + "\n" + result.report().toText());
      EncryptedTrial trial = run(result.artifact(), CalibrationRows.read(folder.resolve(name + ".calibration.csv")).subList(0, 2));
      System.out.printf(Locale.ROOT, "%s worst %.3f, %.2f s%n", name, trial.worst(), trial.seconds());
    }
  }
}
