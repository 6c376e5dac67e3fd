// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.ListModelsRequest;
import dev.tacet.protocol.v1.MissingKeysRequest;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;

class EdgeTest {
  @TempDir static Path folder;
  private static Path models;
  private static TestHost host;

  @BeforeAll
  static void start() throws IOException {
    models = Files.createDirectories(folder.resolve("models"));
    Path bad = Files.createDirectories(models.resolve("bad").resolve("2"));
    Files.write(bad.resolve("model.tacet"), new byte[100]);
    host = new TestHost(models, folder.resolve("data"));
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  @Test
  void healthAnswersOverHttpAndGrpc() throws Exception {
    assertEquals(200, host.get("/healthz").statusCode());
    HealthGrpc.HealthBlockingStub health = host.stub(HealthGrpc.HealthBlockingStub.class);
    for (String service : List.of("", "tacet.v1.InferenceService")) {
      assertEquals(
          ServingStatus.SERVING, health.check(HealthCheckRequest.newBuilder().setService(service).build()).getStatus());
    }
  }

  @Test
  void aBadModelIsReportedEverywhereAndTheServerIsReady() throws Exception {
    HttpResponse<String> ready = host.get("/readyz");
    assertEquals(200, ready.statusCode());
    assertTrue(ready.body().contains("\"models_refused\":1") && ready.body().contains("TACE"), ready.body());
    assertTrue(host.get("/v1/models").body().contains("\"state\":\"refused\""));
    var entry = host.models().listModels(ListModelsRequest.getDefaultInstance()).getModels(0);
    assertEquals("bad", entry.getName());
    assertTrue(entry.getProblem().contains("TACE"), entry.getProblem());
    TestHost.fails(
        ErrorCause.MODEL_UNAVAILABLE, () -> host.models().getModel(GetModelRequest.newBuilder().setName("bad").build()));
    String none = TestHost.fails(
        ErrorCause.MODEL_NOT_FOUND, () -> host.models().getModel(GetModelRequest.newBuilder().setName("none").build())).getMessage();
    assertTrue(none.contains("there is no model \"none\"; 0 are served"), none);
  }

  @Test
  void metricsAreInThePrometheusFormat() throws Exception {
    TestHost.fails(
        ErrorCause.MODEL_NOT_FOUND, () -> host.models().getModel(GetModelRequest.newBuilder().setName("none").build()));
    String text = host.get("/metrics").body();
    assertTrue(text.contains("tacet_models_refused 1.0"), text);
    assertTrue(text.contains("tacet_failures_total{call=\"GetModel\",reason=\"MODEL_NOT_FOUND\",tenant=\"default\"} 1.0"), text);
  }

  @Test
  void reflectionNamesTheServices() throws Exception {
    assertNamesTheServices(
        host.stub(ServerReflectionGrpc.ServerReflectionStub.class)::serverReflectionInfo,
        ServerReflectionRequest.newBuilder().setListServices("").build());
  }

  @Test
  void reflectionIsSpokenAsEarlierClientsAsk() throws Exception {
    assertNamesTheServices(
        host.stub(io.grpc.reflection.v1alpha.ServerReflectionGrpc.ServerReflectionStub.class)::serverReflectionInfo,
        io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder().setListServices("").build());
  }

  private static <Q, A> void assertNamesTheServices(Function<StreamObserver<A>, StreamObserver<Q>> call, Q question) throws Exception {
    CompletableFuture<String> names = new CompletableFuture<>();
    StreamObserver<Q> ask =
        call.apply(
            new StreamObserver<>() {
              @Override
              public void onNext(A response) {
                names.complete(response.toString());
              }

              @Override
              public void onError(Throwable failure) {
                names.completeExceptionally(failure);
              }

              @Override
              public void onCompleted() {}
            });
    ask.onNext(question);
    String list = names.get(10, TimeUnit.SECONDS);
    ask.onCompleted();
    for (String service : List.of("ModelService", "KeyService", "InferenceService")) {
      assertTrue(list.contains("tacet.v1." + service), list);
    }
  }

  @Test
  void grpcWebIsSpokenOnTheSamePort() throws Exception {
    byte[] message = MissingKeysRequest.newBuilder().addSha256(ByteString.copyFrom(new byte[32])).build().toByteArray();
    byte[] frame = ByteBuffer.allocate(5 + message.length).put((byte) 0).putInt(message.length).put(message).array();
    HttpResponse<byte[]> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(host.uri.resolve("/tacet.v1.KeyService/MissingKeys"))
                    .header("content-type", "application/grpc-web+proto")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(frame))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    assertEquals(200, answer.statusCode());
    byte[] expected = new byte[5 + 34];
    expected[4] = 34;
    expected[5] = 10;
    expected[6] = 32;
    assertArrayEquals(expected, java.util.Arrays.copyOf(answer.body(), expected.length));
  }

  @Test
  void everyRouteHasItsOwnLimitOnTheMessage() {
    ByteString large = ByteString.copyFrom(new byte[2 << 20]);
    TestHost.fails(
        ErrorCause.TOO_LARGE,
        () -> host.keys().putChunk(dev.tacet.protocol.v1.PutChunkRequest.newBuilder().setData(large).build()));
    String message =
        TestHost.fails(
                ErrorCause.TOO_LARGE,
                () -> host.models().getModel(GetModelRequest.newBuilder().setName("x".repeat(100_000)).build()))
            .getMessage();
    assertTrue(message.contains("longer than the " + (64 << 10) + " bytes"), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 16})
  void aRequestBeyondWhatTheTransportReadsIsATypedErrorToo(int mebibytes) {
    ByteString large = ByteString.copyFrom(new byte[mebibytes << 20]);
    String message =
        TestHost.fails(
                ErrorCause.TOO_LARGE,
                () -> host.keys().putChunk(dev.tacet.protocol.v1.PutChunkRequest.newBuilder().setData(large).build()))
            .getMessage();
    assertTrue(message.matches(".*longer than the \\d+ bytes.*"), message);
  }

  @Test
  void bytesThatAreNoMessageAreATypedError() throws Exception {
    byte[] frame = {0, 0, 0, 0, 3, 10, 100, 1};
    HttpResponse<byte[]> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(host.uri.resolve("/tacet.v1.KeyService/PutChunk"))
                    .header("content-type", "application/grpc-web+proto")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(frame))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    String trailers = new String(answer.body()) + answer.headers().map();
    assertTrue(trailers.contains("grpc-status:3") || trailers.contains("grpc-status=[3]"), trailers);
    assertTrue(trailers.contains("well-formed"), trailers);
  }

  /** The framework alone would leave such a call without an answer until the connection ends. */
  @ParameterizedTest
  @CsvSource({"x-bin, !!!", "x-bin, 'AAAA,?'", "grpc-timeout, abc", "grpc-timeout, -5S", "grpc-timeout, 123456789S"})
  void aHeaderThatCannotBeReadIsATypedErrorAtOnce(String name, String value) throws Exception {
    for (String path : List.of("/grpc.health.v1.Health/Check", "/tacet.v1.ModelService/ListModels")) {
      HttpResponse<byte[]> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(host.uri.resolve(path))
                      .timeout(java.time.Duration.ofSeconds(20))
                      .header("content-type", "application/grpc-web+proto")
                      .header(name, value)
                      .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[5]))
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray());
      String trailers = new String(answer.body()) + answer.headers().map();
      assertTrue(trailers.contains("grpc-status:3") || trailers.contains("grpc-status=[3]"), trailers);
      assertTrue(trailers.contains(name.equals("x-bin") ? "no base64" : "grpc-timeout is not"), trailers);
    }
  }

  /** The error is the caller's, and it is told in the host's words, with the reason in the details. */
  @ParameterizedTest
  @CsvSource({"010000000000", "020000000000", "000000000A0A", "00000000", "''"})
  void framesThatAreNoneAreATypedError(String hex) throws Exception {
    for (String type : List.of("application/grpc-web+proto", "application/grpc")) {
      HttpResponse<byte[]> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(host.uri.resolve("/tacet.v1.ModelService/ListModels"))
                      .timeout(java.time.Duration.ofSeconds(20))
                      .header("content-type", type)
                      .POST(HttpRequest.BodyPublishers.ofByteArray(java.util.HexFormat.of().parseHex(hex)))
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray());
      String trailers = type + new String(answer.body()) + answer.headers().map();
      assertTrue(trailers.contains("grpc-status:3") || trailers.contains("grpc-status=[3]"), trailers);
      assertTrue(trailers.contains("grpc-status-details-bin") && !trailers.contains("armeria"), trailers);
    }
  }

  @Test
  void theDataFolderHasOneServer() {
    StartException e = assertThrows(StartException.class, () -> new TestHost(models, folder.resolve("data")));
    assertTrue(e.getMessage().contains("in use by another server") && e.advice().contains("--data"), e.getMessage());
  }

  @Test
  void theDataFolderOfADatabaseIsNotTakenWithoutIt() throws IOException {
    Path data = Files.createDirectories(folder.resolve("of-a-database"));
    Files.writeString(data.resolve("folder"), "0123456789abcdef0123456789abcdef");
    StartException e = assertThrows(StartException.class, () -> new TestHost(models, data));
    assertTrue(e.getMessage().contains("belongs to a database") && e.advice().contains("state.url"), e.getMessage());
    assertTrue(Files.notExists(data.resolve("state")), "no index is made");
  }

  @Test
  void aDataFolderThatCannotBeMadeIsNamedInWordsOfAUser() {
    StartException e = assertThrows(StartException.class, () -> new TestHost(models, Path.of("/proc/none/data")));
    assertTrue(e.getMessage().contains("/proc/none") && !e.getMessage().contains("Exception"), e.getMessage());
  }

  @Test
  void aPortThatIsTakenIsSaidSo() {
    IOException e =
        assertThrows(
            IOException.class,
            () -> new TestHost(models, folder.resolve("data2"), b -> b.port(host.uri.getPort())));
    assertTrue(e.getMessage().contains(Integer.toString(host.uri.getPort())), e.getMessage());
  }
}
