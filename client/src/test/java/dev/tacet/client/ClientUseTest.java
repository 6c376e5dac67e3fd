// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.CancelledException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client as programs use it: from many threads, interrupted, cancelled, closed too early. */
class ClientUseTest {
  private static final double[] ROW = {0.5, -0.25, 0.75};
  private static final long PATIENCE_SECONDS = 60;

  private final CountDownLatch answering = new CountDownLatch(1);
  private final CountDownLatch mayAnswer = new CountDownLatch(1);
  private FakeHost host;

  @BeforeEach
  void start() throws IOException {
    host = new FakeHost(TestModel.artifact());
  }

  @AfterEach
  void stop() {
    mayAnswer.countDown();
    host.close();
  }

  /** The next answers wait until the test lets them go. */
  private void holdAnswers() {
    host.alterAnswer = answer -> {
      answering.countDown();
      try {
        assertTrue(mayAnswer.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return answer;
    };
  }

  @Test
  void manyThreadsShareOneModelAndMakeItsKeysOnce() throws Exception {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      List<CompletableFuture<Prediction>> predictions = new ArrayList<>();
      List<double[]> rows = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        double[] row = {i / 64.0, -i / 64.0, 0.25};
        rows.add(row);
        predictions.add(i % 2 == 0 ? model.predictAsync(row) : CompletableFuture.supplyAsync(() -> model.predict(row)));
      }
      for (int i = 0; i < predictions.size(); i++) {
        Prediction prediction = predictions.get(i).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertArrayEquals(TestModel.clear(rows.get(i)), prediction.numbers("scores"), prediction.errorBounds().get("scores"));
      }
      assertEquals(1, host.count("RegisterKeySet"));
    }
  }

  @Test
  void aClosedClientSaysSoWhateverItIsAskedFor() {
    TacetClient client = TacetClient.connect(host.uri());
    RemoteModel model = client.model(TestModel.NAME);
    model.predict(ROW);
    client.close();
    client.close();
    for (Runnable use :
        List.<Runnable>of(
            client::models, () -> client.model(TestModel.NAME), () -> model.predict(ROW), model::prepare,
            () -> model.predictBatch(new double[][] {ROW}), model::publicKey, model::providerCard)) {
      String told = assertThrows(IllegalStateException.class, use::run).getMessage();
      assertTrue(told.contains("closed"), told);
    }
    CompletionException failed = assertThrows(CompletionException.class, () -> model.predictAsync(ROW).join());
    assertTrue(failed.getCause() instanceof IllegalStateException, failed.toString());
  }

  @Test
  void closingWaitsForThePredictionsInTheBackground() throws Exception {
    holdAnswers();
    TacetClient client = TacetClient.connect(host.uri());
    CompletableFuture<Prediction> prediction = client.model(TestModel.NAME).predictAsync(ROW);
    assertTrue(answering.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    Thread closing = new Thread(client::close);
    closing.start();
    mayAnswer.countDown();
    assertArrayEquals(
        TestModel.clear(ROW), prediction.get(PATIENCE_SECONDS, TimeUnit.SECONDS).numbers("scores"), 1e-3);
    closing.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    assertTrue(!closing.isAlive());
  }

  @Test
  void anInterruptedThreadGetsACancelledExceptionAndStaysInterrupted() throws Exception {
    holdAnswers();
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      model.prepare();
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      AtomicBoolean interrupted = new AtomicBoolean();
      Thread predicting =
          new Thread(
              () -> {
                try {
                  model.predict(ROW);
                } catch (RuntimeException e) {
                  thrown.set(e);
                }
                interrupted.set(Thread.currentThread().isInterrupted());
              });
      predicting.start();
      assertTrue(answering.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      predicting.interrupt();
      predicting.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      assertTrue(thrown.get() instanceof CancelledException, String.valueOf(thrown.get()));
      assertTrue(interrupted.get());
      mayAnswer.countDown();
      host.alterAnswer = answer -> answer;
      assertArrayEquals(TestModel.clear(ROW), model.predict(ROW).numbers("scores"), 1e-3);
    }
  }

  @Test
  void aCancelledFutureEndsItsCallAndTheNextOneRuns() throws Exception {
    holdAnswers();
    try (TacetClient client = TacetClient.builder(host.uri()).threads(1).build()) {
      RemoteModel model = client.model(TestModel.NAME);
      model.prepare();
      CompletableFuture<Prediction> first = model.predictAsync(ROW);
      assertTrue(answering.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertTrue(first.cancel(true));
      assertThrows(CancellationException.class, first::join);
      host.alterAnswer = answer -> answer;
      // The only thread of the client is free again although the host has not answered.
      assertArrayEquals(
          TestModel.clear(ROW), model.predictAsync(ROW).get(PATIENCE_SECONDS, TimeUnit.SECONDS).numbers("scores"), 1e-3);
      assertEquals(1, mayAnswer.getCount());
    }
  }
}
