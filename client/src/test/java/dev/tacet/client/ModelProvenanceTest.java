// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.Ed25519Key;
import dev.tacet.protocol.ModelProvenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that trusts a model owner's key takes just what the owner signed. */
class ModelProvenanceTest {
  private static final double[] ROW = {0.5, -0.25, 0.75};

  @TempDir Path folder;
  private final Ed25519Key owner = Ed25519Key.generate();
  private final ModelArtifact artifact = TestModel.artifact();
  private FakeHost host;
  private Path trusted;

  @BeforeEach
  void start() throws IOException {
    host = new FakeHost(artifact);
    trusted = Files.writeString(folder.resolve("owner.pub"), Ed25519Key.publicKeyToPem(owner.publicKey()));
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private ModelProvenance signed(Ed25519Key by, String model, ModelArtifact what) {
    return ModelProvenance.sign(by, model, what.sha256(), what.signature().sha256());
  }

  private void refused(ModelProvenance offered, String... words) {
    host.provenance = Optional.ofNullable(offered);
    try (TacetClient client = TacetClient.builder(host.uri()).trustModelKey(trusted).build()) {
      UntrustedModelException e = assertThrows(UntrustedModelException.class, () -> client.model(TestModel.NAME));
      for (String word : words) {
        assertTrue(e.getMessage().contains(word), e.getMessage());
      }
    }
    ProviderCard card = new ProviderCard(TestModel.NAME, artifact.signature().sha256(), "cd".repeat(32), new byte[7]);
    DataProvider.Builder provider = DataProvider.builder(host.uri(), card).trustModelKey(trusted);
    assertThrows(UntrustedModelException.class, provider::connect);
    assertEquals(0, host.count("PutChunk"), "no key was made for it");
  }

  @Test
  void aModelThatItsOwnerSignedIsUsed() {
    ModelProvenance signed = signed(owner, TestModel.NAME, artifact);
    assertEquals(signed, ModelProvenance.parse(signed.toText()));
    host.provenance = Optional.of(signed);
    try (TacetClient client = TacetClient.builder(host.uri()).trustModelKey(trusted).build()) {
      assertArrayEquals(TestModel.clear(ROW), client.model(TestModel.NAME).predict(ROW).numbers("scores"), 1e-3);
    }
  }

  @Test
  void whatTheOwnerDidNotSignIsRefusedByName() {
    refused(null, "model " + TestModel.NAME + " is not signed");
    ModelProvenance stranger = signed(Ed25519Key.generate(), TestModel.NAME, artifact);
    refused(stranger, stranger.signerSha256(), "trusted is");
    refused(signed(owner, "another", artifact), "signed this as model another");
    ModelArtifact other = TestModel.artifact(0.5);
    refused(signed(owner, TestModel.NAME, other), "signed the artifact " + other.sha256());
    refused(ModelProvenance.sign(owner, TestModel.NAME, artifact.sha256(), other.signature().sha256()), "signed the signature");
    ModelProvenance mine = signed(owner, TestModel.NAME, artifact);
    refused(new ModelProvenance(mine.model(), mine.artifactSha256(), mine.signatureSha256(), mine.signer(), stranger.signed()),
        "does not hold");
  }

  @Test
  void aPrivateKeyIsReadAsItWasWrittenAndOtherTextsAreNone() {
    Ed25519Key again = Ed25519Key.fromPem(owner.toPem());
    assertArrayEquals(owner.publicKey(), again.publicKey());
    assertTrue(Ed25519Key.verifies(owner.publicKey(), ROW_BYTES, again.sign(ROW_BYTES)));
    String mixed = owner.toPem().substring(0, owner.toPem().indexOf("-----BEGIN PUBLIC")) + Ed25519Key.publicKeyToPem(
        Ed25519Key.generate().publicKey());
    for (String wrong : new String[] {"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", mixed}) {
      assertThrows(IllegalArgumentException.class, () -> Ed25519Key.fromPem(wrong));
    }
    assertThrows(IllegalArgumentException.class, () -> Ed25519Key.publicKeyFromPem("no key"));
    assertThrows(MalformedException.class, () -> ModelProvenance.parse("tacet provenance 1\nmodel: x\n"));
  }

  private static final byte[] ROW_BYTES = {1, 2, 3};
}
