// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.BatchLayout;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.Encryptor;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Plaintext;
import dev.tacet.he.PublicKey;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.TailNode;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The noise that the report predicts beside the noise of decrypted answers: their largest over some rows, the median of it over several
 * encryptions, is within one bit of the median that is predicted for as many numbers. Models without polynomials: the tails of those are
 * too heavy for it. And the bounds that answers of such models carry, which are all noise: never exceeded, those of choices less than 3
 * bits too wide. (Those of values must not be narrower than the checks of single slots, which takes up to one bit more.)
 */
class PredictionTest {
  private static final int ROWS = 20;
  private static final int BATCH_ROWS = 60;
  private static final int BATCHES = 5;
  private static final int KEYS = 6;
  private static final int KEYS_OF_LATENCY = 5;

  @ParameterizedTest
  @CsvSource({"skl_logistic, LATENCY", "torch_squares, LATENCY",
      "skl_logistic, THROUGHPUT", "torch_squares, THROUGHPUT"})
  void theLargestErrorIsWithinOneBitOfTheOnePredicted(String name, CompileOptions.Packing packing) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    CompileResult result = Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")),
        CompileOptions.defaults().withPacking(packing).withCalibration(rows));
    int count = packing == CompileOptions.Packing.LATENCY ? ROWS : BATCH_ROWS;
    double[][] some = rows.subList(0, count).toArray(double[][]::new);
    Simulator exact = Simulator.of(result.artifact(), false, 1);
    double[][] clear = exact.run(0, some).values().stream().map(v -> v.values().iterator().next()).toArray(double[][]::new);
    // Rows share a key, which makes slots more or less noisy, and in the throughput packing they share an encryption: several are drawn.
    double[] draws = new double[packing == CompileOptions.Packing.LATENCY ? KEYS_OF_LATENCY : BATCHES];
    for (int draw = 0; draw < draws.length; draw++) {
      double[][] decrypted = packing == CompileOptions.Packing.LATENCY
          ? run(result.artifact(), some, false) : runBatch(result.artifact(), some);
      for (int r = 0; r < count; r++) {
        for (int i = 0; i < clear[r].length; i++) {
          draws[draw] = Math.max(draws[draw], Math.abs(clear[r][i] - decrypted[r][i]));
        }
      }
    }
    Arrays.sort(draws);
    double largest = draws[draws.length / 2];
    int numbers = count * clear[0].length;
    double predicted = result.report().prediction().noise().largest(numbers);
    double bits = Math.log(largest / predicted) / Math.log(2);
    assertTrue(Math.abs(bits) <= 1, name + ", " + packing + ": the largest of " + numbers + " errors is " + largest + ", predicted "
        + predicted + ", " + bits + " bits more");
  }

  @ParameterizedTest
  @ValueSource(strings = {"skl_logistic", "torch_squares"})
  void boundsHoldForManyKeysAndAreNotManyTimesTooWide(String name) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    ModelArtifact artifact = Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")),
        CompileOptions.defaults().withPacking(CompileOptions.Packing.LATENCY).withCalibration(rows)).artifact();
    TailNode choice = artifact.signature().tail().nodes().stream().filter(node -> node.op().chooses()).findFirst().orElseThrow();
    Simulator exact = Simulator.of(artifact, false, 1);
    double ofValues = 0;
    double ofMargins = 0;
    for (int k = 0; k < KEYS; k++) {
      double[][] some = rows.subList(k * ROWS / KEYS, (k + 4) * ROWS / KEYS).toArray(double[][]::new);
      double[][] clear = exact.run(0, some).values().stream().map(v -> v.values().iterator().next()).toArray(double[][]::new);
      double[][] decrypted = run(artifact, some, true);
      for (int r = 0; r < some.length; r++) {
        for (int i = 0; i < clear[r].length; i++) {
          double error = decrypted[r][i] - clear[r][i];
          ofValues = Math.max(ofValues, Math.abs(error));
          for (int j = 0; j < i; j++) {
            ofMargins = Math.max(ofMargins, Math.abs(error - (decrypted[r][j] - clear[r][j])));
          }
        }
      }
    }
    requireBound(name + ", values", ofValues, artifact.signature().cipherOutputs().get(0).errorBound(), 4);
    requireBound(name + ", margins", ofMargins, choice.numbers()[0], 3);
  }

  private static void requireBound(String what, double largest, double bound, double mostBits) {
    double bits = Math.log(bound / largest) / Math.log(2);
    assertTrue(bits >= 0 && bits <= mostBits, what + ": the largest error is " + largest + ", the bound " + bound + ", " + bits + " bits more");
  }

  private interface Body {
    double[][] with(SecretKey secret, ExecutableProgram program, EvaluationKeySet keys);
  }

  private static double[][] encrypted(ModelArtifact artifact, Body body) {
    try (Context context = Context.create(artifact.parameters());
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram program = ExecutableProgram.load(context, artifact.program())) {
      List<ByteBuffer> blobs = new ArrayList<>();
      artifact.signature().keys().forEach(key -> blobs.add(new KeyGenerator(secret).evaluationKey(key)));
      try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs)) {
        return body.with(secret, program, keys);
      }
    }
  }

  /** Rows one by one, encrypted under the public key or the secret one. */
  private static double[][] run(ModelArtifact artifact, double[][] rows, boolean publicly) {
    return encrypted(artifact, (secret, program, keys) -> {
      double[][] answers = new double[rows.length][];
      for (int r = 0; r < rows.length; r++) {
        List<Ciphertext> inputs = new ArrayList<>();
        int at = 0;
        for (SignatureInput input : artifact.signature().inputs()) {
          double[] part = Arrays.copyOfRange(rows[r], at, at + input.features());
          inputs.add(encrypt(secret, publicly, input.pack(part, artifact.parameters().slots()), input));
          at += input.features();
        }
        CipherOutput output = artifact.signature().cipherOutputs().get(0);
        try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
          Decryptor.Decrypted d = new Decryptor(secret).decrypt(run.outputs().get(output.programOutput()));
          answers[r] = artifact.signature().unpack(output, d.real(), d.imaginary(), d.coefficientFraction());
        } finally {
          inputs.forEach(Ciphertext::close);
        }
      }
      return answers;
    });
  }

  private static Ciphertext encrypt(SecretKey secret, boolean publicly, double[] slots, SignatureInput input) {
    if (!publicly) {
      return new SecretEncryptor(secret).encrypt(slots, input.level(), input.scale());
    }
    try (PublicKey key = new KeyGenerator(secret).publicKey();
        Plaintext plaintext = Plaintext.encode(secret.context(), slots, input.level(), input.scale())) {
      return new Encryptor(secret.context(), key).encrypt(plaintext);
    }
  }

  private static double[][] runBatch(ModelArtifact artifact, double[][] rows) {
    BatchLayout layout = new BatchLayout(artifact.signature(), artifact.parameters());
    return encrypted(artifact, (secret, program, keys) -> {
      List<Ciphertext> inputs = new ArrayList<>();
      for (int i = 0; i < artifact.signature().inputs().size(); i++) {
        SignatureInput input = artifact.signature().inputs().get(i);
        for (int f = 0; f < input.features(); f++) {
          inputs.add(new SecretEncryptor(secret).encrypt(layout.element(i, f, rows), input.level(), input.scale()));
        }
      }
      CipherOutput output = artifact.signature().cipherOutputs().get(0);
      double[][] answers = new double[rows.length][output.count()];
      try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
        for (int i = 0; i < output.count(); i++) {
          double[] slots = new Decryptor(secret).decrypt(run.outputs().get(i)).real();
          for (int r = 0; r < rows.length; r++) {
            answers[r][i] = output.factor()[i] * slots[r] + output.offset()[i];
          }
        }
      } finally {
        inputs.forEach(Ciphertext::close);
      }
      return answers;
    });
  }
}
