// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.client.DataProvider;
import dev.tacet.client.EncryptedAnswer;
import dev.tacet.client.InputEncryptor;
import dev.tacet.client.OutputDecryptor;
import dev.tacet.client.Prediction;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import dev.tacet.compiler.CalibrationRows;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Context;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.OutputValue;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.inference.GRPCInferenceServiceGrpc;
import dev.tacet.protocol.inference.InferParameter;
import dev.tacet.protocol.inference.ModelInferRequest;
import dev.tacet.protocol.inference.ModelInferResponse;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A linear model through every door of the host: no key is made, sent or stored. */
class CoefficientInferenceTest {
  private static final Path SOURCE = Path.of("..", "models", "diabetes");

  @TempDir static Path folder;
  private static TestHost host;
  private static ModelArtifact model;
  private static TacetClient client;
  private static List<double[]> rows;

  @BeforeAll
  static void start() throws Exception {
    model = Compiler.compile(OnnxSource.ofFile(SOURCE.resolve("model.onnx")),
        CompileOptions.fromYaml(SOURCE.resolve("tacet.yaml")).withModel("diabetes").withPacking(CompileOptions.Packing.COEFFICIENT))
        .artifact();
    rows = CalibrationRows.read(SOURCE.resolve("test.csv"));
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "diabetes", "1", model);
    host = new TestHost(models, folder.resolve("data"));
    client = TacetClient.builder(host.uri).keyStore(folder.resolve("ring")).passphrase("a passphrase of words".toCharArray()).build();
  }

  @AfterAll
  static void stop() {
    client.close();
    host.close();
  }

  private static double[] numbers(Prediction prediction) {
    return prediction.outputs().values().stream().filter(OutputValue.Numbers.class::isInstance).findFirst().orElseThrow().toNumbers();
  }

  /** The program in the clear. */
  private static double[] clear(double[] row) {
    CoefficientLayout layout = CoefficientLayout.of(model.signature(), model.parameters());
    List<double[]> outputs =
        ReferenceEvaluator.run(model.program(), layout.pack(model.signature().inputs().get(0), row));
    return layout.unpack(model.signature().cipherOutputs().get(0), outputs, new double[outputs.size()]);
  }

  @Test
  void aPredictionTakesNoKeyAtAll() throws Exception {
    RemoteModel remote = client.model("diabetes");
    assertEquals(RowPacking.COEFFICIENT, remote.signature().packing());
    assertEquals(2048, remote.parameters().ringDegree());
    double bound = remote.signature().cipherOutputs().get(0).errorBound();
    for (double[] row : rows.subList(0, 20)) {
      Prediction prediction = remote.predict(row);
      assertArrayEquals(clear(row), numbers(prediction), bound);
      assertTrue(prediction.timings().inputBytes() <= 13_000, "input " + prediction.timings().inputBytes());
      assertTrue(prediction.timings().resultBytes() <= 14_000, "result " + prediction.timings().resultBytes());
    }
    assertEquals(0, remote.prepare().bytes());
    assertEquals("", remote.prepare().keySetId());
    try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
      assertEquals(0, files.filter(file -> Files.isRegularFile(file) && file.toString().contains("blob")).count());
    }
    assertThrows(FeatureOutOfBoundsException.class, () -> remote.predict(new double[] {1e9, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
    assertThrows(FeatureOutOfBoundsException.class, () -> remote.predict(new double[] {Double.NaN, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  }

  @Test
  void aDataProvidersRowsAreTheOwnersToRead() {
    RemoteModel remote = client.model("diabetes");
    try (DataProvider provider = DataProvider.builder(host.uri, remote.providerCard()).clampFeatures(true).connect()) {
      for (double[] row : rows.subList(0, 5)) {
        EncryptedAnswer answer = EncryptedAnswer.fromBytes(ByteBuffer.wrap(provider.submit(row).toBytes()));
        assertArrayEquals(clear(row), numbers(remote.decrypt(answer)), remote.signature().cipherOutputs().get(0).errorBound());
      }
    }
  }

  @Test
  void theOpenInferenceProtocolServesItToo() {
    try (Context context = Context.create(model.parameters()); SecretKey key = SecretKey.generate(context)) {
      byte[] request = InputEncryptor.of(model.signature(), key).encrypt(rows.get(3)).ciphertexts().get(0);
      ByteBuffer raw = ByteBuffer.allocate(4 + request.length).order(ByteOrder.LITTLE_ENDIAN).putInt(request.length).put(request).flip();
      ModelInferResponse response = host.stub(GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub.class)
          .modelInfer(ModelInferRequest.newBuilder().setModelName("diabetes")
              .putParameters("signature_sha256", InferParameter.newBuilder().setStringParam(model.signature().sha256()).build())
              .addInputs(ModelInferRequest.InferInputTensor.newBuilder().setName("ciphertexts").setDatatype("BYTES").addShape(1))
              .addRawInputContents(ByteString.copyFrom(raw)).build());
      byte[] output = response.getRawOutputContents(0).substring(4).toByteArray();
      double[] values = OutputDecryptor.of(model.signature(), key).decrypt(List.of(output)).outputs().values().stream().findFirst()
          .orElseThrow().toNumbers();
      assertArrayEquals(clear(rows.get(3)), values, model.signature().cipherOutputs().get(0).errorBound());
    }
  }

  private static List<byte[]> infer(byte[] request) {
    return host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class)
        .infer(InferRequest.newBuilder().setModel("diabetes").setSignatureSha256(model.signature().sha256())
            .addCiphertexts(ByteString.copyFrom(request)).build())
        .getCiphertextsList().stream().map(ByteString::toByteArray).toList();
  }

  private static void fails(ErrorCause cause, byte[] request) {
    RuntimeException e = assertThrows(RuntimeException.class, () -> infer(request));
    assertEquals(cause, ErrorTable.fromGrpc(e).errorCause(), e.getMessage());
  }

  @Test
  void whatIsNoAnswerIsAnExceptionAndNeverANumber() {
    Random random = new Random(11);
    try (Context context = Context.create(model.parameters());
        SecretKey key = SecretKey.generate(context);
        SecretKey other = SecretKey.generate(context)) {
      Signature signature = model.signature();
      InputEncryptor encryptor = InputEncryptor.of(signature, key);
      byte[] request = encryptor.encrypt(rows.get(0)).ciphertexts().get(0);
      byte[] answer = infer(request).get(0);
      OutputDecryptor own = OutputDecryptor.of(signature, key);
      own.decrypt(List.of(answer));
      assertThrows(AnswerCheckException.class, () -> OutputDecryptor.of(signature, other).decrypt(List.of(answer)));
      assertThrows(AnswerCheckException.class, () -> own.decrypt(List.of()));
      assertThrows(AnswerCheckException.class, () -> own.decrypt(List.of(answer, answer)));
      assertThrows(AnswerCheckException.class, () -> own.decrypt(List.of(request)), "a request is no answer");
      for (int i = 0; i < 200; i++) {
        byte[] mutated = answer.clone();
        mutated[random.nextInt(mutated.length)] ^= (byte) (1 << random.nextInt(8));
        assertThrows(AnswerCheckException.class, () -> own.decrypt(List.of(mutated)));
        byte[] cut = Arrays.copyOf(answer, random.nextInt(answer.length));
        assertThrows(AnswerCheckException.class, () -> own.decrypt(List.of(cut)));
      }
      // behind the coefficients' own bytes, with the checksum made right: one changed residue of c1 is noise in every coefficient
      for (int i = 0; i < 50; i++) {
        byte[] altered = answer.clone();
        altered[answer.length - 5 - random.nextInt(2048 * 50 / 8 - 8)] ^= (byte) (1 << random.nextInt(8));
        List<byte[]> forged = List.of(withChecksum(altered));
        assertThrows(AnswerCheckException.class, () -> own.decrypt(forged));
      }
    }
  }

  private static byte[] withChecksum(byte[] blob) {
    CRC32C crc = new CRC32C();
    crc.update(blob, 0, blob.length - 4);
    ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN).putInt(blob.length - 4, (int) crc.getValue());
    return blob;
  }

  @Test
  void requestsOfAnotherFormAreRefused() {
    try (Context context = Context.create(model.parameters()); SecretKey key = SecretKey.generate(context)) {
      byte[] request = InputEncryptor.of(model.signature(), key).encrypt(rows.get(0)).ciphertexts().get(0);
      byte[] slots = inSlots(key);
      fails(ErrorCause.WRONG_CIPHERTEXT, slots);
      fails(ErrorCause.WRONG_CIPHERTEXT, infer(request).get(0));
      fails(ErrorCause.MALFORMED, Arrays.copyOf(request, request.length - 1));
    }
  }

  private static byte[] inSlots(SecretKey key) {
    SignatureInput input = model.signature().inputs().get(0);
    try (Ciphertext ciphertext = new SecretEncryptor(key).encrypt(new double[] {0.5}, input.level(), input.scale())) {
      return ciphertext.toBytes();
    }
  }
}
