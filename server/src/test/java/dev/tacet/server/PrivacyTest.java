// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.AuditTrail;
import dev.tacet.client.AuditTrailException;
import dev.tacet.client.Credentials;
import dev.tacet.client.DeletionReceipt;
import dev.tacet.client.KeptData;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import dev.tacet.he.Blob;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client is shown of what a host keeps about it, and what is left when it had it deleted. */
class PrivacyTest {
  private static final double[] ROW = {0.5, -0.5, 1};

  @TempDir Path folder;
  private ConfiguredHost host;
  private String aliceKey;
  private String idleKey;
  private TacetClient alice;
  private TacetClient bob;

  @BeforeEach
  void start() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    aliceKey = keys.issue("alice", "lab", Set.of("predict"), null);
    idleKey = keys.issue("idle", "lab", Set.of("predict"), null);
    String bobKey = keys.issue("bob", "lab", Set.of("predict"), null);
    host = open();
    alice = client(aliceKey);
    bob = client(bobKey);
  }

  private ConfiguredHost open() throws Exception {
    return new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\n"
        + "tenants:\n- {name: lab, models: [\"*\"]}\nretention: {keys: 30d, audit: 90d, backups: 14d}\n");
  }

  @AfterEach
  void stop() {
    alice.close();
    bob.close();
    host.close();
  }

  private TacetClient client(String key) {
    return TacetClient.builder(host.uri).credentials(Credentials.apiKey(key)).build();
  }

  private Path data() {
    return folder.resolve("data");
  }

  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  void aClientIsShownAllThatIsKeptAboutItAndFetchesItWithItsManifest() throws Exception {
    RemoteModel model = alice.model("square");
    model.predict(ROW);
    String set = model.prepare().keySetId();
    alice.account().grant(set, "api-key:bob", "study");
    try (TestOwner other = new TestOwner(TestModels.square())) {
      var stub = host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, aliceKey);
      TestOwner.put(stub, other.keyBlobs.get(0), 0, 1000);
      KeptData kept = alice.account().kept();
      assertEquals("lab/api-key:alice", kept.client());
      assertEquals(List.of(set), kept.keySets().stream().map(s -> s.id()).toList());
      assertTrue(kept.keySets().get(0).expiresAt().isPresent());
      assertEquals(model.prepare().keys() + 1, kept.keys().size());
      KeptData.Key unfinished = kept.keys().stream().filter(k -> !k.complete()).findFirst().orElseThrow();
      assertEquals(new KeptData.Key(Blob.sha256Hex(other.keyBlobs.get(0)), 1000, false), unfinished);
      assertEquals("study", kept.grantsGiven().get(0).purpose());
      assertEquals("study", bob.account().kept().grantsReceived().get(0).purpose());
      assertEquals(List.of(), bob.account().kept().keys(), "also within one tenant");
      assertEquals(new KeptData.Times(
          Optional.of(Duration.ofDays(30)), Optional.of(Duration.ofDays(1)), Optional.of(Duration.ofDays(90)),
          Optional.of(Duration.ofDays(14))), kept.times());
      String page = host.get("/privacy", aliceKey).body();
      assertTrue(page.contains(set) && page.contains("api-key:bob") && page.contains("unfinished"), page);
      assertTrue(page.contains("<p>Entries 1 to "), page);
      assertTrue(host.get("/privacy", idleKey).body().contains("<p>No entries.</p>"));
      assertEquals(401, host.get("/privacy", null).statusCode());
      for (String path : new String[] {"/privacy", "/v1/models", "/v2/models/square", "/healthz", "/nowhere"}) {
        assertEquals(List.of("no-store"), host.get(path, aliceKey).headers().allValues("cache-control"), path);
      }
    }
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    alice.account().export(zip);
    Map<String, byte[]> archive = checked(zip);
    assertEquals(set, Blob.sha256Hex(archive.get("keysets/" + set)));
    assertEquals(model.prepare().bytes(), archive.entrySet().stream().filter(e -> e.getKey().startsWith("keys/"))
        .mapToLong(e -> e.getValue().length).sum());
    assertTrue(new String(archive.get("audit.tsv"), StandardCharsets.UTF_8).contains("\tinference\tsquare@1\t"));
  }

  /** The files of an archive, which are those that its manifest names and have the hashes that it gives. */
  private static Map<String, byte[]> checked(ByteArrayOutputStream zip) throws IOException {
    Map<String, byte[]> archive = new TreeMap<>();
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip.toByteArray()))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        archive.put(entry.getName(), in.readAllBytes());
      }
    }
    List<String> sums = new String(archive.remove("SHA256SUMS"), StandardCharsets.UTF_8).lines().toList();
    assertEquals(archive.size(), sums.size());
    for (String line : sums) {
      assertEquals(line.substring(0, 64), Blob.sha256Hex(archive.get(line.substring(66))), line);
    }
    return archive;
  }

  @Test
  void aTrailThatDoesNotHoldKeepsNobodyFromTheRestOfAnExport() throws Exception {
    RemoteModel model = alice.model("square");
    model.predict(ROW);
    String set = model.prepare().keySetId();
    int keys = model.prepare().keys();
    host.close();
    String url = "jdbc:h2:file:" + data().resolve("state").resolve("index");
    try (Connection connection = DriverManager.getConnection(url, "tacet", "");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("update audit set detail = 'nothing happened' where sequence = 2");
    }
    host = open();
    alice.close();
    alice = client(aliceKey);
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    AuditTrailException broken = assertThrows(AuditTrailException.class, () -> alice.account().export(zip));
    Map<String, byte[]> archive = checked(zip);
    assertEquals(set, Blob.sha256Hex(archive.get("keysets/" + set)));
    assertEquals(keys, archive.keySet().stream().filter(name -> name.startsWith("keys/")).count());
    assertFalse(archive.containsKey("audit.tsv"));
    assertEquals("audit.tsv: not in this archive, " + broken.getMessage() + "\n", new String(archive.get("gone.txt"), StandardCharsets.UTF_8));
    assertTrue(broken.getMessage().contains("entry 2 was changed"), broken.getMessage());
  }

  @Test
  void anExportNamesWhatIsDeletedWhileItIsMade() throws Exception {
    String set = alice.model("square").prepare().keySetId();
    boolean[] deleted = {false};
    ByteArrayOutputStream zip = new ByteArrayOutputStream() {
      @Override
      public synchronized void write(byte[] bytes, int offset, int count) {
        if (!deleted[0]) { // all was listed by then
          deleted[0] = true;
          alice.account().deleteAll();
        }
        super.write(bytes, offset, count);
      }
    };
    alice.account().export(zip);
    Map<String, String> archive = new TreeMap<>();
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip.toByteArray()))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        archive.put(entry.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    assertEquals(Set.of("kept.txt", "audit.tsv", "gone.txt", "SHA256SUMS"), archive.keySet());
    assertTrue(archive.get("kept.txt").contains(set), archive.get("kept.txt"));
    assertTrue(archive.get("gone.txt").contains("keysets/" + set + ": deleted before it was read"), archive.get("gone.txt"));
  }

  @Test
  void afterADeletionNothingIsLeftOfTheClientButItsReceiptAndOthersHaveAllOfTheirs() throws Exception {
    RemoteModel mine = alice.model("square");
    RemoteModel others = bob.model("square");
    mine.predict(ROW);
    others.predict(ROW);
    String left = others.prepare().keySetId();
    String gone = mine.prepare().keySetId();
    alice.account().grant(gone, "api-key:bob", "study");
    bob.account().grant(left, "api-key:alice", "study");
    AuditTrail before = alice.auditTrail();

    DeletionReceipt receipt = alice.account().deleteAll();
    assertEquals(List.of(gone), receipt.lines("key-set"));
    assertEquals(mine.prepare().keys(), receipt.lines("key").size());
    assertEquals(List.of("2"), receipt.lines("grants"));
    assertEquals(List.of("lab/api-key:alice"), receipt.lines("client"));
    assertEquals(List.of(before.entries().size() + " " + before.head()), receipt.lines("audit-end"));
    assertTrue(receipt.lines("backups-until").get(0).startsWith("20"), receipt.text());
    assertTrue(alice.account().kept().isEmpty());
    AuditTrail after = alice.auditTrail();
    assertEquals(before.entries().size(), after.deleted());
    assertEquals(List.of("deleted"), after.entries().stream().map(AuditTrail.Entry::action).toList());
    assertEquals(receipt.sha256(), after.entries().get(0).object());

    for (Map.Entry<String, byte[]> file : files(data().resolve("tenants")).entrySet()) {
      assertFalse(file.getKey().contains(gone), file.getKey());
      receipt.lines("key").forEach(key -> assertFalse(file.getKey().contains(key), file.getKey()));
    }
    assertEquals(List.of(left), bob.account().kept().keySets().stream().map(s -> s.id()).toList());
    assertArrayEquals(TestModels.squareInTheClear(ROW), others.predict(ROW).numbers("y"), 1e-4);
    assertArrayEquals(TestModels.squareInTheClear(ROW), mine.predict(ROW).numbers("y"), 1e-4, "a new beginning");
  }

  @Test
  void aReceiptThatWasAlteredOrIsOfAnotherKeyDoesNotHold() {
    DeletionReceipt receipt = alice.account().deleteAll();
    String file = receipt.toString();
    assertEquals(receipt.text(), DeletionReceipt.parse(file).text());
    for (String altered : new String[] {
        file.replace("alice", "alicf"), file.replace("host-key: MC", "host-key: MD"), file.substring(10), file + "\n", ""}) {
      assertThrows(AuditTrailException.class, () -> DeletionReceipt.parse(altered), altered);
    }
  }

  @Test
  void whatARestoredBackupBringsBackIsDeletedAgainAtTheStart() throws Exception {
    alice.model("square").predict(ROW);
    bob.model("square").predict(ROW);
    host.close();
    Map<String, byte[]> backup = files(data());
    host = open();
    alice.close();
    alice = client(aliceKey);
    assertEquals(1, alice.account().kept().keySets().size());
    alice.account().deleteAll();
    host.close();
    for (Map.Entry<String, byte[]> file : backup.entrySet()) {
      if (!file.getKey().equals("deletions")) {
        Files.createDirectories(data().resolve(file.getKey()).getParent());
        Files.write(data().resolve(file.getKey()), file.getValue());
      }
    }
    host = open();
    alice.close();
    alice = client(aliceKey);
    KeptData kept = alice.account().kept();
    assertTrue(kept.isEmpty(), kept.toString());
    assertEquals(kept.auditLast() + 1, kept.auditFirst(), "the restored trail is deleted too");
    assertEquals("no entries left, those up to " + kept.auditLast() + " are deleted", kept.auditEntries());
    String list = Files.readString(data().resolve("deletions"));
    assertTrue(list.matches("[0-9]+ lab [0-9a-f]{64}\n"), list);
    long left;
    try (Stream<Path> all = Files.walk(data().resolve("tenants").resolve("lab").resolve("keysets"))) {
      left = all.filter(Files::isRegularFile).count();
    }
    assertEquals(1, left, "the other client's");
  }

  @Test
  void aDeletionUnderAClockThatRanAheadDeletesNothingThatCameAfterIt() throws Exception {
    alice.model("square").predict(ROW);
    alice.account().deleteAll();
    host.close();
    long day = Duration.ofDays(1).toMillis();
    Path list = data().resolve("deletions");
    String[] line = Files.readString(list).strip().split(" ");
    Files.writeString(list, (Long.parseLong(line[0]) + day) + " " + line[1] + " " + line[2] + "\n");
    String url = "jdbc:h2:file:" + data().resolve("state").resolve("index");
    try (Connection connection = DriverManager.getConnection(url, "tacet", ""); Statement statement = connection.createStatement()) {
      assertEquals(1, statement.executeUpdate("update deletions set at_millis = at_millis + " + day), "the end of the deletion is noted");
    }
    for (int start = 0; start < 2; start++) {
      host = open();
      alice.close();
      alice = client(aliceKey);
      assertEquals(start, alice.account().kept().keySets().size());
      alice.model("square").predict(ROW);
      if (start == 0) {
        host.close();
      }
    }
  }

  @Test
  void aDeletionAmongCallsStatesWhereTheTrailEnded() throws Exception {
    RemoteModel model = alice.model("square");
    model.predict(ROW);
    try (TacetClient busy = client(aliceKey)) {
      String set = alice.account().keySets().get(0).id();
      Thread caller = new Thread(() -> {
        for (int i = 0; i < 60; i++) {
          try {
            busy.account().grant(set, "api-key:bob", "study " + i);
          } catch (RuntimeException gone) {
            // the key set is deleted meanwhile
          }
        }
      });
      caller.start();
      for (int i = 0; i < 5; i++) {
        alice.account().deleteAll(); // checks the receipt against the trail
      }
      caller.join();
    }
  }

  @Test
  void entriesOfATrailThatAreTooOldAreSweptAndTheChainGoesOn() throws Exception {
    RemoteModel model = alice.model("square");
    model.predict(ROW);
    AuditTrail before = alice.auditTrail();
    int old = before.entries().size();
    String url = "jdbc:h2:file:" + data().resolve("state").resolve("index");
    try (Connection connection = DriverManager.getConnection(url, "tacet", "");
        Statement statement = connection.createStatement()) {
      assertEquals(old, statement.executeUpdate("update audit set at_millis = 1000"));
    }
    model.predict(ROW);
    host.close();
    host = open();
    TacetClient again = client(aliceKey);
    alice.close();
    alice = again;
    AuditTrail swept = alice.auditTrail();
    for (int i = 0; i < 200 && swept.deleted() == 0; i++) {
      Thread.sleep(20);
      swept = alice.auditTrail();
    }
    assertEquals(old, swept.deleted());
    assertEquals(1, swept.entries().size());
    assertEquals(old + 1, swept.entries().get(0).sequence());
  }

  /** The request's ciphertext and the answer's: no 32 bytes of them are in any file after the answer. */
  @Test
  void nothingOfARequestIsKeptAfterItsAnswer() throws Exception {
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, aliceKey));
      byte[] asked = owner.encrypt(ROW);
      InferResponse answer =
          host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, aliceKey).infer(owner.request(asked).build());
      byte[] answered = answer.getCiphertexts(0).toByteArray();
      host.close();
      for (Map.Entry<String, byte[]> file : files(data()).entrySet()) {
        String text = new String(file.getValue(), StandardCharsets.ISO_8859_1);
        for (byte[] ciphertext : new byte[][] {asked, answered}) {
          for (int at = 256; at + 32 < ciphertext.length; at += ciphertext.length / 5) {
            assertFalse(text.contains(new String(ciphertext, at, 32, StandardCharsets.ISO_8859_1)), file.getKey());
          }
        }
      }
      host = open();
    }
  }
}
