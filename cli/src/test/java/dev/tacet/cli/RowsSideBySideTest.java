// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.client.InputEncryptor;
import dev.tacet.client.OutputDecryptor;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileResult;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Several rows of the latency packing in one ciphertext, on the engine: every row gets its own answer, a row's fault is its own. */
class RowsSideBySideTest {
  private static final Path WINE = Path.of("..", "models", "wine");
  private static final int ROWS = 16;
  private static CompileOptions options;
  private static ModelArtifact artifact;
  private static double[][] rows;
  private static Context context;
  private static SecretKey key;

  @BeforeAll
  static void compile() throws IOException {
    options = CompileOptions.fromYaml(WINE.resolve("tacet.yaml")).withMaxDegree(7).withAccuracy(0.1).withRowsPerRequest(ROWS);
    CompileResult result = Compiler.compile(OnnxSource.ofFile(WINE.resolve("model.onnx")), options);
    artifact = result.artifact();
    assertEquals(ROWS, result.report().rowsPerRequest());
    rows = options.calibration().subList(0, ROWS + 3).toArray(double[][]::new);
    context = Context.create(artifact.parameters());
    key = SecretKey.generate(context);
  }

  @AfterAll
  static void close() {
    key.close();
    context.close();
  }

  private static List<byte[]> evaluate(InputEncryptor.Batch batch) {
    List<ByteBuffer> blobs = new ArrayList<>();
    artifact.signature().keys().forEach(k -> blobs.add(new KeyGenerator(key).evaluationKey(k)));
    List<Ciphertext> inputs = new ArrayList<>();
    batch.ciphertexts().forEachRemaining(c -> inputs.add(Ciphertext.fromBytes(context, ByteBuffer.wrap(c))));
    try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs);
        ExecutableProgram program = ExecutableProgram.load(context, artifact.program());
        ExecutableProgram.Run run = program.run(keys, inputs, null)) {
      List<byte[]> outputs = new ArrayList<>();
      run.outputs().forEach(c -> outputs.add(c.toBytes()));
      return outputs;
    } finally {
      inputs.forEach(Ciphertext::close);
    }
  }

  @Test
  void everyRowHasItsOwnAnswerAndARowOutsideTheIntervalsFailsAlone() throws IOException {
    double[] far = artifact.signature().inputs().get(0).high();
    double[][] given = Arrays.copyOf(rows, ROWS - 3);
    int bad = 5;
    given[bad] = far;  // accepted by the features' bounds, far outside what the activations were fitted for
    InputEncryptor encryptor = InputEncryptor.of(artifact.signature(), key);
    assertEquals(ROWS, encryptor.rowsPerRequest());
    List<byte[]> answer = evaluate(encryptor.batch(given));
    OutputDecryptor.BatchAnswer decrypted = OutputDecryptor.of(artifact.signature(), key).decryptBatch(answer, given.length);
    assertEquals(Set.of(bad), decrypted.failures().keySet());
    assertTrue(decrypted.failures().get(bad).getMessage().contains("beyond its bound"), decrypted.failures().get(bad).getMessage());
    double[][] clear = clear(given);
    for (int r = 0; r < given.length; r++) {
      if (r == bad) {
        continue;
      }
      double[] logits = decrypted.results().get(r).outputs().get("logits").toNumbers();
      double bound = decrypted.results().get(r).errorBounds().get("logits");
      for (int i = 0; i < logits.length; i++) {
        assertEquals(clear[r][i], logits[i], bound, "row " + r + " value " + i);
      }
    }
    // Neighbours differ by more than that: an answer in another row's place would be seen.
    assertTrue(Math.abs(clear[0][0] - clear[1][0]) > 2 * decrypted.results().get(0).errorBounds().get("logits")
        || Math.abs(clear[0][1] - clear[1][1]) > 2 * decrypted.results().get(0).errorBounds().get("logits")
        || Math.abs(clear[0][0] - clear[12][0]) > 2 * decrypted.results().get(0).errorBounds().get("logits"));
  }

  private static double[][] clear(double[][] given) {
    try (ClearModel model = ClearModel.load(WINE.resolve("model.onnx"))) {
      List<List<Object>> numbers = model.run(given).outputs().get("logits");
      double[][] result = new double[given.length][];
      for (int r = 0; r < given.length; r++) {
        result[r] = numbers.get(r).stream().mapToDouble(v -> (Double) v).toArray();
      }
      return result;
    }
  }

  @Test
  void tooManyRowsAndOtherPackingsAreRefused() throws IOException {
    InputEncryptor encryptor = InputEncryptor.of(artifact.signature(), key);
    assertThrows(IllegalArgumentException.class, () -> encryptor.batch(rows));
    assertThrows(IllegalArgumentException.class, () -> OutputDecryptor.of(artifact.signature(), key).decryptBatch(List.of(), ROWS + 1));
    OnnxSource source = OnnxSource.ofFile(WINE.resolve("model.onnx"));
    String throughput = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, options.withPacking(CompileOptions.Packing.THROUGHPUT))).getMessage();
    assertTrue(throughput.contains("16 rows lie side by side"), throughput);
    String wide = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, options.withRowsPerRequest(4096))).getMessage();
    assertTrue(wide.contains("--rows-per-request 1024"), wide);
    String hidden = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, options.withModelPrivacy(CompileOptions.MODEL_PRIVACY))).getMessage();
    assertTrue(hidden.contains("with model privacy"), hidden);
    assertThrows(IllegalArgumentException.class, () -> options.withRowsPerRequest(3));
  }
}
