// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import dev.tacet.client.AuditTrail;
import dev.tacet.client.Credentials;
import dev.tacet.client.TacetClient;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two tenants on one host. */
class SharingTest {
  @TempDir Path folder;

  private ConfiguredHost host(String limits, String lab, String rival) throws Exception {
    return new ConfiguredHost(folder, "limits: " + limits + "\nidentity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [\"*\"]" + lab + "}\n- {name: rival, models: [\"*\"]" + rival + "}\n");
  }

  @Test
  void aTenantBeyondItsRateIsToldWhenToComeBackAndTheOtherIsServed() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    String lab = keys.issue("lab", "lab", Set.of("predict"), null);
    String rival = keys.issue("rival", "rival", Set.of("predict"), null);
    try (ConfiguredHost host = host("{running: 1}", ", inferences-per-second: 1", "");
        TestOwner owner = new TestOwner(TestModels.square())) {
      for (String who : new String[] {lab, rival}) {
        owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, who));
      }
      var request = owner.request(owner.encrypt(0.25, 0.5, -1)).build();
      var limited = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, lab);
      ServiceException e = TestHost.fails(ErrorCause.OVERLOADED, () -> {
        for (int i = 0; i < 20; i++) {
          limited.infer(request);
        }
      });
      Duration delay = e.retryAfter().orElseThrow();
      assertTrue(delay.compareTo(Duration.ZERO) > 0 && delay.compareTo(Duration.ofSeconds(1)) <= 0, delay.toString());
      var free = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, rival);
      for (int i = 0; i < 3; i++) {
        free.infer(request);
      }
      Thread.sleep(delay.toMillis() + 50);
      limited.infer(request);
      TestHost.fails(ErrorCause.OVERLOADED, () -> {
        for (int i = 0; i < 20; i++) {
          new StreamedCall(host.stub(InferenceServiceGrpc.InferenceServiceStub.class, lab), request).finish();
        }
      });
      assertEquals(1, new StreamedCall(host.stub(InferenceServiceGrpc.InferenceServiceStub.class, rival), request).finish());
      try (TacetClient client = TacetClient.builder(host.uri).credentials(Credentials.apiKey(rival)).build()) {
        List<AuditTrail.Entry> trail = client.auditTrail().entries();
        String detail = trail.get(trail.size() - 1).detail();
        assertEquals("1 ciphertexts of " + request.getCiphertexts(0).size() + " bytes, key set " + request.getKeySetId(), detail);
      }
    }
  }

  @Test
  void aTenantWithALongLineDoesNotKeepAnothersCallWaitingBehindIt() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "slow", "1", TestModels.slow(300));
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    String lab = keys.issue("lab", "lab", Set.of("predict"), null);
    String rival = keys.issue("rival", "rival", Set.of("predict"), null);
    try (ConfiguredHost host = host("{running: 1, waiting: 39, tenant-share: 75}", "", "");
        TestOwner owner = new TestOwner(TestModels.slow(300))) {
      for (String who : new String[] {lab, rival}) {
        owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, who));
      }
      var request = owner.request(owner.encrypt(0.5, 0.25, 1)).build();
      var busy = host.stub(InferenceServiceGrpc.InferenceServiceFutureStub.class, lab);
      List<ListenableFuture<InferResponse>> line = new ArrayList<>();
      for (int i = 0; i < 25; i++) {
        line.add(busy.infer(request));
      }
      line.get(0).get(60, TimeUnit.SECONDS);
      host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, rival).infer(request);
      long before = line.stream().filter(ListenableFuture::isDone).count();
      for (ListenableFuture<InferResponse> call : line) {
        call.get(60, TimeUnit.SECONDS);
      }
      assertEquals(25, line.size());
      assertTrue(before <= 12, before + " of the 25 calls of the busy tenant were answered before the single one of the other");
    }
  }
}
