// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.inference.GRPCInferenceServiceGrpc;
import dev.tacet.protocol.inference.InferParameter;
import dev.tacet.protocol.inference.InferTensorContents;
import dev.tacet.protocol.inference.ModelInferRequest;
import dev.tacet.protocol.inference.ModelInferRequest.InferInputTensor;
import dev.tacet.protocol.inference.ModelInferResponse;
import dev.tacet.protocol.inference.ModelMetadataRequest;
import dev.tacet.protocol.inference.ModelMetadataResponse;
import dev.tacet.protocol.inference.ModelReadyRequest;
import dev.tacet.protocol.inference.RepositoryIndexRequest;
import dev.tacet.protocol.inference.ServerLiveRequest;
import dev.tacet.protocol.inference.ServerMetadataRequest;
import dev.tacet.protocol.inference.ServerReadyRequest;
import dev.tacet.protocol.v1.InferResponse;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Open Inference Protocol in both forms, against what its clients send. */
class OpenInferenceTest {
  private static final double[] ROW = {0.25, 0.5, -1};
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static TestHost host;
  private static TestOwner owner;
  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub grpc;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    TestModels.write(models, "square", "12", TestModels.square());
    Files.write(Files.createDirectories(models.resolve("broken").resolve("1")).resolve("model.tacet"), new byte[50]);
    host = new TestHost(models, folder.resolve("data"));
    owner = new TestOwner(TestModels.square());
    owner.upload(host.keys());
    grpc = host.stub(GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub.class);
  }

  @AfterAll
  static void stop() {
    owner.close();
    host.close();
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }

  private static byte[] raw(byte[]... elements) {
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    for (byte[] element : elements) {
      raw.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(element.length).array());
      raw.writeBytes(element);
    }
    return raw.toByteArray();
  }

  /** A request for the owner's model, as tritonclient sends it. */
  static ModelInferRequest.Builder request(TestOwner owner, byte[] ciphertext) {
    return ModelInferRequest.newBuilder()
        .setModelName(owner.model.signature().model())
        .setId("r-1")
        .putParameters("signature_sha256", text(owner.model.signature().sha256()))
        .putParameters("key_set_id", text(owner.manifest.keySetId()))
        .putParameters("parameter_hash", text(owner.model.parameters().hashHex()))
        .addInputs(InferInputTensor.newBuilder().setName("ciphertexts").setDatatype("BYTES").addShape(1))
        .addRawInputContents(ByteString.copyFrom(raw(ciphertext)));
  }

  private static double[] decrypt(byte[] rawOutput) {
    assertEquals(rawOutput.length - 4, ByteBuffer.wrap(rawOutput).order(ByteOrder.LITTLE_ENDIAN).getInt());
    return owner.decrypt(
        InferResponse.newBuilder().addCiphertexts(ByteString.copyFrom(rawOutput, 4, rawOutput.length - 4)).build());
  }

  @Test
  void aClientSeesWhatIsServed() throws Exception {
    assertTrue(grpc.serverLive(ServerLiveRequest.getDefaultInstance()).getLive());
    assertTrue(grpc.serverReady(ServerReadyRequest.getDefaultInstance()).getReady());
    assertEquals("tacet", grpc.serverMetadata(ServerMetadataRequest.getDefaultInstance()).getName());
    assertTrue(grpc.modelReady(ModelReadyRequest.newBuilder().setName("square").setVersion("12").build()).getReady());
    for (String[] not : new String[][] {{"square", "2"}, {"broken", ""}, {"nosuch", ""}}) {
      assertFalse(grpc.modelReady(ModelReadyRequest.newBuilder().setName(not[0]).setVersion(not[1]).build()).getReady());
    }
    var all = grpc.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsList();
    assertEquals(3, all.size());
    assertEquals("UNAVAILABLE", all.get(0).getState());
    assertTrue(all.get(0).getReason().contains("50 bytes"), all.get(0).getReason());
    assertEquals(2, grpc.repositoryIndex(RepositoryIndexRequest.newBuilder().setReady(true).build()).getModelsCount());
    ModelMetadataResponse metadata = grpc.modelMetadata(ModelMetadataRequest.newBuilder().setName("square").build());
    assertEquals(java.util.List.of("1", "12"), metadata.getVersionsList());
    assertTrue(metadata.getPlatform().contains("signature_sha256=" + owner.model.signature().sha256()), metadata.getPlatform());
    assertEquals("BYTES", metadata.getInputs(0).getDatatype());

    for (String live : new String[] {"/v2/health/live", "/v2/health/ready", "/v2/models/square/ready", "/v2/models/square/versions/12/ready"}) {
      assertEquals(200, host.get(live).statusCode(), live);
    }
    assertEquals(404, host.get("/v2/models/broken/ready").statusCode());
    assertEquals("tacet", JSON.readTree(host.get("/v2").body()).get("name").asText());
    JsonNode page = JSON.readTree(host.get("/v2/models/square/versions/1").body());
    assertEquals(owner.model.signature().sha256(), page.at("/parameters/signature_sha256").asText());
    assertEquals(owner.model.parameters().hashHex(), page.at("/parameters/parameter_hash").asText());
    assertEquals(3, JSON.readTree(host.get("/v2/repository/index").body()).size());
    assertEquals(2, JSON.readTree(post("/v2/repository/index", null, "{\"ready\": true}".getBytes()).body()).size());
    assertEquals(400, post("/v2/repository/index", null, "[".getBytes()).statusCode());
  }

  @Test
  void anInferenceOverGrpcIsTheSameInBothFormsOfContents() {
    byte[] ciphertext = owner.encrypt(ROW);
    ModelInferRequest raw = request(owner, ciphertext).build();
    ModelInferRequest typed =
        raw.toBuilder()
            .clearRawInputContents()
            .setInputs(0, raw.getInputs(0).toBuilder().setContents(InferTensorContents.newBuilder().addBytesContents(ByteString.copyFrom(ciphertext))))
            .build();
    for (ModelInferRequest request : new ModelInferRequest[] {raw, typed}) {
      ModelInferResponse response = grpc.modelInfer(request);
      assertEquals("r-1", response.getId());
      assertEquals("12", response.getModelVersion());
      assertArrayEquals(TestModels.squareInTheClear(ROW), decrypt(response.getRawOutputContents(0).toByteArray()), 1e-4);
      assertEquals(64, response.getParametersOrThrow("request_sha256").getStringParam().length());
    }
  }

  @Test
  void whatIsWrongInARequestOverGrpcIsNamed() {
    byte[] ciphertext = owner.encrypt(ROW);
    Map<UnaryOperator<ModelInferRequest.Builder>, ErrorCause> wrong = new java.util.LinkedHashMap<>();
    wrong.put(r -> r.removeParameters("signature_sha256"), ErrorCause.SIGNATURE_CHANGED);
    wrong.put(r -> r.putParameters("signature_sha256", InferParameter.newBuilder().setBoolParam(true).build()), ErrorCause.INVALID_ARGUMENT);
    wrong.put(r -> r.putParameters("parameter_hash", text("00")), ErrorCause.WRONG_PARAMETERS);
    wrong.put(r -> r.removeParameters("key_set_id"), ErrorCause.KEY_NOT_FOUND);
    wrong.put(r -> r.putParameters("key_set_id", text("../x")), ErrorCause.INVALID_ARGUMENT);
    wrong.put(r -> r.putParameters("timeout", InferParameter.newBuilder().setInt64Param(-1).build()), ErrorCause.INVALID_ARGUMENT);
    wrong.put(r -> r.setInputs(0, r.getInputs(0).toBuilder().setName("x")), ErrorCause.INVALID_ARGUMENT);
    wrong.put(r -> r.setInputs(0, r.getInputs(0).toBuilder().setDatatype("FP32")), ErrorCause.INVALID_ARGUMENT);
    wrong.put(r -> r.setInputs(0, r.getInputs(0).toBuilder().clearShape()), ErrorCause.INVALID_ARGUMENT);
    wrong.put(r -> r.setInputs(0, r.getInputs(0).toBuilder().setShape(0, -1)), ErrorCause.MALFORMED);
    wrong.put(r -> r.setInputs(0, r.getInputs(0).toBuilder().setShape(0, Long.MAX_VALUE)), ErrorCause.MALFORMED);
    wrong.put(r -> r.addInputs(r.getInputs(0)), ErrorCause.INVALID_ARGUMENT);
    wrong.put(ModelInferRequest.Builder::clearInputs, ErrorCause.INVALID_ARGUMENT);
    wrong.put(ModelInferRequest.Builder::clearRawInputContents, ErrorCause.MALFORMED);
    wrong.put(r -> r.setRawInputContents(0, ByteString.copyFrom(new byte[] {1, 2, 3})), ErrorCause.MALFORMED);
    wrong.put(r -> r.setRawInputContents(0, ByteString.copyFrom(new byte[] {-1, -1, -1, -1, 0})), ErrorCause.MALFORMED);
    wrong.put(r -> r.setRawInputContents(0, ByteString.copyFrom(raw(ciphertext, ciphertext))), ErrorCause.MALFORMED);
    wrong.put(r -> r.setRawInputContents(0, ByteString.copyFrom(raw(new byte[10]))), ErrorCause.MALFORMED);
    wrong.put(r -> r.setModelName("nosuch"), ErrorCause.MODEL_NOT_FOUND);
    wrong.forEach((change, cause) -> TestHost.fails(cause, () -> grpc.modelInfer(change.apply(request(owner, ciphertext)).build())));
  }

  private static HttpResponse<byte[]> post(String path, String headLength, byte[] body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(host.uri.resolve(path)).POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (headLength != null) {
      request.header("Inference-Header-Content-Length", headLength);
    }
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  private static String head(int rawBytes) {
    return "{\"id\":\"r-2\",\"parameters\":{\"binary_data_output\":true,\"signature_sha256\":\"" + owner.model.signature().sha256()
        + "\",\"key_set_id\":\"" + owner.manifest.keySetId() + "\"},\"inputs\":[{\"name\":\"ciphertexts\",\"shape\":[1],\"datatype\":\"BYTES\","
        + "\"parameters\":{\"binary_data_size\":" + rawBytes + "}}]}";
  }

  @Test
  void anInferenceOverHttpUsesTheBinaryExtension() throws Exception {
    byte[] raw = raw(owner.encrypt(ROW));
    byte[] head = head(raw.length).getBytes(StandardCharsets.UTF_8);
    for (String path : new String[] {"/v2/models/square/infer", "/v2/models/square/versions/1/infer"}) {
      HttpResponse<byte[]> answer = post(path, Integer.toString(head.length), concat(head, raw));
      assertEquals(200, answer.statusCode(), new String(answer.body()));
      int length = Integer.parseInt(answer.headers().firstValue("inference-header-content-length").orElseThrow());
      JsonNode json = JSON.readTree(answer.body(), 0, length);
      assertEquals("r-2", json.get("id").asText());
      assertEquals(answer.body().length - length, json.at("/outputs/0/parameters/binary_data_size").asInt());
      byte[] output = java.util.Arrays.copyOfRange(answer.body(), length, answer.body().length);
      assertArrayEquals(TestModels.squareInTheClear(ROW), decrypt(output), 1e-4);
    }
  }

  @Test
  void whatIsWrongInARequestOverHttpIsNamedInJson() throws Exception {
    byte[] raw = raw(owner.encrypt(ROW));
    String good = head(raw.length);
    Map<String, Integer> heads = new java.util.LinkedHashMap<>();
    heads.put(good.replace("\"shape\":[1]", "\"shape\":[2]"), 400);
    heads.put(good.replace("\"shape\":[1]", "\"shape\":[1e99]"), 400);
    heads.put(good.replace("\"shape\":[1]", "\"shape\":7"), 400);
    heads.put(good.replace("BYTES", "FP32"), 400);
    heads.put(good.replace("true", "false"), 400);
    heads.put(good.replace(":" + raw.length, ":5"), 400);
    heads.put(good.replace("key_set_id", "other"), 404);
    heads.put(good.replaceFirst("\\{", "{\"outputs\": [{\"name\": \"none\"}], "), 400);
    heads.put(good.replaceFirst("\\{", "{\"outputs\": \"x\", "), 400);
    heads.put(good.replace("\"key_set_id\"", "\"layer_times\": \"yes\", \"key_set_id\""), 400);
    heads.put(good.replace("\"id\":\"r-2\"", "\"id\":[]"), 400);
    heads.put(good.replace("\"parameters\":{\"bin", "\"parameters\":{\"timeout\":\"soon\",\"bin"), 400);
    heads.put(good.replace("\"inputs\":[", "\"inputs\":["+ "[".repeat(200)), 400);
    heads.put(good.replace("\"id\"", "\"inputs\":[],\"id\""), 400);
    heads.put("[]", 400);
    heads.put("", 400);
    for (Map.Entry<String, Integer> wrong : heads.entrySet()) {
      byte[] head = wrong.getKey().getBytes(StandardCharsets.UTF_8);
      HttpResponse<byte[]> answer = post("/v2/models/square/infer", Integer.toString(head.length), concat(head, raw));
      assertEquals(wrong.getValue(), answer.statusCode(), wrong.getKey() + new String(answer.body()));
      JsonNode json = JSON.readTree(answer.body());
      assertTrue(json.get("error").asText().length() > 5 && !json.get("reason").asText().equals("INTERNAL"), json.toString());
    }
    byte[] body = concat(good.getBytes(StandardCharsets.UTF_8), raw);
    for (String length : new String[] {null, "-1", "x", "999999999", "99999999999999999999"}) {
      assertEquals(400, post("/v2/models/square/infer", length, body).statusCode(), length);
    }
    assertEquals(413, post("/v2/models/square/infer", Integer.toString(body.length), body).statusCode());
    assertEquals(404, post("/v2/models/nosuch/infer", Integer.toString(good.length()), body).statusCode());
    assertEquals(413, post("/v2/models/square/infer", "10", new byte[16 << 20]).statusCode());
    assertJson(405, "this path does not take the method GET", host.get("/v2/models/square/infer"));
    assertJson(404, "this host has no such path", host.get("/v2/models/square/config/none"));
    HttpResponse<byte[]> tooLong = post("/v2/models/square/infer", "10", new byte[16 << 20]);
    assertTrue(JSON.readTree(tooLong.body()).get("error").asText().contains("bytes that this route reads"));
  }

  private static void assertJson(int status, String error, HttpResponse<String> answer) throws Exception {
    assertEquals(status, answer.statusCode());
    assertTrue(JSON.readTree(answer.body()).get("error").asText().contains(error), answer.body());
  }

  @Test
  void bytesAtRandomNeverMakeADefectOfTheHost() throws Exception {
    byte[] raw = raw(owner.encrypt(ROW));
    byte[] head = head(raw.length).getBytes(StandardCharsets.UTF_8);
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      byte[] body = concat(head, raw);
      int flips = 1 + random.nextInt(4);
      for (int f = 0; f < flips; f++) {
        body[random.nextInt(head.length + 64)] = (byte) random.nextInt(256);
      }
      HttpResponse<byte[]> answer = post("/v2/models/square/infer", Integer.toString(head.length - random.nextInt(3)), body);
      assertTrue(answer.statusCode() != 500, () -> new String(answer.body()));
    }
    assertEquals(200, host.get("/healthz").statusCode());
  }
}
