// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.TacetClient;
import dev.tacet.client.UntrustedModelException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.Ed25519Key;
import dev.tacet.protocol.ModelProvenance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host with a trusted key serves what its owner signed, and says of everything else why not. */
class ModelTrustTest {
  @TempDir Path folder;

  private void write(String name, Ed25519Key signer, Function<ModelProvenance, ModelProvenance> change) throws Exception {
    ModelArtifact artifact = TestModels.scaled(name, 0.5);
    TestModels.write(folder.resolve("models"), name, "1", artifact);
    if (signer != null) {
      ModelProvenance signed = ModelProvenance.sign(signer, name, artifact.sha256(), artifact.signature().sha256());
      Files.writeString(folder.resolve("models").resolve(name).resolve("1").resolve("model.tacet.sig"), change.apply(signed).toText());
    }
  }

  @Test
  void onlyModelsThatTheTrustedKeySignedAreServedAndTheOthersAreNamed() throws Exception {
    Ed25519Key owner = Ed25519Key.generate();
    Ed25519Key stranger = Ed25519Key.generate();
    write("signed", owner, s -> s);
    write("unsigned", null, s -> s);
    write("foreign", stranger, s -> s);
    write("moved", owner, s -> ModelProvenance.sign(owner, "signed", s.artifactSha256(), s.signatureSha256()));
    write("altered", owner, s -> ModelProvenance.sign(owner, s.model(), "0".repeat(64), s.signatureSha256()));
    Path key = Files.writeString(folder.resolve("owner.pub"), Ed25519Key.publicKeyToPem(owner.publicKey()));
    try (ConfiguredHost host = new ConfiguredHost(folder, "repository: {trusted-key: " + key + "}\n");
        TacetClient client = TacetClient.builder(host.uri).trustModelKey(key).build()) {
      Map<String, String> problems =
          client.models().stream().collect(Collectors.toMap(TacetClient.ModelInfo::name, TacetClient.ModelInfo::problem));
      assertEquals("", problems.get("signed"));
      assertTrue(problems.get("unsigned").contains("is not signed by its owner"), problems.toString());
      assertTrue(problems.get("foreign").contains("is signed by the key"), problems.toString());
      assertTrue(problems.get("moved").contains("signed this as model signed"), problems.toString());
      assertTrue(problems.get("altered").contains("signed the artifact " + "0".repeat(64)), problems.toString());
      assertEquals("signed", client.model("signed").name());
      Path other = Files.writeString(folder.resolve("other.pub"), Ed25519Key.publicKeyToPem(stranger.publicKey()));
      try (TacetClient doubtful = TacetClient.builder(host.uri).trustModelKey(other).build()) {
        assertThrows(UntrustedModelException.class, () -> doubtful.model("signed"));
      }
    }
    Files.writeString(key, "no key");
    ConfigurationException e = assertThrows(
        ConfigurationException.class, () -> new ConfiguredHost(folder, "repository: {trusted-key: " + key + "}\n").close());
    assertTrue(e.problems().get(0).startsWith("repository.trusted-key"), e.problems().toString());
  }
}
