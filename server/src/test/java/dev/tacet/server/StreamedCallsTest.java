// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.client.Credentials;
import dev.tacet.client.TacetClient;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls whose ciphertexts come after what allowed them has ended. */
class StreamedCallsTest {
  private static final double[] ROW = {0.25, 0.5, -1};

  @TempDir Path folder;
  private ApiKeyFile keys;
  private ConfiguredHost host;
  private TestOwner owner;
  private String alice;
  private String bob;

  @BeforeEach
  void start() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    alice = keys.issue("alice", "lab", Set.of("predict"), null);
    bob = keys.issue("bob", "lab", Set.of("predict"), null);
    host = new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\ntenants:\n- {name: lab, models: [\"*\"]}\n");
    owner = new TestOwner(TestModels.square());
    owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, alice));
  }

  @AfterEach
  void stop() {
    owner.close();
    host.close();
  }

  /** A call that is open: named, without its ciphertexts. */
  private final class Open implements StreamObserver<InferStreamResponse> {
    private final InferRequest request = owner.request(owner.encrypt(ROW)).build();
    private final CompletableFuture<Integer> answer = new CompletableFuture<>();
    private final StreamObserver<InferStreamRequest> requests;
    private int outputs;

    Open(String who) throws InterruptedException {
      requests = host.stub(InferenceServiceGrpc.InferenceServiceStub.class, who).inferStream(this);
      requests.onNext(InferStreamRequest.newBuilder().setCall(request.toBuilder().clearCiphertexts()).build());
      Thread.sleep(500); // its name is read meanwhile
    }

    @Override
    public void onNext(InferStreamResponse message) {
      outputs += message.getCiphertextsCount();
    }

    @Override
    public void onError(Throwable failure) {
      answer.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      answer.complete(outputs);
    }

    int finish() throws Exception {
      requests.onNext(InferStreamRequest.newBuilder().addAllCiphertexts(request.getCiphertextsList()).build());
      requests.onCompleted();
      try {
        return answer.get(60, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw (StatusRuntimeException) e.getCause();
      }
    }
  }

  @Test
  void aGrantThatIsRevokedMeanwhileAllowsNothing() throws Exception {
    String set = new Open(alice).request.getKeySetId();
    try (TacetClient client = TacetClient.builder(host.uri).credentials(Credentials.apiKey(alice)).build()) {
      client.account().grant(set, "api-key:bob", "study");
      assertEquals(1, new Open(bob).finish());
      Open open = new Open(bob);
      client.account().revoke(set, "api-key:bob");
      TestHost.fails(ErrorCause.KEY_NOT_FOUND, open::finish);
      var trail = client.auditTrail().entries();
      assertEquals("grant-revoked", trail.get(trail.size() - 1).action());
    }
  }

  @Test
  void aKeyThatIsRevokedMeanwhileAllowsNothing() throws Exception {
    Open open = new Open(alice);
    assertEquals(1, new Open(alice).finish());
    keys.revoke("alice");
    for (Instant end = Instant.now().plus(Duration.ofSeconds(20)); host.get("/v1/models", alice).statusCode() != 401 && Instant.now().isBefore(end); ) {
      Thread.sleep(100);
    }
    TestHost.fails(ErrorCause.UNAUTHENTICATED, open::finish);
  }
}
