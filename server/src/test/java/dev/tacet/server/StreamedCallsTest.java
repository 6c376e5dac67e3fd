// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.client.Credentials;
import dev.tacet.client.TacetClient;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
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

  private StreamedCall open(String who) throws InterruptedException {
    StreamedCall call = new StreamedCall(host.stub(InferenceServiceGrpc.InferenceServiceStub.class, who), owner.request(owner.encrypt(ROW)).build());
    Thread.sleep(500); // its name is read meanwhile
    return call;
  }

  @Test
  void aGrantThatIsRevokedMeanwhileAllowsNothing() throws Exception {
    String set = owner.request(owner.encrypt(ROW)).build().getKeySetId();
    try (TacetClient client = TacetClient.builder(host.uri).credentials(Credentials.apiKey(alice)).build()) {
      client.account().grant(set, "api-key:bob", "study");
      assertEquals(1, open(bob).finish());
      StreamedCall call = open(bob);
      client.account().revoke(set, "api-key:bob");
      TestHost.fails(ErrorCause.KEY_NOT_FOUND, call::finish);
      var trail = client.auditTrail().entries();
      assertEquals("grant-revoked", trail.get(trail.size() - 1).action());
    }
  }

  @Test
  void aKeyThatIsRevokedMeanwhileAllowsNothing() throws Exception {
    StreamedCall call = open(alice);
    assertEquals(1, open(alice).finish());
    keys.revoke("alice");
    for (Instant end = Instant.now().plus(Duration.ofSeconds(20)); host.get("/v1/models", alice).statusCode() != 401 && Instant.now().isBefore(end); ) {
      Thread.sleep(100);
    }
    TestHost.fails(ErrorCause.UNAUTHENTICATED, call::finish);
  }
}
