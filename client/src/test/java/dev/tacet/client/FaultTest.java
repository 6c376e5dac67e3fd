// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.internal.QuickRing;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.Blob;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.protocol.v1.InferResponse;
import io.grpc.InsecureServerCredentials;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults between client and host, each of which could give a wrong number. */
class FaultTest {
  private static final double[] ROW = {0.5, -0.25, 0.75};
  private static final double[] OTHER_ROW = {-0.5, 0.25, 0.125};

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
  void aHostThatIsBackIsReachedByTheNextCalls() throws Exception {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      int port = host.uri().getPort();
      client.model(TestModel.NAME);
      host.close();
      for (int i = 0; i < 3; i++) {  // the channel by itself waits a second and longer
        assertThrows(CallFailedException.class, () -> client.model(TestModel.NAME));
      }
      host = new FakeHost(TestModel.artifact(), InsecureServerCredentials.create(), port);
      RemoteModel model = null;
      for (int i = 0; i < 3 && model == null; i++) {
        try {
          model = client.model(TestModel.NAME);
        } catch (HostUnreachableException e) {
          assertTrue(i < 2, e.getMessage());  // the first call may still meet the old failure
        }
      }
      assertEquals(TestModel.NAME, model.name());
    }
  }

  @Test
  void theAnswerToAnotherRowIsNeverANumber() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      AtomicReference<InferResponse> kept = new AtomicReference<>();
      host.alterResponse = response -> {
        kept.set(response);
        return response;
      };
      model.predict(ROW);
      host.alterResponse = response -> kept.get();
      AnswerCheckException refused = assertThrows(AnswerCheckException.class, () -> model.predict(OTHER_ROW));
      assertTrue(refused.getMessage().contains("not to this request"), refused.getMessage());
      host.alterResponse = response -> response.toBuilder().clearRequestSha256().build();
      assertThrows(AnswerCheckException.class, () -> model.predict(ROW));
    }
  }

  @Test
  void evaluationKeysOfAnotherOwnerAreNeverANumber() {
    try (TacetClient client = TacetClient.connect(host.uri()); KeyRing foreign = KeyRing.inMemory()) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      KeyManifest manifest = host.sets.values().iterator().next();
      KeyGenerator generator = new KeyGenerator(foreign.secretKey(TestModel.parameters()));
      for (KeyManifest.Entry entry : manifest.entries()) {
        ByteArrayOutputStream good = host.uploads.get(entry.sha256());
        ByteBuffer blob = generator.evaluationKey(entry.key());
        byte[] bytes = new byte[blob.remaining()];
        blob.get(bytes);
        ByteArrayOutputStream bad = new ByteArrayOutputStream();
        bad.writeBytes(bytes);
        host.uploads.put(entry.sha256(), bad);
        assertThrows(AnswerCheckException.class, () -> model.predict(ROW), entry.key().toString());
        host.uploads.put(entry.sha256(), good);
      }
      assertArrayEquals(TestModel.clear(ROW), model.predict(ROW).numbers("scores"), 1e-3);
    }
  }

  @Test
  void oneAlteredResidueOfAnEvaluationKeyIsNeverAWrongNumber() {
    long seed = 20_261_123;
    Random random = new Random(seed);
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      model.predict(ROW);
      for (KeyManifest.Entry entry : host.sets.values().iterator().next().entries()) {
        byte[] good = host.uploads.get(entry.sha256()).toByteArray();
        byte[] altered = good.clone();
        altered[100 + random.nextInt(good.length - 200)] ^= (byte) (1 << random.nextInt(8));
        reseal(altered);
        ByteArrayOutputStream bad = new ByteArrayOutputStream();
        bad.writeBytes(altered);
        host.uploads.put(entry.sha256(), bad);
        try {
          double[] scores = model.predict(ROW).numbers("scores");
          assertArrayEquals(TestModel.clear(ROW), scores, 1e-3, "seed " + seed + " " + entry.key());
        } catch (AnswerCheckException | CallFailedException e) {
          assertFalse(e.getMessage().isEmpty());
        }
        bad.reset();
        bad.writeBytes(good);
      }
    }
  }

  @Test
  void whateverAHeaderSaysTheBatchRunsToItsEnd() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      RemoteModel model = client.model(TestModel.NAME);
      byte[][] good = new byte[1][];
      host.alterAnswer = answer -> {
        good[0] = answer.get(0);
        return answer;
      };
      model.predict(ROW);
      OutputDecryptor decryptor =
          OutputDecryptor.of(model.signature(), client.keyRing().secretKey(model.parameters()));
      for (int at = 0; at < 96; at++) {
        for (int value : new int[] {0x00, 0x01, 0x7f, 0x80, 0xff}) {
          byte[] altered = good[0].clone();
          if (altered[at] == (byte) value) {
            continue;
          }
          altered[at] = (byte) value;
          if (at < 40 || at >= 48) {
            reseal(altered);
          }
          assertThrows(
              AnswerCheckException.class, () -> decryptor.decrypt(List.of(altered)), "byte " + at + " = " + value);
        }
      }
    }
  }

  @Test
  void anEvaluationKeyThatTheDiskAlteredIsMadeAgain() throws IOException {
    try (TacetClient client = stored()) {
      client.model(TestModel.NAME).predict(ROW);
    }
    host.sets.clear();
    host.uploads.clear();
    Path altered;
    try (Stream<Path> files = Files.walk(folder)) {
      altered = files.filter(f -> f.getFileName().toString().endsWith(".key") && f.getParent().endsWith("keys"))
          .findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(altered);
    bytes[bytes.length / 2] ^= 1;
    Files.write(altered, bytes);
    try (TacetClient client = stored()) {
      assertArrayEquals(TestModel.clear(ROW), client.model(TestModel.NAME).predict(ROW).numbers("scores"), 1e-3);
    }
    assertFalse(Files.exists(altered));
    for (var upload : host.uploads.entrySet()) {
      assertEquals(upload.getKey(), Blob.sha256Hex(upload.getValue().toByteArray()));
    }
  }

  @Test
  void aPredictionInALogShowsNoNumber() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      Prediction prediction = client.model(TestModel.NAME).predict(ROW);
      for (double score : prediction.numbers("scores")) {
        assertFalse(prediction.toString().contains(Double.toString(score)), prediction.toString());
      }
      assertFalse(prediction.toString().contains("first"), prediction.toString());
    }
  }

  private static void reseal(byte[] blob) {
    CRC32C crc = new CRC32C();
    crc.update(blob, 0, blob.length - 4);
    ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN).putInt(blob.length - 4, (int) crc.getValue());
  }
}
