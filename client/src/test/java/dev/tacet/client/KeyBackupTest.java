// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.internal.QuickRing;
import dev.tacet.he.Blob;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.secret.SecretKeyAccess;
import dev.tacet.client.internal.Consents;
import dev.tacet.client.internal.KeyRingFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key ring in one file, and what is made of it elsewhere. */
class KeyBackupTest {
  private static final Parameters PARAMETERS = TestModel.parameters();
  private static final char[] PASSPHRASE = "one".toCharArray();

  @TempDir static Path made;
  private static Path backup;
  private static byte[] secret;
  private static byte[] studySecret;
  private static byte[] publicKey;
  private static byte[] seed;

  @TempDir Path folder;

  @BeforeAll
  static void backUp() {
    backup = made.resolve("keys.backup");
    try (KeyRing ring = KeyRing.open(QuickRing.in(made.resolve("ring"), "one"), PASSPHRASE);
        PublicKey key = ring.publicKey(PARAMETERS)) {
      secret = ring.secretKey(PARAMETERS).export(SecretKeyAccess.get());
      seed = ring.secretKey(PARAMETERS).memoryForms(SecretKeyAccess.get()).get(0);
      publicKey = key.toBytes();
      try (KeyRing study = KeyRing.open(QuickRing.in(made.resolve("ring/purposes/study"), "one"), PASSPHRASE)) {
        studySecret = study.secretKey(PARAMETERS).export(SecretKeyAccess.get());
      }
      ring.backUp(backup);
    }
  }

  private void restore(Path file, String passphrase) {
    KeyRing.restore(file, folder.resolve("restored"), passphrase.toCharArray());
  }

  @Test
  void aRestoredRingHasTheSameKeysAndOpensWithTheSamePassphrase() {
    restore(backup, "one");
    try (KeyRing ring = KeyRing.open(folder.resolve("restored"), PASSPHRASE);
        PublicKey key = ring.publicKey(PARAMETERS)) {
      assertArrayEquals(secret, ring.secretKey(PARAMETERS).export(SecretKeyAccess.get()));
      assertArrayEquals(publicKey, key.toBytes());
    }
    try (KeyRing study = KeyRing.open(folder.resolve("restored/purposes/study"), PASSPHRASE)) {
      assertArrayEquals(studySecret, study.secretKey(PARAMETERS).export(SecretKeyAccess.get()));
    }
    KeyRingException again = assertThrows(KeyRingException.class, () -> restore(backup, "one"));
    assertTrue(again.getMessage().contains("already"), again.getMessage());
  }

  @Test
  void consentThatStoodInABackupHasToBeGivenAgain() {
    try (KeyRing ring = KeyRing.open(QuickRing.in(folder.resolve("ring"), "one"), PASSPHRASE);
        KeyRingFiles study = KeyRingFiles.open(QuickRing.in(folder.resolve("ring/purposes/study"), "one"), PASSPHRASE)) {
      new Consents(study, "study").record(true, Instant.EPOCH);
      ring.backUp(folder.resolve("backup"));
      assertTrue(new Consents(study, "study").stands());
    }
    restore(folder.resolve("backup"), "one");
    try (KeyRingFiles study = KeyRingFiles.open(folder.resolve("restored/purposes/study"), PASSPHRASE)) {
      Consents consents = new Consents(study, "study");
      assertFalse(consents.stands());
      assertEquals(List.of(true, false), consents.all().stream().map(Consents.Decision::given).toList());
    }
  }

  @Test
  void theSecretIsNotReadableInTheBackup() throws IOException {
    String text = new String(Files.readAllBytes(backup), StandardCharsets.ISO_8859_1);
    assertTrue(text.contains("ring.key") && text.contains("secret.key"));
    assertFalse(text.contains(new String(seed, StandardCharsets.ISO_8859_1)));
    assertFalse(text.contains(new String(Arrays.copyOfRange(secret, 48, 80), StandardCharsets.ISO_8859_1)));
  }

  @Test
  void anotherPassphraseAndAnAlteredByteAreTypedErrorsThatLeaveNothingBehind() throws IOException {
    assertThrows(WrongPassphraseException.class, () -> restore(backup, "two"));
    byte[] bytes = Files.readAllBytes(backup);
    for (int at : new int[] {0, 4, 8, bytes.length / 2, bytes.length - 1}) {
      byte[] altered = bytes.clone();
      altered[at] ^= 1;
      Path file = Files.write(folder.resolve("altered"), altered);
      assertThrows(KeyRingException.class, () -> restore(file, "one"), "byte " + at);
    }
    for (int length : new int[] {0, 40, bytes.length / 2, bytes.length - 1}) {
      Path file = Files.write(folder.resolve("altered"), Arrays.copyOf(bytes, length));
      assertThrows(KeyRingException.class, () -> restore(file, "one"), length + " bytes");
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(1, left.count(), "the altered backup");
    }
  }

  @Test
  void aBackupThatNamesAFileOutsideIsRefusedHoweverWellItsHashIs() throws IOException {
    byte[] name = "../../ring.key".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer out = ByteBuffer.allocate(4 + 1 + 4 + 2 + name.length + 4);
    out.putInt('T' << 24 | 'K' << 16 | 'B' << 8 | 'K').put((byte) 1).putInt(1).putShort((short) name.length).put(name).putInt(0);
    byte[] hash = Blob.sha256(out.array());
    Path file = Files.write(folder.resolve("hostile"), ByteBuffer.allocate(out.capacity() + 32).put(out.array()).put(hash).array());
    KeyRingException refused = assertThrows(KeyRingException.class, () -> restore(file, "one"));
    assertTrue(refused.getMessage().contains("no key ring has"), refused.getMessage());
  }

  @Test
  void aRingInMemoryHasNoBackup() {
    try (KeyRing ring = KeyRing.inMemory()) {
      assertThrows(KeyRingException.class, () -> ring.backUp(folder.resolve("none")));
    }
  }
}
