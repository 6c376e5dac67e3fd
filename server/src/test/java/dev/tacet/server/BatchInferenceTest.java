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
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.Arrangement;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.Context;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.KnownRows;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Parameters;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The throughput packing over the wire: many rows a request, inputs that are arrays, and streams that are not as they should be. */
class BatchInferenceTest {
  private static final int KNOWN = 8;
  private static final double[] WEIGHTS = {0.5, 0.25, -0.25, 0.125, -0.5, 0.5};

  @TempDir static Path folder;
  private static TestHost host;
  private static ModelArtifact model;
  private static TacetClient client;

  /** (W x)^2 of three features. */
  private static double[] inTheClear(double[] x) {
    double a = WEIGHTS[0] * x[0] + WEIGHTS[1] * x[1] + WEIGHTS[2] * x[2];
    double b = WEIGHTS[3] * x[0] + WEIGHTS[4] * x[1] + WEIGHTS[5] * x[2];
    return new double[] {a * a, b * b};
  }

  private static ModelArtifact artifact() {
    Parameters parameters =
        ModulusChain.select(13, RingType.CONJUGATE_INVARIANT, 45, 36, 1, 45, 1).security(SecurityLevel.CLASSICAL_128).build();
    Scale scale = Scale.powerOfTwo(26);
    ProgramBuilder b = new ProgramBuilder(parameters).layer("fc1");
    ProgramBuilder.Value x = b.input(ValueType.slots(1, scale).withLength(3));
    ProgramBuilder.Value y = b.matrixProduct(x, new Constant.Affine(2, 3, WEIGHTS, new double[2]), Scale.powerOfTwo(8));
    b.output(b.rescale(b.relinearize(b.square(y))));
    Program program = b.build();
    double[] ones = {1, 1, 1};
    double[] zeros = {0, 0, 0};
    SignatureInput input = new SignatureInput("X", new int[] {3}, 3, 1, scale, 1, new double[] {-1, -1, -1}, ones, zeros, ones);
    CipherOutput output = new CipherOutput(CipherOutput.Kind.VALUE, 0, "y", 2, 1, 0, program.outputTypes().get(0).scale(),
        new double[] {1, 1}, new double[2], 2, 0.02, 0.02);
    double[] known = new double[2 * KNOWN];
    for (int k = 0; k < KNOWN; k++) {
      double[] row = {KnownRows.feature(k, 0, 0, 1), KnownRows.feature(k, 1, 0, 1), KnownRows.feature(k, 2, 0, 1)};
      System.arraycopy(inTheClear(row), 0, known, 2 * k, 2);
    }
    Signature signature = new Signature("batch", parameters.hashHex(), 128, List.of(input), List.of(output),
        Postprocessing.identity(List.of("y")), List.copyOf(program.requiredKeys()),
        Arrangement.throughput(new KnownRows(KNOWN, 0, 1, List.of(known))));
    return new ModelArtifact(parameters, signature, program, "{}", "{}");
  }

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    model = artifact();
    TestModels.write(models, "batch", "1", model);
    host = new TestHost(models, folder.resolve("data"), settings -> settings.queue(1, 2));
    client = TacetClient.builder(host.uri).keyStore(folder.resolve("ring")).passphrase("a passphrase of words".toCharArray()).build();
  }

  @AfterAll
  static void stop() {
    client.close();
    host.close();
  }

  private static double[][] rows(int count) {
    double[][] rows = new double[count][];
    for (int r = 0; r < count; r++) {
      rows[r] = new double[] {Math.sin(r), Math.cos(3.0 * r), 1 - 2.0 * r / count};
    }
    return rows;
  }

  private static double[] numbers(Prediction prediction) {
    return ((OutputValue.Numbers) prediction.outputs().get("y")).values();
  }

  @Test
  void moreRowsThanABatchHoldsAreAnsweredInOrder() {
    RemoteModel remote = client.model("batch");
    assertEquals(model.parameters().slots() - KNOWN, remote.rowsPerRequest());
    double[][] rows = rows(remote.rowsPerRequest() + 3);
    List<Prediction> predictions = remote.predictBatch(rows);
    for (int r = 0; r < rows.length; r++) {
      assertArrayEquals(inTheClear(rows[r]), numbers(predictions.get(r)), 0.02, "row " + r);
    }
    assertArrayEquals(inTheClear(rows[5]), numbers(remote.predict(rows[5])), 0.02);
  }

  @Test
  void aRowOutOfBoundsIsNamedBeforeAnythingIsSent() {
    double[][] rows = rows(10);
    rows[7][1] = 2;
    FeatureOutOfBoundsException e =
        assertThrows(FeatureOutOfBoundsException.class, () -> client.model("batch").predictBatch(rows));
    assertTrue(e.getMessage().contains("row 7"), e.getMessage());
  }

  @Test
  void aDataProvidersBatchIsTheOwnersToRead() {
    RemoteModel remote = client.model("batch");
    double[][] rows = rows(5);
    rows[3][0] = 9;
    try (DataProvider provider =
        DataProvider.builder(host.uri, remote.providerCard()).clampFeatures(true).connect()) {
      EncryptedAnswer answer = EncryptedAnswer.fromBytes(java.nio.ByteBuffer.wrap(provider.submit(rows).toBytes()));
      RemoteModel.Batch batch = remote.decryptEach(answer);
      assertEquals(List.of(0), batch.predictions().get(3).clampedFeatures());
      assertArrayEquals(inTheClear(rows[1]), numbers(batch.predictions().get(1)), 0.02);
      assertThrows(IllegalArgumentException.class, () -> remote.decrypt(answer));
      EncryptedAnswer fewer = new EncryptedAnswer(
          answer.model(), answer.signatureSha256(), answer.clampedRows().subList(0, 4), answer.ciphertexts());
      assertThrows(AnswerCheckException.class, () -> remote.decryptEach(fewer), "the fifth row is no known row");
      List<byte[]> exchanged = new ArrayList<>(answer.ciphertexts());
      Collections.swap(exchanged, 0, 1);
      EncryptedAnswer swapped =
          new EncryptedAnswer(answer.model(), answer.signatureSha256(), answer.clampedRows(), exchanged);
      assertThrows(AnswerCheckException.class, () -> remote.decryptEach(swapped));
      EncryptedAnswer partial = new EncryptedAnswer(
          answer.model(), answer.signatureSha256(), answer.clampedRows(), answer.ciphertexts().subList(0, 1));
      assertThrows(AnswerCheckException.class, () -> remote.decryptEach(partial));
    }
  }

  @Test
  void anExchangeOfArrayElementsOnTheWayInIsSeenByTheOwner() {
    try (Context context = Context.create(model.parameters());
        SecretKey key = SecretKey.generate(context)) {
      TestOwner owner = new TestOwner(model, context, key);
      owner.upload(host.keys());
      List<byte[]> inputs = new ArrayList<>();
      InputEncryptor.of(model.signature(), key).batch(rows(3)).ciphertexts().forEachRemaining(inputs::add);
      OutputDecryptor decryptor = OutputDecryptor.of(model.signature(), key);
      List<byte[]> right = stream(call(owner), inputs).join();
      assertEquals(3, decryptor.decryptBatch(right, 3).results().size());
      Collections.swap(inputs, 0, 2);
      List<byte[]> wrong = stream(call(owner), inputs).join();
      assertThrows(AnswerCheckException.class, () -> decryptor.decryptBatch(wrong, 3));
      fails(ErrorCause.WRONG_CIPHERTEXT, call(owner), inputs.subList(0, 2));
      inputs.add(inputs.get(0));
      fails(ErrorCause.WRONG_CIPHERTEXT, call(owner), inputs);
      fails(ErrorCause.MALFORMED, call(owner), List.of(new byte[100], new byte[100], new byte[100]));
      fails(ErrorCause.KEY_NOT_FOUND, call(owner).toBuilder().setKeySetId("cd".repeat(32)).build(), inputs);
      fails(ErrorCause.SIGNATURE_CHANGED, call(owner).toBuilder().setSignatureSha256("ab".repeat(32)).build(), inputs);
      fails(ErrorCause.MALFORMED, call(owner).toBuilder().addCiphertexts(ByteString.copyFrom(inputs.get(0))).build(), inputs);
      fails(ErrorCause.MALFORMED, null, inputs);
      assertEquals(3, decryptor.decryptBatch(stream(call(owner), swapBack(inputs)).join(), 3).results().size(), "nothing leaked");
    }
  }

  private static List<byte[]> swapBack(List<byte[]> inputs) {
    List<byte[]> back = new ArrayList<>(inputs.subList(0, 3));
    Collections.swap(back, 0, 2);
    return back;
  }

  @Test
  void streamsThatStopHalfWayGiveTheirPlacesBack() throws Exception {
    RemoteModel remote = client.model("batch");
    remote.prepare();
    ManagedChannel channel = ManagedChannelBuilder.forAddress(host.uri.getHost(), host.uri.getPort()).usePlaintext().build();
    try {
      for (int i = 0; i < 3; i++) {
        StreamObserver<InferStreamRequest> requests = InferenceServiceGrpc.newStub(channel).inferStream(new Collector());
        requests.onNext(InferStreamRequest.newBuilder().setCall(InferRequest.newBuilder().setModel("batch")
            .setSignatureSha256(remote.signatureSha256()).setKeySetId(remote.prepare().keySetId())).build());
        requests.onError(new IllegalStateException("the client went away"));
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!host.get("/metrics").body().contains("tacet_calls_admitted 0.0") && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertTrue(host.get("/metrics").body().contains("tacet_calls_admitted 0.0"));
      assertTrue(host.get("/metrics").body().contains("tacet_calls_bytes 0.0"));
    } finally {
      channel.shutdownNow();
    }
  }

  private static InferRequest call(TestOwner owner) {
    return InferRequest.newBuilder().setModel("batch").setSignatureSha256(model.signature().sha256())
        .setKeySetId(owner.manifest.keySetId()).build();
  }

  private static void fails(ErrorCause cause, InferRequest call, List<byte[]> inputs) {
    CompletableFuture<List<byte[]>> answer = stream(call, inputs);
    Throwable failure = assertThrows(java.util.concurrent.CompletionException.class, answer::join).getCause();
    assertEquals(cause, ErrorTable.fromGrpc((RuntimeException) failure).errorCause(), failure.getMessage());
  }

  /** Sends a call, or none, and inputs one by one. */
  private static CompletableFuture<List<byte[]>> stream(InferRequest call, List<byte[]> inputs) {
    ManagedChannel channel = ManagedChannelBuilder.forAddress(host.uri.getHost(), host.uri.getPort()).usePlaintext().build();
    Collector collector = new Collector();
    StreamObserver<InferStreamRequest> requests = InferenceServiceGrpc.newStub(channel).inferStream(collector);
    if (call != null) {
      requests.onNext(InferStreamRequest.newBuilder().setCall(call).build());
    }
    for (byte[] input : inputs) {
      requests.onNext(InferStreamRequest.newBuilder().addCiphertexts(ByteString.copyFrom(input)).build());
    }
    requests.onCompleted();
    collector.done.whenComplete((answer, failure) -> channel.shutdown());
    return collector.done;
  }

  private static final class Collector implements StreamObserver<InferStreamResponse> {
    final CompletableFuture<List<byte[]>> done = new CompletableFuture<>();
    private final List<byte[]> outputs = new ArrayList<>();

    @Override
    public void onNext(InferStreamResponse message) {
      message.getCiphertextsList().forEach(blob -> outputs.add(blob.toByteArray()));
    }

    @Override
    public void onError(Throwable failure) {
      done.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      done.complete(outputs);
    }
  }
}
