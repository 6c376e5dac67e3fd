// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One worker, one waiting place, a program that takes seconds, and two seconds for every call. */
class LoadTest {
  @TempDir static Path folder;
  private static TestHost host;
  private static TestOwner owner;
  private static InferenceServiceGrpc.InferenceServiceFutureStub inference;

  @BeforeAll
  static void start() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "slow", "1", TestModels.slow(20_000));
    host =
        new TestHost(
            models, folder.resolve("data"), b -> b.queue(1, 1).maxDuration(Duration.ofSeconds(2)).runBudgetBytes(1L << 30));
    owner = new TestOwner(TestModels.slow(20_000));
    owner.upload(host.keys());
    inference = host.stub(InferenceServiceGrpc.InferenceServiceFutureStub.class);
  }

  @AfterAll
  static void stop() {
    owner.close();
    host.close();
  }

  private ListenableFuture<InferResponse> call() {
    return inference.infer(owner.request(owner.encrypt(0.5, 0.25, 1)).build());
  }

  private static ServiceException failure(ListenableFuture<InferResponse> call) {
    return ErrorTable.fromGrpc(assertThrows(ExecutionException.class, () -> call.get(20, TimeUnit.SECONDS)).getCause());
  }

  private static void awaitIdle() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!host.get("/metrics").body().contains("tacet_calls_admitted 0.0")) {
      assertTrue(System.nanoTime() < end, "a call is still admitted after 10 s");
      Thread.sleep(20);
    }
  }

  @Test
  void overloadIsAnsweredAtOnceAndACallWithoutADeadlineEndsAtTheHostsLimit() throws Exception {
    List<ListenableFuture<InferResponse>> admitted = new ArrayList<>(List.of(call(), call()));
    while (!host.get("/metrics").body().contains("tacet_calls_admitted 2.0")) {
      Thread.sleep(10);
    }
    var ready = owner.request(owner.encrypt(0.5, 0.25, 1)).build();
    long start = System.nanoTime();
    ServiceException refused = failure(inference.infer(ready));
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertEquals(ErrorCause.OVERLOADED, refused.errorCause(), refused.getMessage());
    assertTrue(refused.retryAfter().isPresent());
    assertTrue(millis < 1000, millis + " ms");
    for (ListenableFuture<InferResponse> call : admitted) {
      assertEquals(ErrorCause.DEADLINE_EXCEEDED, failure(call).errorCause());
    }
    awaitIdle();
  }

  @Test
  void aCallersDeadlineStopsTheRun() throws Exception {
    ServiceException e =
        failure(
            inference
                .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                .infer(owner.request(owner.encrypt(0.5, 0.25, 1)).build()));
    assertEquals(ErrorCause.DEADLINE_EXCEEDED, e.errorCause(), e.getMessage());
    awaitIdle();
  }

  @Test
  void aCallerThatGoesAwayStopsTheRun() throws Exception {
    ListenableFuture<InferResponse> call = call();
    while (!host.get("/metrics").body().contains("tacet_calls_admitted 1.0")) {
      Thread.sleep(10);
    }
    call.cancel(true);
    awaitIdle();
  }

  @Test
  void closingTheServerLetsARunningCallEnd() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models2"));
    TestModels.write(models, "slow", "1", TestModels.slow(1_500));
    try (TestHost second = new TestHost(models, folder.resolve("data2"));
        TestOwner other = new TestOwner(TestModels.slow(1_500))) {
      other.upload(second.keys());
      ListenableFuture<InferResponse> call =
          second
              .stub(InferenceServiceGrpc.InferenceServiceFutureStub.class)
              .infer(other.request(other.encrypt(0.5, 0.25, 1)).build());
      while (!second.get("/metrics").body().contains("tacet_calls_admitted 1.0")) {
        assertTrue(!call.isDone(), "the call ended before the server closed");
      }
      second.close();
      assertArrayEquals(new double[] {0.5, 0.25, 1}, other.decrypt(call.get(1, TimeUnit.SECONDS)), 1e-3);
    }
  }
}
