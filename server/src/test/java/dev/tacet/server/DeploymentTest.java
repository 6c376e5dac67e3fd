// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.inference.GRPCInferenceServiceGrpc;
import dev.tacet.protocol.inference.ModelReadyRequest;
import dev.tacet.protocol.inference.RepositoryIndexRequest;
import dev.tacet.protocol.inference.RepositoryModelLoadRequest;
import dev.tacet.protocol.inference.RepositoryModelUnloadRequest;
import dev.tacet.protocol.inference.ModelRepositoryParameter;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.AuditServiceGrpc;
import dev.tacet.protocol.v1.DeleteKeptRequest;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import dev.tacet.protocol.v1.ReadAuditRequest;
import dev.tacet.protocol.v1.ShowKeptRequest;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are loaded and unloaded through the port, by those who may, while others call them. */
class DeploymentTest {
  private static final double[] ROW = {0.5, 0.25, 1};

  @TempDir static Path folder;
  private static ConfiguredHost host;
  private static Path models;
  private static String deployer;
  private static String rival;
  private static String admin;
  private static String user;

  @BeforeAll
  static void start() throws Exception {
    models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "half", "1", TestModels.half());
    TestModels.write(models, "quarter", "1", TestModels.scaled("quarter", 0.25));
    TestModels.write(models, "slow", "1", TestModels.slow(1_500));
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    deployer = keys.issue("deployer", "lab", Set.of("deploy"), null);
    rival = keys.issue("rival", "rival", Set.of("predict", "deploy"), null);
    admin = keys.issue("admin", "rival", Set.of("admin"), null);
    user = keys.issue("user", "lab", Set.of("predict", "monitor"), null);
    host = new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [\"*\"]}\n- {name: rival, models: [\"quarter\"]}\n");
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub grpc(String who) {
    return host.stub(GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub.class, who);
  }

  private static void load(String who, String model) {
    grpc(who).repositoryModelLoad(RepositoryModelLoadRequest.newBuilder().setModelName(model).build());
  }

  private static void unload(String who, String model) {
    grpc(who).repositoryModelUnload(RepositoryModelUnloadRequest.newBuilder().setModelName(model).build());
  }

  private static int post(String who, String path, String method) throws Exception {
    return HttpClient.newHttpClient().send(
        HttpRequest.newBuilder(host.uri.resolve(path)).method(method, HttpRequest.BodyPublishers.ofString("{\"parameters\": {}}"))
            .header("authorization", "Bearer " + who).build(),
        HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  private static boolean ready(String model) {
    return grpc(user).modelReady(ModelReadyRequest.newBuilder().setName(model).build()).getReady();
  }

  @Test
  void onlyDeployersOfATenantThatSeesAModelAndAdminsLoadAndUnloadIt() throws Exception {
    TestHost.fails(ErrorCause.PERMISSION_DENIED, () -> unload(user, "quarter"));
    assertEquals(403, post(user, "/v2/repository/models/quarter/unload", "POST"));
    TestHost.fails(ErrorCause.MODEL_NOT_FOUND, () -> unload(rival, "half"));
    String unseen = TestHost.fails(ErrorCause.MODEL_NOT_FOUND, () -> load(rival, "half")).getMessage();
    String absent = TestHost.fails(ErrorCause.MODEL_NOT_FOUND, () -> load(rival, "none")).getMessage();
    assertEquals(absent.replace("none", "half"), unseen);
    assertTrue(ready("quarter") && ready("half"));

    unload(rival, "quarter");
    assertFalse(ready("quarter"));
    var index = grpc(deployer).repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModels(1);
    assertEquals("quarter UNAVAILABLE it was unloaded", index.getName() + " " + index.getState() + " " + index.getReason());
    assertEquals(200, post(deployer, "/v2/repository/models/quarter/load", "POST"));
    assertTrue(ready("quarter"));
    assertEquals(200, post(deployer, "/v2/repository/models/quarter/unload", "POST"));
    load(admin, "quarter");
    assertTrue(ready("quarter"));

    assertEquals(405, post(deployer, "/v2/repository/models/quarter/load", "GET"));
    TestHost.fails(ErrorCause.UNSUPPORTED, () -> grpc(deployer).repositoryModelLoad(
        RepositoryModelLoadRequest.newBuilder().setModelName("quarter")
            .putParameters("config", ModelRepositoryParameter.newBuilder().setStringParam("{}").build()).build()));
    TestHost.fails(ErrorCause.PERMISSION_DENIED, () ->
        grpc(deployer).modelReady(ModelReadyRequest.newBuilder().setName("half").build()));
    var trail = host.stub(AuditServiceGrpc.AuditServiceBlockingStub.class, rival).readAudit(ReadAuditRequest.getDefaultInstance());
    assertEquals("model-unload quarter", trail.getRecords(0).getAction() + " " + trail.getRecords(0).getObject());
    var own = host.stub(AuditServiceGrpc.AuditServiceBlockingStub.class, deployer).readAudit(ReadAuditRequest.getDefaultInstance());
    assertTrue(own.getRecordsList().stream().anyMatch(r -> r.getAction().equals("model-load") && r.getObject().equals("quarter")), "of a caller who only deploys");
    var privacy = host.stub(PrivacyServiceGrpc.PrivacyServiceBlockingStub.class, deployer);
    assertTrue(privacy.showKept(ShowKeptRequest.getDefaultInstance()).getAuditLast() >= own.getRecordsCount());
    assertTrue(privacy.deleteKept(DeleteKeptRequest.getDefaultInstance()).getReceipt().toStringUtf8().startsWith("tacet receipt 1"));
  }

  @Test
  void aVersionThatCannotBeLoadedIsNamedWithThoseThatAreServed() throws Exception {
    TestModels.write(models, "two", "1", TestModels.scaled("two", 0.5));
    Files.writeString(Files.createDirectories(models.resolve("two").resolve("2")).resolve("model.tacet"), "no model");
    String said = TestHost.fails(ErrorCause.MODEL_UNAVAILABLE, () -> load(deployer, "two")).getMessage();
    assertTrue(said.contains("version 2 cannot be loaded") && said.endsWith("; served are its versions 1"), said);
    assertTrue(ready("two"));
  }

  @Test
  void everyAnswerIsRightWhileItsModelIsReloaded() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger answers = new AtomicInteger();
    List<CompletableFuture<Void>> callers = new ArrayList<>();
    try (TestOwner owner = new TestOwner(TestModels.half())) {
      var request = owner.request(owner.encrypt(ROW)).build();
      for (int i = 0; i < 3; i++) {
        var stub = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, user);
        callers.add(CompletableFuture.runAsync(() -> {
          while (!over.get()) {
            double[] answer = owner.decrypt(stub.infer(request));
            double factor = answer[2] > 0.375 ? 0.5 : 0.25;
            assertArrayEquals(new double[] {0.5 * factor, 0.25 * factor, factor}, answer, 1e-4);
            answers.incrementAndGet();
          }
        }));
      }
      for (int i = 1; i <= 12; i++) {
        int before = answers.get();
        TestModels.write(models, "half", "1", TestModels.scaled("half", i % 2 == 0 ? 0.5 : 0.25));
        load(deployer, "half");
        while (answers.get() < before + 3 && callers.stream().noneMatch(CompletableFuture::isDone)) {
          Thread.sleep(1);
        }
      }
      over.set(true);
      for (CompletableFuture<Void> caller : callers) {
        caller.get(20, TimeUnit.SECONDS);
      }
    }
    assertTrue(answers.get() >= 36, answers + " answers");
  }

  @Test
  void aRunningCallEndsAfterItsModelIsUnloadedAndTheMemoryIsFreedThen() throws Exception {
    try (TestOwner owner = new TestOwner(TestModels.slow(1_500))) {
      owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, user));
      ListenableFuture<InferResponse> call = host.stub(InferenceServiceGrpc.InferenceServiceFutureStub.class, user)
          .infer(owner.request(owner.encrypt(ROW)).build());
      while (!host.get("/metrics", user).body().contains("tacet_calls_admitted 1.0")) {
        assertFalse(call.isDone(), "the call ended before its model was unloaded");
      }
      unload(deployer, "slow");
      TestHost.fails(ErrorCause.MODEL_UNAVAILABLE, () ->
          host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, user).infer(owner.request(owner.encrypt(ROW)).build()));
      assertArrayEquals(ROW, owner.decrypt(call.get(30, TimeUnit.SECONDS)), 1e-3);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!host.get("/metrics", user).body().contains("tacet_models_contexts 1.0")) {
        assertTrue(System.nanoTime() < end, "the context of a model without calls is still there");
        Thread.sleep(10);
      }
    }
  }
}
