// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.he.Blob;
import dev.tacet.he.Scale;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelMessages;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.MissingKeysRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InferenceTest {
  @TempDir static Path folder;
  private static TestHost host;
  private static TestOwner owner;
  private static TestOwner halfOwner;
  private static InferenceServiceGrpc.InferenceServiceBlockingStub inference;

  @BeforeAll
  static void start() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    TestModels.write(models, "half", "1", TestModels.scaled("half", 0.25));
    TestModels.write(models, "half", "10", TestModels.half());
    TestModels.write(models, "half", "9", TestModels.scaled("half", 0.75));
    host = new TestHost(models, folder.resolve("data"));
    inference = host.inference();
    owner = new TestOwner(TestModels.square());
    owner.upload(host.keys());
    halfOwner = new TestOwner(TestModels.half());
  }

  @AfterAll
  static void stop() {
    owner.close();
    halfOwner.close();
    host.close();
  }

  private static ServiceException fails(ErrorCause cause, InferRequest.Builder request) {
    return TestHost.fails(cause, () -> inference.infer(request.build()));
  }

  @Test
  void theAnswerDecryptsToWhatTheModelComputesInTheClear() {
    InferResponse response = inference.infer(owner.request(owner.encrypt(0.5, -0.25, 1)).setLayerTimes(true).build());
    assertArrayEquals(TestModels.squareInTheClear(0.5, -0.25, 1), owner.decrypt(response), 1e-4);
    assertTrue(response.getServerNanos() > 0);
    assertEquals("fc1", response.getLayers(0).getName());
    assertTrue(response.getLayers(1).getNanos() > 0);
  }

  @Test
  void theDescriptionOfAModelIsWhatItsArtifactSays() {
    var description =
        ModelMessages.fromMessage(host.models().getModel(GetModelRequest.newBuilder().setName("square").build()));
    assertEquals(owner.model.signature(), description.signature());
    assertEquals(owner.model.parameters(), description.parameters());
    assertEquals(owner.model.sha256(), description.artifactSha256());
  }

  @Test
  void theNewestVersionIsTheLargestNumberAndOthersAreServedByName() {
    byte[] input = halfOwner.encrypt(1, 0.5, -1);
    assertArrayEquals(
        new double[] {0.5, 0.25, -0.5}, halfOwner.decrypt(inference.infer(halfOwner.request(input).build())), 1e-4);
    String signature = TestModels.scaled("half", 0.25).signature().sha256();
    InferRequest.Builder first = halfOwner.request(input).setVersion("1").setSignatureSha256(signature);
    assertArrayEquals(new double[] {0.25, 0.125, -0.25}, halfOwner.decrypt(inference.infer(first.build())), 1e-4);
    fails(ErrorCause.MODEL_NOT_FOUND, halfOwner.request(input).setVersion("11"));
  }

  @Test
  void anotherSignatureIsRefusedAndTheRightOneNamed() {
    ServiceException e =
        fails(ErrorCause.SIGNATURE_CHANGED, owner.request(owner.encrypt(0, 0, 0)).setSignatureSha256("ab".repeat(32)));
    assertEquals(owner.model.signature().sha256(), e.details().get("signature_sha256"));
    assertTrue(e.getMessage().contains(owner.model.signature().sha256()), e.getMessage());
    assertTrue(e.getMessage().contains("ab".repeat(32)), e.getMessage());
  }

  @Test
  void keysThatAreNotThereAreNamed() {
    byte[] input = owner.encrypt(0, 0, 0);
    fails(ErrorCause.KEY_NOT_FOUND, owner.request(input).clearKeySetId());
    ServiceException e = fails(ErrorCause.KEY_NOT_FOUND, owner.request(input).setKeySetId("cd".repeat(32)));
    assertEquals("cd".repeat(32), e.details().get("key_set_id"));
    fails(ErrorCause.INVALID_ARGUMENT, owner.request(input).setKeySetId("../../../etc/passwd"));
    var missing =
        host.keys()
            .missingKeys(
                MissingKeysRequest.newBuilder()
                    .addSha256(ByteString.copyFrom(Blob.sha256(owner.keyBlobs.get(0))))
                    .addSha256(ByteString.copyFrom(new byte[32]))
                    .build());
    assertEquals(1, missing.getMissingCount());
    assertEquals(ByteString.copyFrom(new byte[32]), missing.getMissing(0));
  }

  @Test
  void aKeySetWithoutOneOfTheProgramsKeysIsRefusedByName() {
    var entries = owner.manifest.entries();
    var fewer = new dev.tacet.he.KeyManifest(owner.manifest.parameterHash(), entries.subList(0, entries.size() - 1));
    String id =
        host.keys()
            .registerKeySet(
                dev.tacet.protocol.v1.RegisterKeySetRequest.newBuilder()
                    .setManifest(ByteString.copyFrom(fewer.toBytes()))
                    .build())
            .getKeySetId();
    ServiceException e = fails(ErrorCause.KEY_NOT_FOUND, owner.request(owner.encrypt(0, 0, 0)).setKeySetId(id));
    var gone = entries.get(entries.size() - 1).key();
    assertEquals(Long.toString(gone.galoisElement()), e.details().get("galois_element"));
    assertEquals(Integer.toString(gone.level()), e.details().get("level"));
  }

  @Test
  void foreignKeysGiveAnAnswerThatTheOwnersChecksRefuse() {
    try (TestOwner stranger = new TestOwner(TestModels.square())) {
      stranger.upload(host.keys());
      InferResponse response =
          inference.infer(owner.request(owner.encrypt(1, 1, 1)).setKeySetId(stranger.manifest.keySetId()).build());
      org.junit.jupiter.api.Assertions.assertThrows(
          dev.tacet.he.AnswerCheckException.class, () -> owner.decrypt(response));
    }
  }

  @Test
  void ciphertextsOfOtherParametersAreRefused() {
    fails(ErrorCause.WRONG_PARAMETERS, owner.request(halfOwner.encrypt(0, 0, 0)));
  }

  @Test
  void ciphertextsOfAnotherLevelScaleOrNumberAreRefused() {
    Scale scale = Scale.powerOfTwo(32);
    ServiceException level = fails(ErrorCause.WRONG_CIPHERTEXT, owner.request(owner.encrypt(2, scale, 0, 0, 0)));
    assertTrue(level.getMessage().contains("level 2") && level.getMessage().contains("level 3"), level.getMessage());
    fails(ErrorCause.WRONG_CIPHERTEXT, owner.request(owner.encrypt(3, Scale.powerOfTwo(31), 0, 0, 0)));
    byte[] input = owner.encrypt(0, 0, 0);
    fails(ErrorCause.WRONG_CIPHERTEXT, owner.request());
    fails(ErrorCause.WRONG_CIPHERTEXT, owner.request(input, input));
    fails(ErrorCause.MALFORMED, owner.request(owner.keyBlobs.get(0).length < 1 ? input : new byte[] {1, 2, 3}));
  }

  @Test
  void truncatedFlippedAndOversizedCiphertextsAreRefused() {
    byte[] input = owner.encrypt(0.1, 0.2, 0.3);
    for (int length : new int[] {0, 1, 47, 48, 60, input.length - 1}) {
      fails(ErrorCause.MALFORMED, owner.request(java.util.Arrays.copyOf(input, length)));
    }
    fails(ErrorCause.MALFORMED, owner.request(java.util.Arrays.copyOf(input, input.length + 1)));
    fails(ErrorCause.WRONG_CIPHERTEXT, owner.request(new byte[4 * input.length]));
    for (int at = 0; at < input.length; at += input.length / 37) {
      byte[] flipped = input.clone();
      flipped[at] ^= 0x40;
      fails(ErrorCause.MALFORMED, owner.request(flipped));
    }
  }

  @Test
  void aResidueAboveItsPrimeIsRefusedEvenUnderARightChecksum() {
    byte[] input = owner.encrypt(0.1, 0.2, 0.3);
    Blob blob = Blob.read(java.nio.ByteBuffer.wrap(input));
    byte[] body = new byte[blob.body().remaining()];
    blob.body().get(body);
    java.util.Arrays.fill(body, body.length - 2000, body.length, (byte) 0xff);
    byte[] forged = Blob.write(blob.kind(), blob.parameterHash(), body);
    fails(ErrorCause.MALFORMED, owner.request(forged));
  }
}
