// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.tacet.protocol.v1.DeleteKeySetRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.ListKeySetsRequest;
import dev.tacet.protocol.v1.StoredKeySet;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server process that is killed (SIGKILL) at moments drawn by chance, and started again over what it left: nothing that it
 * acknowledged is lost. Runs in {@code server/operations/faults}; {@code -Dtacet.seed=N} repeats a run.
 */
@Tag("faults")
class KillFaultsTest {
  private static final double[] ROW = {0.25, 0.5, -1};
  private static final int ROUNDS = Integer.getInteger("tacet.rounds", 4);

  private final long seed = Long.getLong("tacet.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path folder;
  private Path models;
  private Path data;
  private TestOwner owner;
  private Process process;
  private String uri;

  @BeforeEach
  void write() throws IOException {
    System.out.println("seed " + seed);
    models = folder.resolve("models");
    data = folder.resolve("data");
    TestModels.write(models, "square", "1", TestModels.square());
    owner = new TestOwner(TestModels.square());
  }

  @AfterEach
  void stop() {
    owner.close();
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start() throws IOException {
    process = ServerProcess.launch(List.of(), models.toString(), data.toString());
    uri = ServerProcess.address(process);
  }

  private void kill() throws InterruptedException {
    process.destroyForcibly();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
  }

  private <T> T stub(Class<T> type) {
    return GrpcClients.builder("gproto+" + uri).factory(ClientFactory.insecure()).responseTimeoutMillis(60_000).build(type);
  }

  private KeyServiceGrpc.KeyServiceBlockingStub keys() {
    return stub(KeyServiceGrpc.KeyServiceBlockingStub.class);
  }

  private void assertAnswers() {
    var response = stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class).infer(owner.request(owner.encrypt(ROW)).build());
    assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
  }

  @Test
  void inTheMiddleOfInferences() throws Exception {
    start();
    owner.upload(keys());
    for (int round = 0; round < ROUNDS; round++) {
      var stub = stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class);
      var request = owner.request(owner.encrypt(ROW)).build();
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        callers.add(CompletableFuture.runAsync(() -> {
          try {
            while (true) {
              assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(stub.infer(request)), 1e-4);
            }
          } catch (StatusRuntimeException e) {
            return; // it is gone
          }
        }));
      }
      Thread.sleep(200 + random.nextInt(800));
      kill();
      for (CompletableFuture<Void> caller : callers) {
        caller.get(60, TimeUnit.SECONDS);
      }
      start();
      assertAnswers();
    }
  }

  @Test
  void inTheMiddleOfRegistrationsAndDeletions() throws Exception {
    Set<String> there = ConcurrentHashMap.newKeySet();
    Set<String> unknown = ConcurrentHashMap.newKeySet();
    for (int round = 0; round < ROUNDS; round++) {
      start();
      CompletableFuture<Void> work = CompletableFuture.runAsync(() -> churn(there, unknown));
      Thread.sleep(300 + random.nextInt(1500));
      if (random.nextBoolean()) {
        process.destroy(); // the orderly end, which compacts the database, is cut short
        Thread.sleep(random.nextInt(300));
      }
      kill();
      work.get(60, TimeUnit.SECONDS);

      start();
      Set<String> listed = new HashSet<>();
      for (StoredKeySet set : keys().listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsList()) {
        listed.add(set.getKeySetId());
      }
      Set<String> lost = new HashSet<>(there);
      lost.removeAll(listed);
      lost.removeAll(unknown);
      assertEquals(Set.of(), lost, "acknowledged and gone");
      Set<String> risen = new HashSet<>(listed);
      risen.removeAll(there);
      risen.removeAll(unknown);
      assertEquals(Set.of(), risen, "deleted and there again");
      there.clear();
      there.addAll(listed);
      unknown.clear();
      owner.upload(keys());
      assertAnswers();
      there.add(owner.manifest.keySetId());
      kill();
    }
  }

  /** Registers and deletes key sets of fresh keys until the server is gone; what is on its way then may be there or not. */
  private void churn(Set<String> there, Set<String> unknown) {
    try {
      while (true) {
        try (TestOwner fresh = new TestOwner(TestModels.square())) {
          String id = fresh.manifest.keySetId();
          unknown.add(id);
          fresh.upload(keys());
          there.add(id);
          unknown.remove(id);
          if (random.nextBoolean()) {
            unknown.add(id);
            there.remove(id);
            keys().deleteKeySet(DeleteKeySetRequest.newBuilder().setKeySetId(id).build());
            unknown.remove(id);
          }
        }
      }
    } catch (StatusRuntimeException e) {
      return; // it is gone
    }
  }

  @Test
  void inTheMiddleOfTheMigrationOfItsDatabase() throws Exception {
    start();
    owner.upload(keys());
    kill();
    for (int round = 0; round < ROUNDS; round++) {
      EarlierState.of(data);
      for (int attempt = 0; attempt < 3; attempt++) {
        process = ServerProcess.launch(List.of(), models.toString(), data.toString());
        Path database = data.resolve("state").resolve("index.mv.db");
        FileTime untouched = Files.getLastModifiedTime(database);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (Files.getLastModifiedTime(database).equals(untouched) && System.nanoTime() < end) {
          Thread.sleep(1); // until the database is opened
        }
        Thread.sleep(random.nextInt(600));
        kill();
      }
      start();
      assertAnswers();
      kill();
    }
  }
}
