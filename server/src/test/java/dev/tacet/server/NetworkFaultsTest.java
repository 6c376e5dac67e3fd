// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Faults of the network and its clients. After each: the service answers, no call is admitted, and descriptors, native objects and
 * memory are back where they were. Those tagged "faults" run in {@code server/operations/faults}.
 */
class NetworkFaultsTest {
  private static final double[] ROW = {0.25, 0.5, -1};
  private static final int SPARE_DESCRIPTORS = 40;
  private static final int ROUNDS_OF_CALLS = 12;

  /** A round may happen to have more calls at work at once than those before it. */
  private static final long SPARE_HUGE_PAGES = 16L << 20;

  @TempDir static Path folder;
  private static ConfiguredHost host;
  private static TestOwner owner;
  private static TestOwner slowOwner;
  private static InferenceServiceGrpc.InferenceServiceBlockingStub inference;
  private static long descriptors;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    TestModels.write(models, "slow", "1", TestModels.slow(500));
    host = new ConfiguredHost(folder, "limits: {receive: 2s, idle: 3s, running: 2, waiting: 8}\n");
    owner = new TestOwner(TestModels.square());
    slowOwner = new TestOwner(TestModels.slow(500));
    KeyServiceGrpc.KeyServiceBlockingStub keys = host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, null);
    owner.upload(keys);
    slowOwner.upload(keys);
    inference = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, null);
    assertAnswers();
    descriptors = openDescriptors();
  }

  @AfterAll
  static void stop() {
    owner.close();
    slowOwner.close();
    host.close();
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  private static void assertAnswers() {
    InferResponse response = inference.infer(owner.request(owner.encrypt(ROW)).build());
    assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
  }

  /** Waits until a condition holds; a busy machine is given time. */
  private static void await(String what, Check check) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!check.holds()) {
      assertTrue(System.nanoTime() < end, what + ": not within 60 s");
      Thread.sleep(20);
    }
  }

  private interface Check {
    boolean holds() throws Exception;
  }

  @AfterEach
  void nothingIsLeftBehindAndTheServiceAnswers() throws Exception {
    await("calls end", () -> {
      String numbers = host.get("/metrics", null).body();
      return numbers.contains("tacet_calls_admitted 0.0") && numbers.contains("tacet_calls_bytes 0.0");
    });
    await("descriptors are closed", () -> openDescriptors() <= descriptors + SPARE_DESCRIPTORS);
    System.gc();
    assertEquals(0, NativeHandle.leaks());
    assertAnswers();
  }

  private static Socket connect(URI uri, String text) throws IOException {
    Socket socket = new Socket(uri.getHost(), uri.getPort());
    socket.setSoTimeout(20_000);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Reads until the server closes the connection. */
  private static boolean closedByServer(Socket socket) {
    try {
      while (socket.getInputStream().read() >= 0) {
        continue;
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private static String body(String route) {
    String type = route.startsWith("/v2/") ? "application/octet-stream" : "application/grpc-web+proto";
    return "POST " + route + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + type + "\r\n"
        + "Inference-Header-Content-Length: 10\r\nContent-Length: 1000\r\n\r\n\0\0\0";
  }

  @Test
  void clientsThatNeverSendTheirBodiesLoseTheirPlaces() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (String route : List.of("/tacet.v1.InferenceService/Infer", "/v2/models/square/infer")) {
        for (int i = 0; i < 40; i++) { // 2 + 8 + 16 places a route
          slow.add(connect(host.uri, body(route)));
        }
      }
      InferRequest request = owner.request(owner.encrypt(ROW)).build();
      await("a call is let in again", () -> {
        try {
          return inference.infer(request).getCiphertextsCount() == 1;
        } catch (StatusRuntimeException e) {
          assertEquals(ErrorCause.OVERLOADED, ErrorTable.fromGrpc(e).errorCause());
          return false;
        }
      });
      Set<String> answers = new TreeSet<>();
      for (Socket socket : slow) {
        String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        Matcher status = Pattern.compile("HTTP/1.1 (\\d+)(?s:.*\ngrpc-status: (\\d+))?").matcher(answer);
        assertTrue(status.lookingAt(), answer);
        answers.add(status.group(1) + " " + status.group(2));
      }
      assertEquals(Set.of("200 4", "200 8", "408 null", "429 null"), answers); // late or refused, over gRPC-Web and over REST
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void aCallThatNamesNoDeadlineMayTakeLongerThanEachOfItsMessages() throws Exception {
    StreamedAnswer answer = new StreamedAnswer();
    StreamObserver<InferStreamRequest> requests =
        GrpcClients.builder("gproto+" + host.uri).factory(ClientFactory.insecure()).responseTimeoutMillis(0)
            .build(InferenceServiceGrpc.InferenceServiceStub.class).inferStream(answer);
    Thread.sleep(1100); // of 2 s
    requests.onNext(InferStreamRequest.newBuilder().setCall(owner.request().build()).build());
    Thread.sleep(1100);
    requests.onNext(InferStreamRequest.newBuilder().addCiphertexts(ByteString.copyFrom(owner.encrypt(ROW))).build());
    requests.onCompleted();
    assertEquals(1, answer.done.get(60, TimeUnit.SECONDS));
  }

  @Test
  @Tag("faults")
  void clientsThatNeverFinishTheirHeadersAreDisconnected() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 2000; i++) {
        slow.add(connect(host.uri, i % 2 == 0 ? "GET /healthz HT" : "PRI * HTTP/2"));
      }
      assertAnswers();
      for (Socket socket : slow) {
        assertTrue(closedByServer(socket));
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  @Tag("faults")
  void connectionsWhosePeerSaysNothingMoreAreClosed() throws Exception {
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 500; i++) {
        silent.add(connect(host.uri, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
      }
      await("the host closed its ends", () -> openDescriptors() <= descriptors + silent.size() + SPARE_DESCRIPTORS);
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  @Tag("faults")
  void clientsThatVanishInTheMiddleOfAStreamGiveEverythingBack() throws Exception {
    InferRequest call = owner.request().build();
    List<CompletableFuture<?>> gone = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      ClientFactory factory = ClientFactory.builder().build();
      StreamObserver<InferStreamRequest> requests = GrpcClients.builder("gproto+" + host.uri).factory(factory)
          .build(InferenceServiceGrpc.InferenceServiceStub.class).inferStream(new StreamedAnswer());
      requests.onNext(InferStreamRequest.newBuilder().setCall(call).build());
      try (Socket socket = connect(host.uri, body("/tacet.v1.InferenceService/Infer"))) {
        Thread.sleep(20);
        socket.setSoLinger(true, 0); // closing sends a reset
      }
      gone.add(factory.closeAsync());
    }
    CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
  }

  @Test
  @Tag("faults")
  void aStormOfDeadlinesLeavesNoCallBehind() throws Exception {
    InferRequest request = slowOwner.request(slowOwner.encrypt(ROW)).build();
    InferenceServiceGrpc.InferenceServiceFutureStub stub = host.stub(InferenceServiceGrpc.InferenceServiceFutureStub.class, null);
    List<ListenableFuture<InferResponse>> calls = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      calls.add(stub.withDeadlineAfter(1 + i % 50, TimeUnit.MILLISECONDS).infer(request));
    }
    int late = 0;
    for (ListenableFuture<InferResponse> call : calls) {
      try {
        call.get(60, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        ErrorCause cause = ErrorTable.fromGrpc(e.getCause()).errorCause();
        assertTrue(cause == ErrorCause.DEADLINE_EXCEEDED || cause == ErrorCause.OVERLOADED || cause == ErrorCause.CANCELLED, cause.toString());
        late += cause == ErrorCause.DEADLINE_EXCEEDED ? 1 : 0;
      }
    }
    assertTrue(late > 0, "no deadline passed");
  }

  @Test
  @Tag("faults")
  void certificatesAreExchangedUnderLoadWithoutAFailedCall() throws Exception {
    Path place = Files.createDirectories(folder.resolve("tls"));
    TestCertificates certificates = new TestCertificates(place);
    List<TestCertificates.Pair> pairs = List.of(certificates.selfSigned("one"), certificates.selfSigned("two"));
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (TestCertificates.Pair pair : pairs) {
      try (var in = Files.newInputStream(pair.chain())) {
        trusted.setCertificateEntry(
            pair.chain().toString(), java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(in));
      }
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext ssl = SSLContext.getInstance("TLS");
    ssl.init(null, trust.getTrustManagers(), null);
    Path chain = Files.copy(pairs.get(0).chain(), place.resolve("host.crt"));
    Path key = Files.copy(pairs.get(0).key(), place.resolve("host.key"));
    try (ConfiguredHost tls = new ConfiguredHost(place, "tls: {certificate: " + chain + ", key: " + key + "}\n")) {
      AtomicBoolean over = new AtomicBoolean();
      AtomicReference<Principal> shown = new AtomicReference<>();
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        callers.add(CompletableFuture.runAsync(() -> {
          while (!over.get()) {
            try (SSLSocket socket = (SSLSocket) ssl.getSocketFactory().createSocket(tls.uri.getHost(), tls.uri.getPort())) {
              socket.setSoTimeout(20_000);
              socket.getOutputStream().write(
                  "GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
              String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
              assertTrue(answer.startsWith("HTTP/1.1 200 OK"), answer);
              shown.set(socket.getSession().getPeerPrincipal());
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        }));
      }
      for (int i = 1; i <= 4; i++) {
        TestCertificates.Pair next = pairs.get(i % 2);
        Files.copy(next.key(), key, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(next.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
        String name = i % 2 == 0 ? "CN=one" : "CN=two";
        await(name + " is shown", () -> callers.stream().anyMatch(CompletableFuture::isDone)
            || shown.get() != null && shown.get().getName().equals(name));
      }
      over.set(true);
      for (CompletableFuture<Void> caller : callers) {
        caller.get(60, TimeUnit.SECONDS);
      }
    }
  }

  /** Calls that end in any way: their buffers serve the next ones. What is kept is what the most calls at a time needed at once. */
  @Test
  @Tag("faults")
  void hugePagesServeTheNextCallsHoweverTheLastOnesEnded() throws Exception {
    Path place = Files.createDirectories(folder.resolve("pages"));
    Path configuration = Files.writeString(place.resolve("tacet.yaml"), "models: " + folder.resolve("models") + "\ndata: "
        + place.resolve("data") + "\nport: 0\nlimits: {running: 2, waiting: 8}\n");
    Process process = ServerProcess.launch(List.of("env", "TACET_PAGES=huge"), configuration.toString());
    try {
      String uri = ServerProcess.address(process);
      KeyServiceGrpc.KeyServiceBlockingStub keys = GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class);
      owner.upload(keys);
      slowOwner.upload(keys);
      InferenceServiceGrpc.InferenceServiceFutureStub calls =
          GrpcClients.newClient("gproto+" + uri, InferenceServiceGrpc.InferenceServiceFutureStub.class);
      long[] bytes = new long[ROUNDS_OF_CALLS];
      for (int round = 0; round < ROUNDS_OF_CALLS; round++) {
        List<ListenableFuture<InferResponse>> some = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          some.add(i % 2 == 0 ? calls.infer(owner.request(owner.encrypt(ROW)).build())
              : calls.withDeadlineAfter(1 + 7 * i, TimeUnit.MILLISECONDS).infer(slowOwner.request(slowOwner.encrypt(ROW)).build()));
          if (i % 5 == 3) {
            some.get(i).cancel(true);
          }
        }
        for (ListenableFuture<InferResponse> call : some) {
          try {
            call.get(60, TimeUnit.SECONDS);
          } catch (ExecutionException | CancellationException ended) {
            continue;
          }
        }
        bytes[round] = hugePageBytes(process);
      }
      Assumptions.assumeTrue(bytes[ROUNDS_OF_CALLS - 1] > 0, "the system has huge pages");
      assertTrue(bytes[ROUNDS_OF_CALLS - 1] <= bytes[ROUNDS_OF_CALLS / 2] + SPARE_HUGE_PAGES, "bytes by rounds: " + Arrays.toString(bytes));
    } finally {
      process.destroyForcibly();
    }
  }

  private static long hugePageBytes(Process process) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/smaps_rollup"))) {
      return 1024 * lines.filter(line -> line.startsWith("AnonHugePages:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum();
    }
  }

  @Test
  @Tag("faults")
  void tenThousandIdleConnectionsDoNotKeepTheServiceFromAnswering() throws Exception {
    Path place = Files.createDirectories(folder.resolve("idle"));
    Path configuration = Files.writeString(place.resolve("tacet.yaml"),
        "models: " + folder.resolve("models") + "\ndata: " + place.resolve("data") + "\nport: 0\n");
    Process process = ServerProcess.launch(List.of(), configuration.toString());
    List<Socket> idle = new ArrayList<>();
    try {
      URI uri = URI.create(ServerProcess.address(process));
      owner.upload(GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class));
      for (int i = 0; i < 10_000; i++) {
        idle.add(connect(uri, ""));
      }
      InferResponse response = GrpcClients.builder("gproto+" + uri).responseTimeoutMillis(60_000)
          .build(InferenceServiceGrpc.InferenceServiceBlockingStub.class).infer(owner.request(owner.encrypt(ROW)).build());
      assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
      try (Stream<Path> open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
        long there = open.count();
        assertTrue(there > 10_000, "the connections stand: " + there);
      }
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
      process.destroyForcibly();
    }
  }
}
