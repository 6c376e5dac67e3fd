// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.AuditTrail;
import dev.tacet.client.CallFailedException;
import dev.tacet.client.Credentials;
import dev.tacet.client.DataProvider;
import dev.tacet.client.EncryptedAnswer;
import dev.tacet.client.KeyGrant;
import dev.tacet.client.ProgressListener;
import dev.tacet.client.ProviderCard;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.StoredKeySet;
import dev.tacet.client.TacetClient;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.MissingKeysRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client does with its own keys on a host: it lists, deletes, replaces and lends them, and brings them again. */
class KeyAccountTest {
  private static final double[] ROW = {0.5, -0.5, 1};

  @TempDir static Path folder;
  private static ConfiguredHost host;
  private static String alice;
  private static String bob;
  private static String clinic;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    TestModels.write(models, "many", "1", TestModels.manyKeys(12));
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    alice = keys.issue("alice", "lab", Set.of("predict", "monitor"), null);
    bob = keys.issue("bob", "lab", Set.of("predict"), null);
    clinic = keys.issue("clinic", "lab", Set.of("provide"), null);
    host = new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [\"*\"]}\n");
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  private static TacetClient client(String key) {
    return TacetClient.builder(host.uri).credentials(Credentials.apiKey(key)).build();
  }

  private static double[] y(RemoteModel model) {
    return model.predict(ROW).numbers("y");
  }

  private static long metric(String name) throws Exception {
    return host.get("/metrics", alice).body().lines().filter(line -> line.startsWith(name))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  private static long blobs(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data.resolve("blobs"))) {
      return files.filter(Files::isRegularFile).count();
    }
  }

  private static Path lab() {
    return folder.resolve("data").resolve("tenants").resolve("lab");
  }

  @Test
  void anExpiredKeySetIsATypedErrorAndTheSdkBringsItAgainByItself() throws Exception {
    try (TacetClient client = client(bob)) {
      RemoteModel model = client.model("square");
      model.predict(ROW);
      StoredKeySet set = client.account().keySets().get(0);
      String url = "jdbc:h2:file:" + folder.resolve("data").resolve("state").resolve("index");
      try (Connection connection = DriverManager.getConnection(url, "tacet", "");
          Statement statement = connection.createStatement()) {
        assertEquals(1, statement.executeUpdate("update key_sets set expires_at = 1 where id = '" + set.id() + "'"));
      }
      try (TestOwner owner = new TestOwner(TestModels.square())) {
        InferRequest request = owner.request(owner.encrypt(ROW)).setKeySetId(set.id()).build();
        var stub = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, bob);
        assertEquals(set.id(), TestHost.fails(ErrorCause.KEY_EXPIRED, () -> stub.infer(request)).details().get("key_set_id"));
      }
      assertArrayEquals(TestModels.squareInTheClear(ROW), y(model), 1e-4);
      assertEquals(Optional.empty(), client.account().keySets().get(0).expiresAt());
      client.account().deleteKeySet(set.id());
    }
  }

  @Test
  void anOwnerListsItsKeySetsAndADeletedOneLeavesDiskIndexAndMemory() throws Exception {
    long blobsBefore = blobs(lab());
    long expandedBefore = metric("tacet_keys_expanded_bytes");
    try (TacetClient client = client(alice);
        TacetClient colleague = client(bob)) {
      RemoteModel model = client.model("square");
      model.predict(ROW);
      assertEquals(1, client.account().keySets().size());
      StoredKeySet set = client.account().keySets().get(0);
      assertEquals(model.prepare().keySetId(), set.id());
      assertEquals(model.prepare().keys(), set.keys());
      assertEquals(model.prepare().bytes(), set.bytes());
      assertEquals(model.parameters().hashHex(), set.parameterSha256());
      assertTrue(metric("tacet_keys_expanded_bytes") > expandedBefore);
      assertEquals(List.of(), colleague.account().keySets(), "also within one tenant");
      CallFailedException foreign =
          assertThrows(CallFailedException.class, () -> colleague.account().deleteKeySet(set.id()));
      assertEquals("KEY_NOT_FOUND", foreign.reason());

      assertEquals(set.keys(), client.account().deleteKeySet(set.id()));
      assertEquals(List.of(), client.account().keySets());
      assertEquals(blobsBefore, blobs(lab()));
      assertEquals(expandedBefore, metric("tacet_keys_expanded_bytes"));
      assertThrows(CallFailedException.class, () -> client.account().deleteKeySet(set.id()));
      List<String> actions = client.auditTrail().entries().stream().map(AuditTrail.Entry::action).toList();
      assertEquals("key-set-deleted", actions.get(actions.size() - 1));

      assertArrayEquals(TestModels.squareInTheClear(ROW), y(model), 1e-4);
      client.account().deleteKeySet(set.id());
    }
  }

  @Test
  void keysAreReplacedUnderAQuotaThatHasRoomForOneSetOnly() throws Exception {
    long bytes;
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      bytes = owner.manifest.totalBytes();
    }
    Path models = Files.createDirectories(folder.resolve("quota").resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    try (TestHost small = new TestHost(models, folder.resolve("quota").resolve("data"), b -> b.storeQuotaBytes(bytes * 3 / 2));
        TacetClient client = TacetClient.connect(small.uri);
        TacetClient other = TacetClient.connect(small.uri)) {
      String before = client.model("square").prepare().keySetId();
      CallFailedException full = assertThrows(CallFailedException.class, () -> other.model("square").prepare());
      assertEquals("QUOTA_EXCEEDED", full.reason());
      RemoteModel rotated = client.rotateKeys("square");
      assertNotEquals(before, rotated.prepare().keySetId());
      assertArrayEquals(TestModels.squareInTheClear(ROW), y(rotated), 1e-4);
      assertEquals(List.of(rotated.prepare().keySetId()), client.account().keySets().stream().map(StoredKeySet::id).toList());
    }
  }

  @Test
  void aProviderUsesAnOwnersKeysFromTheGrantToItsRevocationAndNoOthers() throws Exception {
    try (TacetClient owner = client(alice);
        TacetClient asClinic = client(clinic)) {
      RemoteModel model = owner.model("square");
      ProviderCard card = model.providerCard();
      try (DataProvider provider =
          DataProvider.builder(host.uri, card).credentials(Credentials.apiKey(clinic)).connect()) {
        assertEquals("KEY_NOT_FOUND", assertThrows(CallFailedException.class, () -> provider.submit(ROW)).reason());
        owner.account().grant(card.keySetId(), "api-key:clinic", "study 12");
        EncryptedAnswer answer = provider.submit(ROW);
        assertArrayEquals(TestModels.squareInTheClear(ROW), model.decrypt(answer).numbers("y"), 1e-4);

        KeyGrant given = owner.account().grantsGiven().get(0);
        assertEquals(
            List.of(card.keySetId(), "api-key:alice", "api-key:clinic", "study 12"),
            List.of(given.keySetId(), given.owner(), given.grantee(), given.purpose()));
        assertEquals(List.of(given), asClinic.account().grantsReceived());
        AuditTrail.Entry use = owner.auditTrail().entries().get(owner.auditTrail().entries().size() - 1);
        assertEquals("grant-used", use.action());
        assertTrue(use.detail().startsWith("by api-key:clinic, 1 ciphertexts of "), use.detail());
        assertEquals("inference", asClinic.auditTrail().entries().get(0).action());

        owner.account().revoke(card.keySetId(), "api-key:clinic");
        assertEquals("KEY_NOT_FOUND", assertThrows(CallFailedException.class, () -> provider.submit(ROW)).reason());
        assertEquals(List.of(), asClinic.account().grantsReceived());
        assertThrows(CallFailedException.class, () -> owner.account().revoke(card.keySetId(), "api-key:clinic"));
        List<String> actions = owner.auditTrail().entries().stream().map(AuditTrail.Entry::action).toList();
        assertEquals(List.of("grant-given", "grant-used", "grant-revoked"), actions.subList(actions.size() - 3, actions.size()));
      }
      owner.account().deleteKeySet(card.keySetId());
    }
  }

  @Test
  void aProviderStoresNothingAndAnOwnerGrantsWhatIsItsOwnInAFormThatCanBeKept() {
    var keys = host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, clinic);
    TestHost.fails(ErrorCause.PERMISSION_DENIED, () -> keys.missingKeys(MissingKeysRequest.getDefaultInstance()));
    try (TacetClient owner = client(alice);
        TacetClient colleague = client(bob)) {
      String id = owner.model("square").prepare().keySetId();
      assertEquals("KEY_NOT_FOUND",
          assertThrows(CallFailedException.class, () -> colleague.account().grant(id, "api-key:clinic", "mine")).reason());
      for (String grantee : new String[] {"", "clinic", "api-key:", "api-key:" + "x".repeat(600), "api-key:a\nb"}) {
        assertEquals("INVALID_ARGUMENT",
            assertThrows(CallFailedException.class, () -> owner.account().grant(id, grantee, "study")).reason());
      }
      for (String purpose : new String[] {"", "x".repeat(129), "a\u0000b"}) {
        assertEquals("INVALID_ARGUMENT",
            assertThrows(CallFailedException.class, () -> owner.account().grant(id, "api-key:clinic", purpose)).reason());
      }
      assertEquals(List.of(), owner.account().grantsGiven());
      owner.account().deleteKeySet(id);
    }
  }

  @Test
  void aClientKilledAtNinetyPercentOfItsUploadGoesOnFromThere() throws Exception {
    Path ring = folder.resolve("ring");
    try (TestHost open = new TestHost(folder.resolve("models"), folder.resolve("open"))) {
      String passphrase = "correct horse battery staple";
      String library = System.getProperty("tacet.native.path");
      Process process =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1", "-cp",
              System.getProperty("java.class.path"), library == null ? "-Dtacet.unset=1" : "-Dtacet.native.path=" + library,
              UploadingClient.class.getName(), open.uri.toString(), ring.toString(), passphrase, "many", "90")
              .redirectError(ProcessBuilder.Redirect.INHERIT).start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(UploadingClient.KILLED, process.exitValue());

      List<Long> totals = new ArrayList<>();
      ProgressListener listener = (stage, done, total) -> {
        if (stage == ProgressListener.Stage.UPLOAD_KEYS) {
          totals.add(total);
        }
      };
      try (TacetClient client =
          TacetClient.builder(open.uri).keyStore(ring).passphrase(passphrase.toCharArray()).progress(listener).build()) {
        long all = client.model("many").prepare().bytes();
        assertTrue(totals.get(0) > 0 && totals.get(0) <= all / 10, totals.get(0) + " of " + all + " bytes are brought again");
        assertArrayEquals(ROW, client.model("many").predict(ROW).numbers("y"), 1e-3);
      }
    }
  }
}
