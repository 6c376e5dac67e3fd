// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.inference.GRPCInferenceServiceGrpc;
import dev.tacet.protocol.inference.InferParameter;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.LayerTime;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What those who run a host see of it: ids, numbers, traces, pages. */
class ObservabilityTest {
  private static final double[] ROW = {0.25, 0.5, -1};
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Metadata.Key<String> ID = Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir static Path folder;
  private static ConfiguredHost host;
  private static TestOwner owner;
  private static InferenceServiceGrpc.InferenceServiceBlockingStub inference;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    Files.write(Files.createDirectories(models.resolve("<b>broken").resolve("1")).resolve("model.tacet"), new byte[50]);
    host = new ConfiguredHost(folder, "browsers: https://app.example\n");
    owner = new TestOwner(TestModels.square());
    owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, null));
    inference = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, null);
  }

  @AfterAll
  static void stop() {
    owner.close();
    host.close();
  }

  private static HttpResponse<String> send(String method, String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(host.uri.resolve(path)).method(method, HttpRequest.BodyPublishers.ofString(body));
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(
        (headers.length == 0 ? request : request.headers(headers)).build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
  }

  private static String id(HttpResponse<?> response) {
    return response.headers().firstValue("x-request-id").orElse("");
  }

  private static InferResponse infer(boolean layerTimes) {
    return inference.infer(owner.request(owner.encrypt(ROW)).setLayerTimes(layerTimes).build());
  }

  @Test
  void everyAnswerCarriesTheIdThatCameOrANewOneAndLogsNameIt() throws Exception {
    assertEquals("abc-1.Z_9", id(send("GET", "/healthz", "", "x-request-id", "abc-1.Z_9")));
    String made = id(host.get("/healthz", null));
    assertTrue(made.matches("[0-9a-f]{32}"), made);
    assertNotEquals(made, id(host.get("/healthz", null)));
    for (String wrong : new String[] {"a b", "<script>", "x".repeat(65)}) {
      assertTrue(id(send("GET", "/v1/models", "", "x-request-id", wrong)).matches("[0-9a-f]{32}"));
    }

    Logger logger = (Logger) LoggerFactory.getLogger("dev.tacet.server");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.setLevel(Level.DEBUG);
    logger.addAppender(log);
    try {
      AtomicReference<Metadata> headers = new AtomicReference<>();
      AtomicReference<Metadata> trailers = new AtomicReference<>();
      Metadata sent = new Metadata();
      sent.put(ID, "call-7");
      var models = host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, null).withInterceptors(
          MetadataUtils.newAttachHeadersInterceptor(sent), MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
      String none = TestHost.fails(
          ErrorCause.MODEL_NOT_FOUND, () -> models.getModel(GetModelRequest.newBuilder().setName("none").build())).getMessage();
      assertTrue(none.contains("1 is served: square"), none);
      assertTrue(
          (headers.get() + " " + trailers.get()).contains("x-request-id=call-7"), headers.get() + " " + trailers.get());
      long end = System.nanoTime() + 10_000_000_000L;
      String lines = "";
      while (!(lines.contains("request ended") && lines.contains("status=\"NOT_FOUND\"")) && System.nanoTime() < end) {
        lines = List.copyOf(log.list).stream().filter(e -> String.valueOf(e.getKeyValuePairs()).contains("call-7"))
            .map(e -> e.getFormattedMessage() + " " + e.getKeyValuePairs()).collect(Collectors.joining("\n"));
        Thread.sleep(5);
      }
      assertTrue(lines.contains("MODEL_NOT_FOUND") && lines.contains("request ended"), lines);
      assertFalse(lines.contains("127.0.0.1"), "no address: " + lines);
    } finally {
      logger.detachAppender(log);
      logger.setLevel(null);
    }
  }

  @Test
  void numbersOfEverythingThatTheDashboardShowsAreThere() throws Exception {
    infer(false);
    TestHost.fails(ErrorCause.MODEL_NOT_FOUND, () -> host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, null)
        .getModel(GetModelRequest.newBuilder().setName("none").build()));
    Pattern counted = Pattern.compile(
        "tacet_requests_seconds_count\\{route=\"/tacet.v1.InferenceService/Infer\",status=\"OK\",tenant=\"default\"\\}");
    String scraped = host.get("/metrics", null).body();
    for (int i = 0; i < 1000 && !counted.matcher(scraped).find(); i++) { // a request is counted after its answer has left
      Thread.sleep(5);
      scraped = host.get("/metrics", null).body();
    }
    Set<String> names = new TreeSet<>();
    for (JsonNode expression : JSON.readTree(Path.of("operations", "grafana-dashboard.json").toFile()).findValues("expr")) {
      Matcher matcher = Pattern.compile("\\b(tacet|jvm|process)_[a-z_]+").matcher(expression.asText());
      while (matcher.find()) {
        names.add(matcher.group());
      }
    }
    assertTrue(names.size() > 25, names.toString());
    for (String name : names) {
      assertTrue(Pattern.compile("^" + name + "[ {]", Pattern.MULTILINE).matcher(scraped).find(), name + " is on no line of\n" + scraped);
    }
    assertTrue(scraped.contains("tacet_layer_run_seconds_count{layer=\"fc1\",model=\"square\"}"), scraped);
    assertTrue(counted.matcher(scraped).find(), scraped);
    assertTrue(scraped.contains("tacet_keys_misses_total 1.0"), scraped);
    assertTrue(scraped.contains("tacet_model_levels_left{model=\"square\",version=\"1\"} 1.0"), scraped);
    assertFalse(scraped.contains("none\""), "no name that a caller made up becomes a label");
  }

  /** The client's library says how such a call ended; the host's numbers say the same. */
  @Test
  void callsThatTheirClientsLeaveCountAsCancelled() throws Exception {
    InferenceServiceGrpc.InferenceServiceStub stub = host.stub(InferenceServiceGrpc.InferenceServiceStub.class, null);
    InferRequest request = owner.request(owner.encrypt(ROW)).build();
    for (int i = 0; i < 4; i++) {
      StreamedCall call = new StreamedCall(i < 2 ? stub : stub.withDeadlineAfter(200, TimeUnit.MILLISECONDS), request);
      Thread.sleep(300); // its name is read meanwhile
      call.cancel();
    }
    String numbers = "";
    for (int look = 0; look < 100 && !numbers.matches("(?s).*InferStream\",status=\"CANCELLED\".* 4.0.*"); look++) {
      Thread.sleep(50);
      numbers = host.get("/metrics", null).body().lines().filter(line -> line.startsWith("tacet_requests_seconds_count") && line.contains("InferStream"))
          .collect(Collectors.joining("\n"));
    }
    assertTrue(numbers.contains("CANCELLED") && !numbers.contains("UNKNOWN") && !numbers.contains("\"0\""), numbers);
  }

  @Test
  void theTimeOfEachLayerIsToldToThoseWhoAsk() throws Exception {
    assertEquals(0, infer(false).getLayersCount());
    InferResponse response = infer(true);
    assertEquals(List.of("fc1", "square"), response.getLayersList().stream().map(LayerTime::getName).toList());
    assertTrue(response.getLayersList().stream().allMatch(layer -> layer.getNanos() > 0));

    var request = OpenInferenceTest.request(owner, owner.encrypt(ROW));
    var open = host.stub(GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub.class, null);
    assertFalse(open.modelInfer(request.build()).containsParameters("layer_times"));
    request.putParameters("layer_times", InferParameter.newBuilder().setBoolParam(true).build());
    JsonNode layers = JSON.readTree(open.modelInfer(request.build()).getParametersOrThrow("layer_times").getStringParam());
    assertEquals("fc1", layers.get(0).get("name").asText());

    String head = "{\"parameters\":{\"signature_sha256\":\"" + owner.model.signature().sha256() + "\",\"key_set_id\":\""
        + owner.manifest.keySetId() + "\",\"binary_data_output\":true,\"layer_times\":true},\"inputs\":[{\"name\":\"ciphertexts\","
        + "\"datatype\":\"BYTES\",\"shape\":[1],\"parameters\":{\"binary_data_size\":" + request.getRawInputContents(0).size() + "}}]}";
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(head.getBytes(StandardCharsets.UTF_8));
    body.writeBytes(request.getRawInputContents(0).toByteArray());
    HttpResponse<String> answer = HttpClient.newHttpClient().send(
        HttpRequest.newBuilder(host.uri.resolve("/v2/models/square/infer"))
            .header("inference-header-content-length", Integer.toString(head.length()))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build(),
        HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
    int length = Integer.parseInt(answer.headers().firstValue("inference-header-content-length").orElseThrow());
    String told = JSON.readTree(answer.body().substring(0, length)).at("/parameters/layer_times").asText();
    assertEquals("square", JSON.readTree(told).get(1).get("name").asText());
  }

  @Test
  void theStatusPageNamesModelsAndProblemsAndRunsNoScript() throws Exception {
    HttpResponse<String> page = host.get("/status", null);
    assertEquals(200, page.statusCode());
    assertTrue(page.headers().firstValue("content-security-policy").orElse("").contains("default-src 'none'"));
    assertTrue(page.body().contains("<td>square</td>") && page.body().contains(owner.model.sha256().substring(0, 12)), page.body());
    assertTrue(page.body().contains("&lt;b&gt;broken") && !page.body().contains("<b>"), page.body());
    assertFalse(page.body().contains("<script"));
  }

  @Test
  void theProtocolsAreDescribedOnAPage() throws Exception {
    assertEquals(200, host.get("/docs/", null).statusCode());
    String specification = host.get("/docs/specification.json", null).body();
    assertTrue(specification.contains("Runs a model's program once on ciphertexts"), "what the .proto files say of each call");
    for (String service : List.of("tacet.v1.InferenceService", "tacet.v1.KeyService", "inference.GRPCInferenceService")) {
      assertTrue(specification.contains("\"" + service + "\""), service);
    }
  }

  @Test
  void pagesOfListedOriginsMayCallFromABrowser() throws Exception {
    String route = "/tacet.v1.KeyService/MissingKeys";
    HttpResponse<String> asked = send("OPTIONS", route, "", "origin", "https://app.example", "access-control-request-method", "POST",
        "access-control-request-headers", "content-type,authorization,x-grpc-web");
    assertEquals("https://app.example", asked.headers().firstValue("access-control-allow-origin").orElse(""), asked.toString());
    assertTrue(asked.headers().firstValue("access-control-allow-headers").orElse("").contains("authorization"));

    byte[] message = MissingKeysRequest.getDefaultInstance().toByteArray();
    String frame = new String(ByteBuffer.allocate(5 + message.length).put((byte) 0).putInt(message.length).put(message).array(),
        StandardCharsets.ISO_8859_1);
    HttpResponse<String> called =
        send("POST", route, frame, "origin", "https://app.example", "content-type", "application/grpc-web+proto");
    assertEquals("https://app.example", called.headers().firstValue("access-control-allow-origin").orElse(""));
    assertTrue(called.headers().firstValue("access-control-expose-headers").orElse("").contains("grpc-status"));
    assertTrue(called.body().contains("grpc-status:0") || called.body().contains("grpc-status: 0"), called.body());

    HttpResponse<String> other = send("OPTIONS", route, "", "origin", "https://evil.example", "access-control-request-method", "POST");
    assertTrue(other.headers().firstValue("access-control-allow-origin").isEmpty());
  }

  @Test
  void aTracedCallSendsItsSpansAndNothingOfItsContents() throws Exception {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    HttpServer collector = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    collector.createContext("/v1/traces", exchange -> {
      synchronized (received) {
        received.writeBytes(exchange.getRequestBody().readAllBytes());
      }
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    collector.start();
    Path place = folder.resolve("traced");
    TestModels.write(place.resolve("models"), "half", "1", TestModels.half());
    String traceId = "0af7651916cd43dd8448eb211c80319c";
    byte[] ciphertext;
    try (TestOwner caller = new TestOwner(TestModels.half())) {
      ciphertext = caller.encrypt(ROW);
      try (ConfiguredHost traced = new ConfiguredHost(
          place, "traces: {endpoint: \"http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces\"}\n")) {
        Metadata sent = new Metadata();
        sent.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), "00-" + traceId + "-b7ad6b7169203331-01");
        traced.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, null)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(sent)).infer(caller.request(ciphertext).build());
      }
    } finally {
      collector.stop(0);
    }
    String spans = received.toString(StandardCharsets.ISO_8859_1);
    for (String part : List.of("/tacet.v1.InferenceService/Infer", "wait", "run", "layer.0.scale.nanos", "request_id",
        new String(HexFormat.of().parseHex(traceId), StandardCharsets.ISO_8859_1))) {
      assertTrue(spans.contains(part), part + " in " + spans.length() + " bytes");
    }
    String payload = new String(ciphertext, StandardCharsets.ISO_8859_1);
    for (int at = 100; at + 8 < payload.length(); at += 511) {
      assertFalse(spans.contains(payload.substring(at, at + 8)));
    }
  }
}
