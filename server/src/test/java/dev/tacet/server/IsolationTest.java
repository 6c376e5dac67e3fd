// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.he.Blob;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.inference.GRPCInferenceServiceGrpc;
import dev.tacet.protocol.inference.ModelInferRequest;
import dev.tacet.protocol.inference.ModelMetadataRequest;
import dev.tacet.protocol.inference.ModelReadyRequest;
import dev.tacet.protocol.inference.RepositoryIndexRequest;
import dev.tacet.protocol.inference.RepositoryModelLoadRequest;
import dev.tacet.protocol.inference.RepositoryModelUnloadRequest;
import dev.tacet.protocol.v1.AuditServiceGrpc;
import dev.tacet.protocol.v1.DeleteKeptRequest;
import dev.tacet.protocol.v1.DeleteKeySetRequest;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.GrantKeySetRequest;
import dev.tacet.protocol.v1.GrantServiceGrpc;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.ListGrantsRequest;
import dev.tacet.protocol.v1.ListKeySetsRequest;
import dev.tacet.protocol.v1.ListModelsRequest;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import dev.tacet.protocol.v1.PutChunkResponse;
import dev.tacet.protocol.v1.ReadAuditRequest;
import dev.tacet.protocol.v1.ReadKeptRequest;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import dev.tacet.protocol.v1.RevokeKeySetRequest;
import dev.tacet.protocol.v1.ShowKeptRequest;
import io.grpc.BindableService;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * A tenant tries every call with what another tenant has: ids, keys, models. The answer must be, but for the name that was asked
 * for, to the letter that of something which does not exist.
 */
class IsolationTest {
  private static final double[] ROW = {0.25, 0.5, -1};

  @TempDir static Path folder;
  private static ConfiguredHost host;
  private static String alice;
  private static String mallory;
  private static TestOwner owner;
  private static String keySet;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    Files.write(Files.createDirectories(models.resolve("broken").resolve("1")).resolve("model.tacet"), new byte[50]);
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    alice = keys.issue("alice", "lab", Set.of("predict", "monitor"), null);
    mallory = keys.issue("mallory", "rival", Set.of("predict", "deploy"), null);
    host = new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [\"*\"]}\n- {name: rival, models: [\"other-*\"]}\n");
    owner = new TestOwner(TestModels.square());
    keySet = owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, alice));
  }

  @AfterAll
  static void stop() {
    owner.close();
    host.close();
  }

  private static ModelServiceGrpc.ModelServiceBlockingStub models(String who) {
    return host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, who);
  }

  private static KeyServiceGrpc.KeyServiceBlockingStub keys(String who) {
    return host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, who);
  }

  private static InferenceServiceGrpc.InferenceServiceBlockingStub inference(String who) {
    return host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, who);
  }

  /** Opens a stream as the rival, names its call and sends the row. Throws what the host answers; returns if it answers at all. */
  private static void stream(ConfiguredHost at, InferRequest call) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    StreamObserver<InferStreamRequest> requests =
        at.stub(InferenceServiceGrpc.InferenceServiceStub.class, mallory).inferStream(new StreamObserver<>() {
          @Override
          public void onNext(InferStreamResponse message) {}

          @Override
          public void onError(Throwable failure) {
            done.completeExceptionally(failure);
          }

          @Override
          public void onCompleted() {
            done.complete(null);
          }
        });
    requests.onNext(InferStreamRequest.newBuilder().setCall(call).build());
    owner.request(owner.encrypt(ROW)).getCiphertextsList()
        .forEach(blob -> requests.onNext(InferStreamRequest.newBuilder().addCiphertexts(blob).build()));
    requests.onCompleted();
    try {
      done.get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw (StatusRuntimeException) e.getCause();
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("no answer within 20 s", e);
    }
  }

  /** All that a peer sees of a failure, with the name that it sent itself taken out. */
  private static String answer(String sent, Executable call) {
    ServiceException e = ErrorTable.fromGrpc(assertThrows(StatusRuntimeException.class, call));
    return (e.errorCause() + " " + e.getMessage() + " " + new java.util.TreeMap<>(e.details()) + " " + e.retryAfter())
        .replace(sent, "SENT").replace(sent.substring(0, Math.min(12, sent.length())), "SENT");
  }

  @Test
  void theOwnerHasWhatTheOthersTryToReach() {
    assertEquals(2, models(alice).listModels(ListModelsRequest.getDefaultInstance()).getModelsCount());
    var response = inference(alice).infer(owner.request(owner.encrypt(ROW)).build());
    assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
  }

  /** The calls that this test tries: a method that is added to the protocol has to be added here. */
  @Test
  void everyCallOfTheProtocolIsTriedHere() {
    Set<String> calls = new TreeSet<>();
    for (BindableService service : new BindableService[] {
        new ModelServiceGrpc.ModelServiceImplBase() {}, new KeyServiceGrpc.KeyServiceImplBase() {},
        new InferenceServiceGrpc.InferenceServiceImplBase() {}, new AuditServiceGrpc.AuditServiceImplBase() {},
        new GrantServiceGrpc.GrantServiceImplBase() {}, new PrivacyServiceGrpc.PrivacyServiceImplBase() {}, new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {}}) {
      service.bindService().getMethods().forEach(m -> calls.add(m.getMethodDescriptor().getBareMethodName()));
    }
    Set<String> aboutNobody = Set.of("ServerLive", "ServerReady", "ServerMetadata", "GetTerms");
    calls.removeAll(aboutNobody);
    assertEquals(
        Set.of("DeleteKept", "DeleteKeySet", "GetModel", "GrantKeySet", "Infer", "InferStream", "ListGrants", "ListKeySets", "ListModels",
            "MissingKeys", "ModelInfer", "ModelMetadata", "ModelReady", "PutChunk", "ReadAudit", "ReadKept", "RegisterKeySet",
            "RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload", "RevokeKeySet", "ShowKept"),
        calls);
  }

  @Test
  void anothersModelDoesNotExist() throws Exception {
    assertEquals(0, models(mallory).listModels(ListModelsRequest.getDefaultInstance()).getModelsCount());
    assertEquals("{\"models\":[]}", host.get("/v1/models", mallory).body());
    for (String version : new String[] {"", "1", "9"}) {
      for (String hidden : new String[] {"square", "broken"}) {
        assertEquals(
            answer("nosuch", () -> models(mallory).getModel(GetModelRequest.newBuilder().setName("nosuch").setVersion(version).build())),
            answer(hidden, () -> models(mallory).getModel(GetModelRequest.newBuilder().setName(hidden).setVersion(version).build())));
        InferRequest.Builder request = owner.request(owner.encrypt(ROW)).setVersion(version);
        assertEquals(
            answer("nosuch", () -> inference(mallory).infer(request.clone().setModel("nosuch").build())),
            answer(hidden, () -> inference(mallory).infer(request.clone().setModel(hidden).build())));
        InferRequest.Builder call = request.clone().clearCiphertexts();
        assertEquals(
            answer("nosuch", () -> stream(host, call.clone().setModel("nosuch").build())),
            answer(hidden, () -> stream(host, call.clone().setModel(hidden).build())));
      }
    }
  }

  @Test
  void norDoesItInTheOpenInferenceProtocol() throws Exception {
    var open = host.stub(GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub.class, mallory);
    assertEquals(0, open.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsCount());
    assertEquals("[]", host.get("/v2/repository/index", mallory).body());
    for (String hidden : new String[] {"square", "broken"}) {
      assertFalse(open.modelReady(ModelReadyRequest.newBuilder().setName(hidden).build()).getReady());
      assertEquals(
          answer("nosuch", () -> open.modelMetadata(ModelMetadataRequest.newBuilder().setName("nosuch").build())),
          answer(hidden, () -> open.modelMetadata(ModelMetadataRequest.newBuilder().setName(hidden).build())));
      ModelInferRequest request = OpenInferenceTest.request(owner, owner.encrypt(ROW)).build();
      assertEquals(
          answer("nosuch", () -> open.modelInfer(request.toBuilder().setModelName("nosuch").build())),
          answer(hidden, () -> open.modelInfer(request.toBuilder().setModelName(hidden).build())));
      assertEquals(
          answer("nosuch", () -> open.repositoryModelLoad(RepositoryModelLoadRequest.newBuilder().setModelName("nosuch").build())),
          answer(hidden, () -> open.repositoryModelLoad(RepositoryModelLoadRequest.newBuilder().setModelName(hidden).build())));
      assertEquals(
          answer("nosuch", () -> open.repositoryModelUnload(RepositoryModelUnloadRequest.newBuilder().setModelName("nosuch").build())),
          answer(hidden, () -> open.repositoryModelUnload(RepositoryModelUnloadRequest.newBuilder().setModelName(hidden).build())));
      for (String page : new String[] {"", "/ready", "/versions/1", "/versions/1/ready"}) {
        var there = host.get("/v2/models/" + hidden + page, mallory);
        var nowhere = host.get("/v2/models/nosuch" + page, mallory);
        assertEquals(404, there.statusCode());
        assertEquals(nowhere.statusCode(), there.statusCode());
        assertEquals(nowhere.body().replace("nosuch", hidden), there.body());
      }
    }
  }

  @Test
  void anothersBlobsAreMissingAndUploadingThemStartsAtTheFirstByte() {
    byte[] blob = owner.keyBlobs.get(0);
    byte[] unknown = new byte[32];
    var missing = keys(mallory).missingKeys(MissingKeysRequest.newBuilder()
        .addSha256(ByteString.copyFrom(Blob.sha256(blob))).addSha256(ByteString.copyFrom(unknown)).build());
    assertEquals(2, missing.getMissingCount());
    PutChunkResponse asked = TestOwner.put(keys(mallory), blob, 0, 0);
    assertEquals(0, asked.getReceivedBytes());
    assertFalse(asked.getComplete());
    assertTrue(TestOwner.put(keys(alice), blob, 0, 0).getComplete());
  }

  @Test
  void anothersUnfinishedUploadIsNotContinued() throws Exception {
    try (TestOwner other = new TestOwner(TestModels.square())) {
      byte[] blob = other.keyBlobs.get(0);
      TestOwner.put(keys(alice), blob, 0, 1000);
      assertEquals(0, TestOwner.put(keys(mallory), blob, 0, 0).getReceivedBytes());
      assertEquals(1000, TestOwner.put(keys(alice), blob, 0, 0).getReceivedBytes());
    }
  }

  @Test
  void anothersKeysCannotBeRegisteredAndAnothersKeySetIsNotRegistered() throws Exception {
    try (TestOwner nobody = new TestOwner(TestModels.square());
        ConfiguredHost open = shared()) {
      assertEquals(
          answer(nobody.manifest.entries().get(0).sha256(), () -> register(keys(mallory), nobody)),
          answer(owner.manifest.entries().get(0).sha256(), () -> register(keys(mallory), owner)));
      // Two tenants that see the same model: the key set of one is none of the other's.
      owner.upload(open.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, alice));
      var stranger = open.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, mallory);
      InferRequest.Builder request = owner.request(owner.encrypt(ROW));
      open.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, alice).infer(request.build());
      assertEquals(
          answer(nobody.manifest.keySetId(), () -> stranger.infer(request.clone().setKeySetId(nobody.manifest.keySetId()).build())),
          answer(keySet, () -> stranger.infer(request.clone().setKeySetId(keySet).build())));
      InferRequest.Builder call = request.clone().clearCiphertexts();
      assertEquals(
          answer(nobody.manifest.keySetId(), () -> stream(open, call.clone().setKeySetId(nobody.manifest.keySetId()).build())),
          answer(keySet, () -> stream(open, call.clone().setKeySetId(keySet).build())));
    }
  }

  @Test
  void anothersKeySetIsNotListedDeletedGrantedOrRevoked() {
    String nowhere = "0".repeat(64);
    GrantServiceGrpc.GrantServiceBlockingStub mine = host.stub(GrantServiceGrpc.GrantServiceBlockingStub.class, mallory);
    GrantServiceGrpc.GrantServiceBlockingStub theirs = host.stub(GrantServiceGrpc.GrantServiceBlockingStub.class, alice);
    theirs.grantKeySet(GrantKeySetRequest.newBuilder().setKeySetId(keySet).setGrantee("api-key:mallory").setPurpose("p").build());
    assertEquals(0, keys(mallory).listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsCount());
    assertEquals(0, mine.listGrants(ListGrantsRequest.getDefaultInstance()).getReceivedCount(), "a name of another tenant is another's");
    assertEquals(
        answer(nowhere, () -> keys(mallory).deleteKeySet(DeleteKeySetRequest.newBuilder().setKeySetId(nowhere).build())),
        answer(keySet, () -> keys(mallory).deleteKeySet(DeleteKeySetRequest.newBuilder().setKeySetId(keySet).build())));
    GrantKeySetRequest.Builder grant = GrantKeySetRequest.newBuilder().setGrantee("api-key:mallory").setPurpose("p");
    assertEquals(
        answer(nowhere, () -> mine.grantKeySet(grant.clone().setKeySetId(nowhere).build())),
        answer(keySet, () -> mine.grantKeySet(grant.clone().setKeySetId(keySet).build())));
    RevokeKeySetRequest.Builder revoke = RevokeKeySetRequest.newBuilder().setGrantee("api-key:mallory");
    assertEquals(
        answer(nowhere, () -> mine.revokeKeySet(revoke.clone().setKeySetId(nowhere).build())),
        answer(keySet, () -> mine.revokeKeySet(revoke.clone().setKeySetId(keySet).build())));
    assertEquals(1, keys(alice).listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsCount());
    theirs.revokeKeySet(revoke.clone().setKeySetId(keySet).build());
  }

  @Test
  void whatIsKeptAboutAnotherIsNotShownReadOrDeleted() {
    PrivacyServiceGrpc.PrivacyServiceBlockingStub rival = host.stub(PrivacyServiceGrpc.PrivacyServiceBlockingStub.class, mallory);
    PrivacyServiceGrpc.PrivacyServiceBlockingStub lab = host.stub(PrivacyServiceGrpc.PrivacyServiceBlockingStub.class, alice);
    var kept = lab.showKept(ShowKeptRequest.getDefaultInstance());
    assertTrue(kept.getKeySetsCount() > 0 && kept.getKeysCount() > 0);
    assertEquals("rival/api-key:mallory", rival.showKept(ShowKeptRequest.getDefaultInstance()).getClient());
    assertEquals(0, rival.showKept(ShowKeptRequest.getDefaultInstance()).getKeySetsCount());
    String nowhere = "0".repeat(64);
    for (String name : new String[] {"keysets/" + keySet, "keys/" + owner.manifest.entries().get(0).sha256()}) {
      String none = name.substring(0, name.indexOf('/') + 1) + nowhere;
      assertTrue(lab.readKept(ReadKeptRequest.newBuilder().setName(name).build()).getData().size() > 0);
      assertEquals(
          answer(nowhere, () -> rival.readKept(ReadKeptRequest.newBuilder().setName(none).build())),
          answer(name.substring(name.indexOf('/') + 1), () -> rival.readKept(ReadKeptRequest.newBuilder().setName(name).build())));
    }
    for (String name : new String[] {"", "keys/", "keysets/../x", "keys/../../tacet.lock", "state/index.mv.db"}) {
      TestHost.fails(ErrorCause.INVALID_ARGUMENT, () -> rival.readKept(ReadKeptRequest.newBuilder().setName(name).build()));
    }
    rival.deleteKept(DeleteKeptRequest.getDefaultInstance());
    assertEquals(kept, lab.showKept(ShowKeptRequest.getDefaultInstance()));
  }

  private static void register(KeyServiceGrpc.KeyServiceBlockingStub stub, TestOwner whose) {
    stub.registerKeySet(
        RegisterKeySetRequest.newBuilder().setManifest(UnsafeByteOperations.unsafeWrap(whose.manifest.toBytes())).build());
  }

  private static ConfiguredHost shared() throws Exception {
    Path second = Files.createDirectories(folder.resolve("second"));
    TestModels.write(Files.createDirectories(second.resolve("models")), "square", "1", TestModels.square());
    return new ConfiguredHost(second, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [square]}\n- {name: rival, models: [square]}\n");
  }

  @Test
  void pagesThatNameAllTenantsAreForMonitorsOnly() throws Exception {
    assertEquals("{\"status\":\"ready\"}", host.get("/readyz", null).body());
    assertEquals("{\"status\":\"ready\"}", host.get("/readyz", mallory).body());
    assertTrue(host.get("/readyz", alice).body().contains("broken"));
    assertEquals(403, host.get("/metrics", mallory).statusCode());
    assertTrue(host.get("/metrics", alice).body().contains("tenant=\"rival\""));
  }

  @Test
  void aTrailIsReadByItsOwnClientAloneAndThereIsNoWayToNameAnother() {
    AuditServiceGrpc.AuditServiceBlockingStub rival = host.stub(AuditServiceGrpc.AuditServiceBlockingStub.class, mallory);
    for (long from : new long[] {0, 1, 2, Long.MAX_VALUE, -1}) {
      rival.readAudit(ReadAuditRequest.newBuilder().setFromSequence(from).build()).getRecordsList()
          .forEach(record -> assertFalse(record.getAction().equals("key-set-registered"), record.toString()));
    }
    assertEquals(
        "rival/api-key:mallory", rival.readAudit(ReadAuditRequest.getDefaultInstance()).getTrail());
    assertTrue(
        host.stub(AuditServiceGrpc.AuditServiceBlockingStub.class, alice).readAudit(ReadAuditRequest.getDefaultInstance())
            .getRecordsList().stream().anyMatch(record -> record.getAction().equals("key-set-registered")));
  }

  @Test
  void equalBlobsOfTwoTenantsAreTwoFiles() throws Exception {
    try (TestOwner generous = new TestOwner(TestModels.square())) {
      byte[] blob = generous.keyBlobs.get(0);
      String hash = Blob.sha256Hex(blob);
      for (String who : new String[] {alice, mallory}) {
        for (int at = 0; at < blob.length; at += 1 << 20) {
          TestOwner.put(keys(who), blob, at, Math.min(blob.length, at + (1 << 20)));
        }
      }
      Path tenants = folder.resolve("data").resolve("tenants");
      for (String tenant : new String[] {"lab", "rival"}) {
        assertTrue(Files.exists(tenants.resolve(tenant).resolve("blobs").resolve(hash.substring(0, 2)).resolve(hash)), tenant);
      }
    }
  }
}
