// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.internal.QuickRing;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.OutputValue;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TacetClientTest {
  /** tcpmux: nothing listens there, and no other test is given it. */
  private static final int NOBODYS_PORT = 1;
  private static final double[] ROW = {0.5, -0.25, 0.75};

  @TempDir Path folder;
  private FakeHost host;

  @BeforeEach
  void start() throws IOException {
    host = new FakeHost(TestModel.artifact());
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private TacetClient stored() {
    return TacetClient.builder(host.uri()).keyStore(QuickRing.in(folder, "a passphrase")).passphrase("a passphrase".toCharArray()).build();
  }

  @Test
  void aPredictionIsTheModelsWithinItsErrorBound() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      Prediction prediction = client.model(TestModel.NAME).predict(ROW);
      assertArrayEquals(TestModel.clear(ROW), prediction.numbers("scores"), prediction.errorBounds().get("scores"));
      assertEquals(new OutputValue.Strings(List.of("first")), prediction.output("label"));
      assertFalse(prediction.undecided());
      assertFalse(prediction.clamped());
      assertTrue(prediction.timings().inputBytes() > 0 && prediction.timings().serverNanos() > 0);
      assertThrows(IllegalArgumentException.class, () -> prediction.output("no such"));
    }
  }

  @Test
  void floatsAndFuturesPredictTheSame() throws Exception {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      double[] expected = TestModel.clear(ROW);
      assertArrayEquals(expected, model.predict(new float[] {0.5f, -0.25f, 0.75f}).numbers("scores"), 1e-3);
      assertArrayEquals(expected, model.predictAsync(ROW).get().numbers("scores"), 1e-3);
      assertEquals(3, model.predictBatch(new double[][] {ROW, ROW, ROW}).size());
      CompletionException failed =
          assertThrows(CompletionException.class, () -> model.predictAsync(new double[2]).join());
      assertTrue(failed.getCause() instanceof IllegalArgumentException);
    }
  }

  @Test
  void keysAreMadeAndUploadedOnceAndReusedByTheNextClient() {
    try (TacetClient client = stored()) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      model.predict(ROW);
    }
    long chunks = host.count("PutChunk");
    Map<String, KeyManifest> sets = Map.copyOf(host.sets);
    try (TacetClient client = stored()) {
      client.model(TestModel.NAME).predict(ROW);
    }
    assertEquals(chunks, host.count("PutChunk"));
    assertEquals(sets.keySet(), host.sets.keySet());
  }

  @Test
  void keysThatTheHostLostAreUploadedAgainWithoutBeingAsked() {
    try (TacetClient client = stored()) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      host.sets.clear();
      host.uploads.clear();
      assertArrayEquals(TestModel.clear(ROW), model.predict(ROW).numbers("scores"), 1e-3);
    }
  }

  @Test
  void aHostThatNeverFindsTheKeysEndsInATypedError() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      host.failures.add(new ServiceException(ErrorCause.KEY_NOT_FOUND, "none"));
      host.failures.add(new ServiceException(ErrorCause.KEY_NOT_FOUND, "none"));
      CallFailedException failed = assertThrows(CallFailedException.class, () -> model.predict(ROW));
      assertEquals("KEY_NOT_FOUND", failed.reason());
      assertEquals(2, host.count("Infer"));
    }
  }

  @Test
  void anExpiredKeySetIsRegisteredAgainWithoutAWord() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      host.failures.add(new ServiceException(ErrorCause.KEY_EXPIRED, "its time was over"));
      assertArrayEquals(TestModel.clear(ROW), model.predict(ROW).numbers("scores"), 1e-3);
      assertEquals(2, host.count("RegisterKeySet"));
    }
  }

  @Test
  void anUploadGoesOnWhereTheHostSays() {
    host.chunkFailures.add(
        new ServiceException(ErrorCause.OFFSET_MISMATCH, "at 0", Map.of("received_bytes", "0")));
    try (TacetClient client = TacetClient.connect(host.uri())) {
      assertArrayEquals(TestModel.clear(ROW), client.model(TestModel.NAME).predict(ROW).numbers("scores"), 1e-3);
    }
  }

  @Test
  void aCallThatTheHostHasNoRoomForIsRepeatedAfterTheStatedDelay() {
    try (TacetClient client = TacetClient.builder(host.uri()).overloadRetries(2).build()) {
      RemoteModel model = client.model(TestModel.NAME);
      ServiceException full =
          new ServiceException(ErrorCause.OVERLOADED, "full", Map.of(), Duration.ofMillis(5), null);
      host.failures.addAll(List.of(full, full));
      assertArrayEquals(TestModel.clear(ROW), model.predict(ROW).numbers("scores"), 1e-3);
      host.failures.addAll(List.of(full, full, full));
      HostOverloadedException failed = assertThrows(HostOverloadedException.class, () -> model.predict(ROW));
      assertEquals(Duration.ofMillis(5), failed.retryAfter().orElseThrow());
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(ErrorCause.class)
  void everyCauseOfTheErrorTableIsATypedExceptionWithAdvice(ErrorCause cause) {
    try (TacetClient client = TacetClient.builder(host.uri()).overloadRetries(0).build()) {
      RemoteModel model = client.model(TestModel.NAME);
      host.failures.add(new ServiceException(cause, "told so"));
      host.failures.add(new ServiceException(cause, "told so"));
      TacetException failed = assertThrows(TacetException.class, () -> model.predict(ROW));
      assertTrue(failed.advice().endsWith("."), failed.advice());
      if (failed instanceof CallFailedException call) {
        assertEquals(cause.name(), call.reason());
      } else {
        assertEquals(ErrorCause.SIGNATURE_CHANGED, cause);
      }
    }
  }

  @Test
  void aHostThatDoesNotAnswerIsUnreachable() throws IOException {
    try (TacetClient client = TacetClient.connect(URI.create("http://localhost:" + NOBODYS_PORT))) {
      assertThrows(HostUnreachableException.class, () -> client.model(TestModel.NAME));
    }
  }

  @Test
  void anUnknownModelIsNamed() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      ModelNotFoundException failed = assertThrows(ModelNotFoundException.class, () -> client.model("nobody"));
      assertTrue(failed.getMessage().contains("nobody"));
    }
  }

  @Test
  void aChangedSignatureThrowsUntilItIsAccepted() {
    try (TacetClient client = stored()) {
      client.model(TestModel.NAME).predict(ROW);
    }
    host.serve(TestModel.artifact(0.5));
    long inferences = host.count("Infer");
    try (TacetClient client = stored()) {
      SignatureChangedException changed =
          assertThrows(SignatureChangedException.class, () -> client.model(TestModel.NAME));
      assertEquals(TestModel.artifact().signature().sha256(), changed.pinned());
      assertEquals(inferences, host.count("Infer"));
      client.acceptSignature(TestModel.NAME, changed.offered());
      client.model(TestModel.NAME).predict(ROW);
    }
  }

  @Test
  void aSignatureThatChangesUnderAnOpenModelThrowsAndIsNotRetried() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      host.serve(TestModel.artifact(0.5));
      assertThrows(SignatureChangedException.class, () -> model.predict(ROW));
      assertEquals(2, host.count("Infer"));
    }
  }

  @Test
  void aSignatureFromTheOwnersFileIsPinnedBeforeFirstUse() throws IOException {
    Path file = folder.resolve("other.signature");
    Files.write(file, TestModel.artifact(0.5).signature().toBytes());
    try (TacetClient client = TacetClient.builder(host.uri()).trustSignature(file).build()) {
      assertThrows(SignatureChangedException.class, () -> client.model(TestModel.NAME));
    }
  }

  @Test
  void aSignatureFromTheOwnersFileHoldsForEveryVersion() throws IOException {
    Path file = folder.resolve("other.signature");
    Files.write(file, TestModel.artifact(0.5).signature().toBytes());
    try (TacetClient client = TacetClient.builder(host.uri()).trustSignature(file).build()) {
      SignatureChangedException refused =
          assertThrows(SignatureChangedException.class, () -> client.model(TestModel.NAME, "1"));
      client.acceptSignature(TestModel.NAME, "1", refused.offered());
      assertEquals(refused.offered(), client.model(TestModel.NAME, "1").signatureSha256());
      assertThrows(SignatureChangedException.class, () -> client.model(TestModel.NAME));
    }
  }

  @Test
  void aFeatureOutsideItsBoundsIsRefusedBeforeAnythingIsSent() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      assertThrows(FeatureOutOfBoundsException.class, () -> model.predict(new double[] {0, 1.5, 0}));
      assertThrows(FeatureOutOfBoundsException.class, () -> model.predict(new double[] {0, Double.NaN, 0}));
      FeatureOutOfBoundsException inBatch =
          assertThrows(FeatureOutOfBoundsException.class, () -> model.predictBatch(new double[][] {ROW, {0, 0, 2}}));
      assertTrue(inBatch.getMessage().contains("row 1"), inBatch.getMessage());
      assertEquals(0, host.count("Infer"));
    }
  }

  @Test
  void clampingIsOptInAndFlagged() {
    try (TacetClient client = TacetClient.builder(host.uri()).clampFeatures(true).build()) {
      RemoteModel model = client.model(TestModel.NAME);
      Prediction prediction = model.predict(new double[] {0, 1.5, 0});
      assertEquals(List.of(1), prediction.clampedFeatures());
      assertArrayEquals(TestModel.clear(0, 1, 0), prediction.numbers("scores"), 1e-3);
      assertThrows(FeatureOutOfBoundsException.class, () -> model.predict(new double[] {0, Double.NaN, 0}));
    }
  }

  @Test
  void aBatchWithAnAlteredAnswerRunsToItsLastRowAndThenThrows() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      int[] answers = {0};
      host.alterAnswer = answer -> answers[0]++ == 1 ? List.of() : answer;
      List<String> before = List.copyOf(host.calls);
      AnswerCheckException failed =
          assertThrows(AnswerCheckException.class, () -> model.predictBatch(new double[][] {ROW, ROW, ROW, ROW}));
      assertTrue(failed.getMessage().contains("rows [1]"), failed.getMessage());
      assertEquals(
          List.of("Infer", "Infer", "Infer", "Infer"), host.calls.subList(before.size(), host.calls.size()),
          "the host sees the traffic of a batch without a fault");
    }
  }

  @Test
  void anAlteredAnswerThrowsAndChangesNoTraffic() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      model.prepare();
      host.alterAnswer = answer -> {
        byte[] bytes = answer.get(0).clone();
        bytes[bytes.length / 2] ^= 1;
        return List.of(bytes);
      };
      long calls = host.calls.size();
      assertThrows(AnswerCheckException.class, () -> model.predict(ROW));
      assertEquals(calls + 1, host.calls.size());
    }
  }

  @Test
  void aSlowHostEndsInADeadline() {
    host.alterAnswer = answer -> {
      try {
        Thread.sleep(3000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return answer;
    };
    try (TacetClient client = TacetClient.builder(host.uri()).deadline(Duration.ofMillis(1500)).build()) {
      RemoteModel model = client.model(TestModel.NAME);
      assertThrows(DeadlineExceededException.class, () -> model.predict(ROW));
    }
  }

  @Test
  void progressIsTold() {
    List<ProgressListener.Stage> stages = new ArrayList<>();
    try (TacetClient client =
        TacetClient.builder(host.uri()).progress((stage, done, total) -> {
          assertTrue(done >= 0 && done <= total, stage + " " + done + " of " + total);
          if (done == total) {
            stages.add(stage);
          }
        }).build()) {
      client.model(TestModel.NAME).predictBatch(new double[][] {ROW});
    }
    assertEquals(
        List.of(ProgressListener.Stage.GENERATE_KEYS, ProgressListener.Stage.UPLOAD_KEYS, ProgressListener.Stage.PREDICT),
        stages);
  }

  @Test
  void settingsThatContradictAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> TacetClient.connect(URI.create("ftp://host")));
    assertThrows(IllegalArgumentException.class, () -> TacetClient.builder(host.uri()).keyStore(folder).build());
    assertThrows(IllegalArgumentException.class,
        () -> TacetClient.builder(host.uri()).trustCertificates(folder.resolve("x.pem")).build());
    assertThrows(IllegalArgumentException.class, () -> TacetClient.builder(host.uri()).deadline(Duration.ZERO));
  }
}
