// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.client.DataProvider;
import dev.tacet.client.InputEncryptor;
import dev.tacet.client.Prediction;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.OutputValue;
import dev.tacet.he.UnsupportedException;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model with an activation whose answers hide it, through client and host. */
class HiddenModelTest {
  private static final Path SOURCE = Path.of("..", "models", "wine");

  @TempDir static Path folder;

  @Test
  void theClientSendsAnEncryptionOfZeroAndNothingElseIsTaken() throws Exception {
    CompileOptions options = CompileOptions.fromYaml(SOURCE.resolve("tacet.yaml")).withModel("wine").withMaxDegree(7).withAccuracy(0.1)
        .withModelPrivacy(new ModelPrivacy(64, 20, 0));
    ModelArtifact model = Compiler.compile(OnnxSource.ofFile(SOURCE.resolve("model.onnx")), options).artifact();
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "wine", "1", model);
    double[] row = options.calibration().get(0);
    try (TestHost host = new TestHost(models, folder.resolve("data"));
        TacetClient client = TacetClient.builder(host.uri).keyStore(folder.resolve("ring")).passphrase("some words to seal with".toCharArray())
            .build()) {
      RemoteModel remote = client.model("wine");
      assertTrue(remote.signature().modelPrivacy().isPresent());
      Prediction first = remote.predict(row);
      Prediction second = remote.predict(row);
      double bound = first.errorBounds().get("logits");
      double[] values = numbers(first);
      double[] again = numbers(second);
      boolean differs = false;
      for (int i = 0; i < values.length; i++) {
        assertEquals(values[i], again[i], 2 * bound);
        differs |= values[i] != again[i];
      }
      assertTrue(differs, "flooding is drawn for each answer");
      assertThrows(UnsupportedException.class, () -> {
        try (DataProvider provider = DataProvider.builder(host.uri, remote.providerCard()).connect()) {
          provider.submit(row);
        }
      });
      refuses(host, model, remote.prepare().keySetId(), row);
    }
  }

  private static double[] numbers(Prediction prediction) {
    OutputValue logits = prediction.outputs().get("logits");
    return logits.toNumbers();
  }

  /** Requests under a key of no owner: they are refused before a key matters. */
  private static void refuses(TestHost host, ModelArtifact model, String keySet, double[] row) {
    try (Context context = Context.create(model.parameters()); SecretKey key = SecretKey.generate(context)) {
      List<byte[]> whole = InputEncryptor.of(model.signature(), key).encrypt(row).ciphertexts();
      assertEquals(2, whole.size());
      ValueType zero = model.signature().zeroType();
      fails(host, model, keySet, List.of(whole.get(0)));
      fails(host, model, keySet, List.of(whole.get(0), whole.get(0)));
      try (Ciphertext low = new SecretEncryptor(key).encrypt(new double[1], zero.level() - 1, zero.scale())) {
        List<byte[]> other = new ArrayList<>(whole);
        other.set(1, low.toBytes());
        fails(host, model, keySet, other);
      }
    }
  }

  private static void fails(TestHost host, ModelArtifact model, String keySet, List<byte[]> request) {
    InferRequest.Builder infer = InferRequest.newBuilder().setModel("wine").setSignatureSha256(model.signature().sha256())
        .setKeySetId(keySet);
    request.forEach(c -> infer.addCiphertexts(ByteString.copyFrom(c)));
    RuntimeException e = assertThrows(RuntimeException.class,
        () -> host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class).infer(infer.build()));
    assertEquals(ErrorCause.WRONG_CIPHERTEXT, ErrorTable.fromGrpc(e).errorCause(), e.getMessage());
  }
}
