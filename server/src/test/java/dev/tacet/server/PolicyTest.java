// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.AuditTrail;
import dev.tacet.client.CallFailedException;
import dev.tacet.client.DataProvider;
import dev.tacet.client.DeletionReceipt;
import dev.tacet.client.KeptData;
import dev.tacet.client.PolicyException;
import dev.tacet.client.PrivacyPolicy;
import dev.tacet.client.ProviderCard;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.StoredKeySet;
import dev.tacet.client.TacetClient;
import dev.tacet.he.PublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that keeps to its policy on a host that says where it stands. */
class PolicyTest {
  private static final double[] ROW = {0.5, -0.5, 1};
  private static final String RULES =
      "class.sensitive.transports = loopback\nclass.sensitive.hosts = 127.0.0.1\nclass.sensitive.regions = eu\n"
          + "class.sensitive.keep-keys = 30d\nclass.sensitive.keep-audit = 90d\n";

  @TempDir static Path folder;
  private static ConfiguredHost host;

  @BeforeAll
  static void start() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    host = new ConfiguredHost(folder, "retention: {keys: 30d, audit: 90d, backups: 7d}\n"
        + "privacy: {region: eu, transports: \"loopback, tls\", sharing: results}\n");
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  private static PrivacyPolicy policy(String text) throws IOException {
    return PrivacyPolicy.read(Files.writeString(Files.createTempFile(folder, "policy", ""), text));
  }

  private static TacetClient client(String policy) throws IOException {
    return TacetClient.builder(host.uri).policy(policy(policy)).build();
  }

  private static TacetClient kept(String purpose) throws IOException {
    return TacetClient.builder(host.uri).policy(policy(RULES + "purpose = " + purpose + "\n")).keyStore(folder.resolve("keys"))
        .passphrase("one".toCharArray()).build();
  }

  @Test
  void whatThePolicyForbidsIsNotSentAndTheRuleIsNamed() throws Exception {
    int before;
    try (TacetClient plain = TacetClient.connect(host.uri)) {
      before = plain.account().kept().keys().size();
      for (String[] refusal : new String[][] {
          {RULES.replace("= eu", "= us"), "class.sensitive.regions"},
          {RULES.replace("127.0.0.1", "example.org"), "class.sensitive.hosts"},
          {RULES.replace("= loopback", "= tls"), "class.sensitive.transports"},
          {RULES.replace("= 30d", "= 29d"), "class.sensitive.keep-keys"},
          {RULES + "class.sensitive.keep-backups = 6d\n", "class.sensitive.keep-backups"}}) {
        try (TacetClient client = client(refusal[0])) {
          assertEquals(refusal[1], assertThrows(PolicyException.class, () -> client.model("square")).rule());
        }
      }
      assertEquals(before, plain.account().kept().keys().size());
    }
    try (TacetClient client = client(RULES + "class.sensitive.sharing = providers\n")) {
      RemoteModel model = client.model("square");
      assertArrayEquals(TestModels.squareInTheClear(ROW), model.predict(ROW).numbers("y"), 1e-4);
      assertEquals("host's privacy.sharing", assertThrows(PolicyException.class, model::providerCard).rule());
      assertThrows(PolicyException.class, () -> client.account().grant(model.prepare().keySetId(), "api-key:x", "study"));
    }
    try (TacetClient none = TacetClient.connect(host.uri)) {
      String id = none.model("square").prepare().keySetId();
      assertEquals("PERMISSION_DENIED",
          assertThrows(CallFailedException.class, () -> none.account().grant(id, "api-key:x", "study")).reason(), "the host holds it too");
    }
  }

  @Test
  void aBatchIsPaddedToAStatedSizeAndEveryRequestHasTheSameLength() throws Exception {
    try (TacetClient client = client(RULES + "padding.batches = 4\n")) {
      RemoteModel model = client.model("square");
      model.prepare();
      long seen = client.auditTrail().deleted() + client.auditTrail().entries().size();
      assertEquals(3, model.predictBatch(new double[][] {ROW, {0, 0, 0}, {0.5, 0.5, 0.5}}).size());
      List<AuditTrail.Entry> calls =
          client.auditTrail().entries().stream().filter(e -> e.sequence() > seen && e.action().equals("inference")).toList();
      assertEquals(4, calls.size());
      assertEquals(1, new TreeSet<>(calls.stream().map(AuditTrail.Entry::detail).toList()).size(), calls.toString());
    }
  }

  @Test
  void aDataProviderKeepsToItsOwnPolicy() throws Exception {
    try (TacetClient owner = TacetClient.connect(host.uri)) {
      RemoteModel model = owner.model("square");
      ProviderCard card = model.providerCard();
      for (String[] refusal : new String[][] {
          {RULES.replace("= loopback", "= tls"), "class.sensitive.transports"},
          {RULES.replace("= eu", "= us"), "class.sensitive.regions"}}) {
        DataProvider.Builder strict = DataProvider.builder(host.uri, card).policy(policy(refusal[0]));
        assertEquals(refusal[1], assertThrows(PolicyException.class, strict::connect).rule());
      }
      PrivacyPolicy research = policy(RULES + "purpose = research\n");
      assertThrows(IllegalArgumentException.class, () -> DataProvider.builder(host.uri, card).policy(research));
      try (DataProvider provider = DataProvider.builder(host.uri, card).policy(policy(RULES + "padding.batches = 4\n")).connect()) {
        long seen = owner.auditTrail().deleted() + owner.auditTrail().entries().size();
        List<double[]> opened = new ArrayList<>();
        provider.submitAll(new double[][] {ROW, {0, 0, 0}, ROW}, answer -> opened.add(model.decrypt(answer).numbers("y")));
        assertEquals(3, opened.size());
        assertArrayEquals(TestModels.squareInTheClear(ROW), opened.get(2), 1e-4);
        assertEquals(4, owner.auditTrail().entries().stream()
            .filter(e -> e.sequence() > seen && e.action().equals("inference")).count());
      }
    }
  }

  @Test
  void keysOfAllClientsOfAModelHaveTheSameLengths() throws Exception {
    try (TacetClient one = TacetClient.connect(host.uri);
        TacetClient two = TacetClient.connect(host.uri)) {
      assertEquals(one.model("square").prepare().bytes(), two.model("square").prepare().bytes());
      List<Long> lengths = one.account().kept().keys().stream().filter(KeptData.Key::complete).map(KeptData.Key::bytes).distinct().toList();
      assertTrue(lengths.size() <= TestModels.square().program().requiredKeys().size(), lengths.toString());
    }
  }

  @Test
  void consentComesFirstAndKeysOfTwoPurposesShareNothing() throws Exception {
    byte[] publicKey;
    String keySet;
    try (TacetClient diagnosis = kept("diagnosis")) {
      assertEquals("purpose", assertThrows(PolicyException.class, () -> diagnosis.model("square")).rule());
      diagnosis.giveConsent();
      RemoteModel model = diagnosis.model("square");
      assertArrayEquals(TestModels.squareInTheClear(ROW), model.predict(ROW).numbers("y"), 1e-4);
      keySet = model.prepare().keySetId();
      try (PublicKey key = model.publicKey()) {
        publicKey = key.toBytes();
      }
    }
    try (TacetClient research = kept("research")) {
      assertThrows(PolicyException.class, () -> research.model("square"), "consent to another purpose");
      research.giveConsent();
      RemoteModel model = research.model("square");
      String own = model.prepare().keySetId();
      assertNotEquals(keySet, own);
      try (PublicKey key = model.publicKey()) {
        assertFalse(Arrays.equals(publicKey, key.toBytes()));
      }
      DeletionReceipt receipt = research.withdrawConsent();
      assertTrue(receipt.lines("key-set").contains(own), receipt.text());
      assertEquals("purpose", assertThrows(PolicyException.class, () -> model.predict(ROW)).rule());
      assertEquals(List.of(), research.account().keySets().stream().map(StoredKeySet::id).toList());
    }
    try (TacetClient research = kept("research")) {
      assertThrows(PolicyException.class, () -> research.model("square"));
      String record = Files.readString(folder.resolve("keys/purposes/research/consent.tsv"));
      assertTrue(record.matches("[^\t]+\tgiven\tresearch\n[^\t]+\twithdrawn\tresearch\n"), record);
    }
  }
}
