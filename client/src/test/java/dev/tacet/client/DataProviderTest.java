// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DataProviderTest {
  private static final double[] ROW = {0.5, -0.25, 0.75};
  private FakeHost host;
  private TacetClient owner;

  @BeforeEach
  void start() throws IOException {
    host = new FakeHost(TestModel.artifact());
    owner = TacetClient.connect(host.uri());
  }

  @AfterEach
  void stop() {
    owner.close();
    host.close();
  }

  private static ProviderCard received(ProviderCard card) {
    return ProviderCard.fromBytes(ByteBuffer.wrap(card.toBytes()));
  }

  @Test
  void aProvidersRowIsAnsweredToTheOwnerAlone() {
    RemoteModel model = owner.model(TestModel.NAME);
    EncryptedAnswer forwarded;
    try (DataProvider provider = DataProvider.connect(host.uri(), received(model.providerCard()))) {
      forwarded = EncryptedAnswer.fromBytes(ByteBuffer.wrap(provider.submit(ROW).toBytes()));
    }
    assertArrayEquals(TestModel.clear(ROW), model.decrypt(forwarded).numbers("scores"), 1e-3);
    try (TacetClient stranger = TacetClient.connect(host.uri())) {
      assertThrows(AnswerCheckException.class, () -> stranger.model(TestModel.NAME).decrypt(forwarded));
    }
  }

  @Test
  void aCardFromAnUnvouchedChannelNeedsItsConfirmedFingerprint() {
    ProviderCard card = owner.model(TestModel.NAME).providerCard();
    ByteBuffer bytes = ByteBuffer.wrap(card.toBytes());
    assertEquals(card, ProviderCard.fromBytes(bytes, card.fingerprint()));
    assertThrows(IllegalArgumentException.class, () -> ProviderCard.fromBytes(bytes, "00".repeat(32)));
  }

  @Test
  void aProviderRefusesAHostThatServesAnotherModel() {
    ProviderCard card = owner.model(TestModel.NAME).providerCard();
    host.serve(TestModel.artifact(0.5));
    assertThrows(SignatureChangedException.class, () -> DataProvider.connect(host.uri(), card));
  }

  @Test
  void aProviderCannotHealMissingKeysAndSaysWhoCan() {
    ProviderCard card = owner.model(TestModel.NAME).providerCard();
    host.sets.clear();
    try (DataProvider provider = DataProvider.connect(host.uri(), card)) {
      CallFailedException failed = assertThrows(CallFailedException.class, () -> provider.submit(ROW));
      assertEquals("KEY_NOT_FOUND", failed.reason());
      assertThrows(FeatureOutOfBoundsException.class, () -> provider.submit(new double[] {2, 0, 0}));
    }
  }

  @Test
  void anAnswerForAnotherSignatureIsRefused() {
    RemoteModel model = owner.model(TestModel.NAME);
    EncryptedAnswer foreign = new EncryptedAnswer(TestModel.NAME, "00".repeat(32), List.of(List.of()), List.of(new byte[9]));
    assertThrows(IllegalArgumentException.class, () -> model.decrypt(foreign));
  }

  @Test
  void truncatedCardsAndAnswersAreMalformed() {
    byte[] answer = new EncryptedAnswer("m", "ab".repeat(32), List.of(List.of(1, 2)), List.of(new byte[5])).toBytes();
    byte[] batch = new EncryptedAnswer("m", "ab".repeat(32), List.of(List.of(1, 2), List.of()), List.of(new byte[5])).toBytes();
    byte[] card = new ProviderCard("m", "ab".repeat(32), "cd".repeat(32), new byte[7]).toBytes();
    assertEquals(List.of(List.of(1, 2), List.of()), EncryptedAnswer.fromBytes(ByteBuffer.wrap(batch)).clampedRows());
    for (byte[] whole : List.of(answer, batch)) {
      for (int i = 0; i < whole.length; i++) {
        ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(whole, i));
        assertThrows(MalformedException.class, () -> EncryptedAnswer.fromBytes(cut));
      }
    }
    for (int i = 0; i < card.length; i++) {
      ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(card, i));
      assertThrows(MalformedException.class, () -> ProviderCard.fromBytes(cut));
    }
    assertThrows(MalformedException.class,
        () -> ProviderCard.fromBytes(ByteBuffer.wrap(Arrays.copyOf(card, card.length + 1))));
  }
}
