// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.client.internal.ParameterPolicy;
import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.HeException;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Signature;
import dev.tacet.he.secret.KeyGenerator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client refuses parameters and key demands by itself, whatever the host says of them. */
class ModelPolicyTest {
  @TempDir Path folder;

  /** 218 bits at N = 2^13, inside the 2018 tables and outside eprint 2024/463. */
  private static Parameters tooBig() {
    return ModulusChain.select(13, RingType.STANDARD, 49, 40, 3, 49, 1).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  }

  private static Signature signatureFor(Parameters parameters, int bits) {
    Signature good = TestModel.artifact().signature();
    return new Signature(
        good.model(), parameters.hashHex(), bits, good.inputs(), good.cipherOutputs(), good.tail(), good.keys());
  }

  @Test
  void aBiggerModulusFromAHostIsRefusedByTheClientAndNoKeyIsMade() throws IOException {
    byte[] unchecked = tooBig().toBytes();
    byte[] body = Arrays.copyOfRange(unchecked, Blob.HEADER_BYTES, unchecked.length - 4);
    body[3] = 0; // claims CLASSICAL_128
    byte[] lying = Blob.write(BlobKind.PARAMETERS, Blob.sha256(body), body);
    HeException refused = refusal(lying, TestModel.artifact().signature().toBytes());
    assertTrue(refused instanceof MalformedException, refused.toString());
    assertTrue(refused.getMessage().contains("218") && refused.getMessage().contains("214"), refused.getMessage());
  }

  @Test
  void parametersThatClaimNoSecurityAreRefused() throws IOException {
    HeException refused = refusal(tooBig().toBytes(), signatureFor(tooBig(), 0).toBytes());
    assertTrue(refused instanceof InsecureModelException, refused.toString());
    assertTrue(refused.getMessage().contains("UNCHECKED_FOR_TESTS"), refused.getMessage());
  }

  private HeException refusal(byte[] parameters, byte[] signature) throws IOException {
    try (FakeHost host = new FakeHost(TestModel.artifact())) {
      host.alterModel = model -> model.toBuilder()
          .setParameters(ByteString.copyFrom(parameters))
          .setSignature(ByteString.copyFrom(signature))
          .setSignatureSha256(Blob.sha256Hex(signature))
          .build();
      try (TacetClient client =
          TacetClient.builder(host.uri()).keyStore(folder).passphrase("p".toCharArray()).build()) {
        HeException refused = assertThrows(HeException.class, () -> client.model(TestModel.NAME));
        try (Stream<Path> files = Files.walk(folder)) {
          assertEquals(0, files.filter(f -> f.endsWith("secret.key")).count());
        }
        return refused;
      }
    }
  }

  @Test
  void aSignatureThatWouldLetAnyAnswerPassIsRefusedAndNoKeyIsMade() throws IOException {
    Signature good = TestModel.artifact().signature();
    CipherOutput o = good.cipherOutputs().get(0);
    CipherOutput lax = new CipherOutput(
        o.kind(), o.programOutput(), o.name(), o.count(), o.period(), o.level(), o.scale(), o.factor(), o.offset(), o.bound(),
        1e9, 1e9);
    Signature signature = new Signature(
        good.model(), good.parametersHash(), 128, good.inputs(), List.of(lax), good.tail(), good.keys());
    HeException refused = refusal(TestModel.parameters().toBytes(), signature.toBytes());
    assertTrue(refused instanceof MalformedException, refused.toString());
    assertTrue(refused.getMessage().contains("would let any answer pass"), refused.getMessage());
  }

  @Test
  void aModelBelowTheClientsFloorIsRefused() {
    ModelArtifact artifact = TestModel.artifact();
    for (SecurityLevel floor : List.of(SecurityLevel.CLASSICAL_192, SecurityLevel.CLASSICAL_256, SecurityLevel.QUANTUM_128)) {
      ParameterPolicy policy = new ParameterPolicy(floor, 100, 1L << 30);
      InsecureModelException refused =
          assertThrows(InsecureModelException.class, () -> policy.check(artifact.parameters(), artifact.signature()));
      assertTrue(refused.getMessage().contains(floor.name()), refused.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> new ParameterPolicy(SecurityLevel.UNCHECKED_FOR_TESTS, 1, 1));
  }

  @Test
  void moreKeysOrBytesThanTheCapAreRefused() {
    ModelArtifact artifact = TestModel.artifact();
    int keys = artifact.signature().keys().size();
    long bytes = artifact.signature().keys().stream().mapToLong(k -> k.blobBytes(artifact.parameters())).sum();
    new ParameterPolicy(SecurityLevel.CLASSICAL_128, keys, bytes).check(artifact.parameters(), artifact.signature());
    assertThrows(InsecureModelException.class, () ->
        new ParameterPolicy(SecurityLevel.CLASSICAL_128, keys - 1, bytes)
            .check(artifact.parameters(), artifact.signature()));
    assertThrows(InsecureModelException.class, () ->
        new ParameterPolicy(SecurityLevel.CLASSICAL_128, keys, bytes - 1)
            .check(artifact.parameters(), artifact.signature()));
  }

  @Test
  void theBytesOfAKeyAreKnownBeforeItIsMade() {
    Parameters parameters = TestModel.parameters();
    try (KeyRing ring = KeyRing.inMemory()) {
      for (KeyRequirement key : TestModel.artifact().signature().keys()) {
        ByteBuffer blob = new KeyGenerator(ring.secretKey(parameters)).evaluationKey(key);
        assertEquals(key.blobBytes(parameters), blob.remaining(), key.toString());
      }
    }
  }

  @Test
  void aSignatureOfAnotherModelIsRefused() throws IOException {
    try (FakeHost host = new FakeHost(TestModel.artifact())) {
      Signature good = TestModel.artifact().signature();
      Signature other = new Signature(
          "other", good.parametersHash(), 128, good.inputs(), good.cipherOutputs(), good.tail(), good.keys());
      host.alterModel = model -> model.toBuilder()
          .setSignature(ByteString.copyFrom(other.toBytes()))
          .setSignatureSha256(other.sha256())
          .build();
      try (TacetClient client = TacetClient.connect(host.uri())) {
        MalformedException refused = assertThrows(MalformedException.class, () -> client.model(TestModel.NAME));
        assertTrue(refused.getMessage().contains("other"), refused.getMessage());
      }
    }
  }
}
