// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.BatchLayout;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.SignatureInput;
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

/**
 * The noise that the report predicts beside the noise of decrypted answers: their largest over some rows is within one bit of the
 * median that is predicted for as many numbers. Models without polynomials: the tails of those are too heavy for it.
 */
class PredictionTest {
  private static final int ROWS = 20;

  @ParameterizedTest
  @CsvSource({"skl_logistic, LATENCY", "torch_squares, LATENCY",
      "skl_logistic, THROUGHPUT", "torch_squares, THROUGHPUT"})
  void theLargestErrorIsWithinOneBitOfTheOnePredicted(String name, CompileOptions.Packing packing) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    CompileResult result = Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")),
        CompileOptions.defaults().withPacking(packing).withCalibration(rows));
    double[][] some = rows.subList(0, ROWS).toArray(double[][]::new);
    Simulator exact = Simulator.of(result.artifact(), false, 1);
    double[][] clear = exact.run(0, some).values().stream().map(v -> v.values().iterator().next()).toArray(double[][]::new);
    double[][] decrypted = packing == CompileOptions.Packing.LATENCY
        ? run(result.artifact(), some) : runBatch(result.artifact(), some);
    double largest = 0;
    int numbers = 0;
    for (int r = 0; r < ROWS; r++) {
      for (int i = 0; i < clear[r].length; i++, numbers++) {
        largest = Math.max(largest, Math.abs(clear[r][i] - decrypted[r][i]));
      }
    }
    double predicted = result.report().prediction().noise().largest(numbers);
    double bits = Math.log(largest / predicted) / Math.log(2);
    assertTrue(Math.abs(bits) <= 1, name + ", " + packing + ": the largest of " + numbers + " errors is " + largest + ", predicted "
        + predicted + ", " + bits + " bits more");
  }

  private interface Body {
    double[][] with(SecretEncryptor encryptor, Decryptor decryptor, ExecutableProgram program, EvaluationKeySet keys);
  }

  private static double[][] encrypted(ModelArtifact artifact, Body body) {
    try (Context context = Context.create(artifact.parameters());
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram program = ExecutableProgram.load(context, artifact.program())) {
      List<ByteBuffer> blobs = new ArrayList<>();
      artifact.signature().keys().forEach(key -> blobs.add(new KeyGenerator(secret).evaluationKey(key)));
      try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs)) {
        return body.with(new SecretEncryptor(secret), new Decryptor(secret), program, keys);
      }
    }
  }

  private static double[][] run(ModelArtifact artifact, double[][] rows) {
    return encrypted(artifact, (encryptor, decryptor, program, keys) -> {
      double[][] answers = new double[rows.length][];
      for (int r = 0; r < rows.length; r++) {
        List<Ciphertext> inputs = new ArrayList<>();
        int at = 0;
        for (SignatureInput input : artifact.signature().inputs()) {
          double[] part = Arrays.copyOfRange(rows[r], at, at + input.features());
          inputs.add(encryptor.encrypt(input.pack(part, artifact.parameters().slots()), input.level(), input.scale()));
          at += input.features();
        }
        CipherOutput output = artifact.signature().cipherOutputs().get(0);
        try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
          Decryptor.Decrypted d = decryptor.decrypt(run.outputs().get(output.programOutput()));
          answers[r] = output.unpack(d.real(), d.imaginary(), d.coefficientFraction());
        } finally {
          inputs.forEach(Ciphertext::close);
        }
      }
      return answers;
    });
  }

  private static double[][] runBatch(ModelArtifact artifact, double[][] rows) {
    BatchLayout layout = new BatchLayout(artifact.signature(), artifact.parameters());
    return encrypted(artifact, (encryptor, decryptor, program, keys) -> {
      List<Ciphertext> inputs = new ArrayList<>();
      for (int i = 0; i < artifact.signature().inputs().size(); i++) {
        SignatureInput input = artifact.signature().inputs().get(i);
        for (int f = 0; f < input.features(); f++) {
          inputs.add(encryptor.encrypt(layout.element(i, f, rows), input.level(), input.scale()));
        }
      }
      CipherOutput output = artifact.signature().cipherOutputs().get(0);
      double[][] answers = new double[rows.length][output.count()];
      try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
        for (int i = 0; i < output.count(); i++) {
          double[] slots = decryptor.decrypt(run.outputs().get(i)).real();
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
