// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.AuditTrail;
import dev.tacet.client.AuditTrailException;
import dev.tacet.client.Credentials;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client finds in its own trail, and what it notices when the host changes it. */
class AuditTrailTest {
  @TempDir Path folder;
  private ConfiguredHost host;
  private TacetClient client;
  private RemoteModel model;

  @BeforeEach
  void start() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    String alice = keys.issue("alice", "lab", Set.of("predict"), null);
    String bob = keys.issue("bob", "lab", Set.of("predict"), null);
    Files.writeString(folder.resolve("bob.key"), bob);
    host = new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [\"*\"]}\n- {name: rival, models: [square]}\n");
    client = client(alice);
    model = client.model("square");
    model.predict(new double[] {0.5, -0.5, 1});
    model.predict(new double[] {1, 0, 1});
  }

  @AfterEach
  void stop() {
    client.close();
    host.close();
  }

  private TacetClient client(String key) {
    return TacetClient.builder(host.uri).credentials(Credentials.apiKey(key)).build();
  }

  /** Changes rows behind the server's back, as whoever has the host's disk can. */
  private void change(String sql) throws Exception {
    String url = "jdbc:h2:file:" + folder.resolve("data").resolve("state").resolve("index");
    try (Connection connection = DriverManager.getConnection(url, "tacet", "");
        Statement statement = connection.createStatement()) {
      assertTrue(statement.executeUpdate(sql) > 0, sql);
    }
  }

  @Test
  void everyUploadAndCallOfAClientIsInItsOwnTrailAndInNoOther() throws Exception {
    AuditTrail trail = client.auditTrail();
    assertEquals("lab/api-key:alice", trail.name());
    List<String> actions = trail.entries().stream().map(AuditTrail.Entry::action).toList();
    assertEquals("inference", actions.get(actions.size() - 1));
    assertEquals(2, actions.stream().filter("inference"::equals).count());
    assertEquals(1, actions.stream().filter("key-set-registered"::equals).count());
    assertTrue(actions.contains("key-stored"));
    AuditTrail.Entry last = trail.entries().get(trail.entries().size() - 1);
    assertEquals("square@1", last.object());
    assertTrue(last.detail().matches("1 ciphertexts of [0-9]+ bytes, key set [0-9a-f]{64}"), last.detail());
    try (TacetClient colleague = client(Files.readString(folder.resolve("bob.key")))) {
      assertEquals(List.of(), colleague.auditTrail().entries(), "also within one tenant");
    }
  }

  @Test
  void aChangedEntryIsNoticed() throws Exception {
    client.auditTrail();
    change("update audit set detail = 'nothing happened' where sequence = 2");
    assertThrows(AuditTrailException.class, client::auditTrail);
  }

  @Test
  void anEntryThatIsLeftOutIsNoticed() throws Exception {
    change("delete from audit where sequence = 2");
    assertThrows(AuditTrailException.class, client::auditTrail);
  }

  @Test
  void anEndThatWasSeenCannotBeCutOff() throws Exception {
    AuditTrail seen = client.auditTrail();
    int last = seen.entries().size();
    change("delete from audit where sequence = " + last);
    AuditTrailException e = assertThrows(AuditTrailException.class, client::auditTrail);
    assertTrue(e.getMessage().contains("not among its " + (last - 1)), e.getMessage());
  }

  @Test
  void aBeginningThatIsSaidToBeDeletedMustEndInWhatWasSeen() throws Exception {
    int last = client.auditTrail().entries().size();
    change("delete from audit");
    change("update audit_heads set base_sequence = " + last + ", base_sha256 = '" + "1".repeat(64) + "'");
    assertThrows(AuditTrailException.class, client::auditTrail);
  }

  @Test
  void aTrailThatGrowsIsStillTheOneThatWasSeen() {
    AuditTrail seen = client.auditTrail();
    model.predict(new double[] {0, 0, 1});
    AuditTrail grown = client.auditTrail();
    assertEquals(seen.entries(), grown.entries().subList(0, seen.entries().size()));
    assertEquals(seen.entries().size() + 1, grown.entries().size());
  }
}
