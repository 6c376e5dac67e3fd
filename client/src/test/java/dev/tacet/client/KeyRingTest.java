// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.internal.QuickRing;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyRingTest {
  private static final Parameters PARAMETERS = TestModel.parameters();

  @TempDir Path folder;

  private KeyRing open(String passphrase) {
    return KeyRing.open(QuickRing.in(folder, passphrase), passphrase.toCharArray());
  }

  private static byte[] secretBlob(KeyRing ring) {
    return ring.secretKey(PARAMETERS).export(SecretKeyAccess.get());
  }

  @Test
  void theSecretKeyIsTheSameAfterTheRingIsOpenedAgain() {
    byte[] first;
    try (KeyRing ring = open("one")) {
      first = secretBlob(ring);
    }
    try (KeyRing ring = open("one")) {
      assertArrayEquals(first, secretBlob(ring));
    }
  }

  @Test
  void aNewRingTakesAsManyRoundsAsItsFormatAdvises() throws IOException {
    KeyRing.open(folder, "one".toCharArray()).close();
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("ring.key")));
    assertEquals(600_000, file.getInt(5), "rounds of PBKDF2-HMAC-SHA512");
    KeyRing.open(folder, "one".toCharArray()).close();
    assertThrows(WrongPassphraseException.class, () -> KeyRing.open(folder, "two".toCharArray()));
  }

  @Test
  void anotherPassphraseDoesNotOpenTheRing() {
    open("one").close();
    WrongPassphraseException failed = assertThrows(WrongPassphraseException.class, () -> open("two"));
    assertTrue(failed.getMessage().contains("ring.key"), failed.getMessage());
    assertThrows(KeyRingException.class, () -> KeyRing.open(folder, new char[0]));
  }

  @Test
  void theSeedIsInNoFileAndOnlyTheOwnerCanReadThem() throws IOException {
    byte[] seed;
    try (KeyRing ring = open("one")) {
      seed = ring.secretKey(PARAMETERS).memoryForms(SecretKeyAccess.get()).get(0);
      ring.publicKey(PARAMETERS).close();
      ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 1)), ProgressListener.NONE);
    }
    assertEquals(32, seed.length);
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.filter(p -> !p.equals(folder)).toList()) {
        boolean directory = Files.isDirectory(path);
        if (!path.getFileName().toString().equals("lock")) {
          assertEquals(
              directory ? "rwx------" : "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)),
              path.toString());
        }
        assertTrue(directory || indexOf(Files.readAllBytes(path), seed) < 0, path + " holds the secret seed");
      }
    }
  }

  @Test
  void anAlteredByteOfAKeyFileIsATypedError() throws IOException {
    try (KeyRing ring = open("one")) {
      ring.secretKey(PARAMETERS);
    }
    Path secret = folder.resolve(PARAMETERS.hashHex()).resolve("secret.key");
    byte[] bytes = Files.readAllBytes(secret);
    for (int at : new int[] {0, 12, bytes.length / 2, bytes.length - 1}) {
      byte[] altered = bytes.clone();
      altered[at] ^= 1;
      Files.write(secret, altered);
      try (KeyRing ring = open("one")) {
        assertThrows(KeyRingException.class, () -> ring.secretKey(PARAMETERS), "byte " + at);
      }
    }
    for (int length : new int[] {0, 5, bytes.length - 1}) {
      Files.write(secret, Arrays.copyOf(bytes, length));
      try (KeyRing ring = open("one")) {
        assertThrows(KeyRingException.class, () -> ring.secretKey(PARAMETERS), "length " + length);
      }
    }
  }

  @Test
  void anAlteredByteOfTheRingFileIsATypedError() throws IOException {
    open("one").close();
    Path file = folder.resolve("ring.key");
    byte[] bytes = Files.readAllBytes(file);
    for (int at : new int[] {0, 4, 5, 9, 30, bytes.length - 1}) {
      byte[] altered = bytes.clone();
      altered[at] ^= 1;
      Files.write(file, altered);
      assertThrows(KeyRingException.class, () -> open("one"), "byte " + at);
    }
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
    assertThrows(KeyRingException.class, () -> open("one"));
  }

  @Test
  void aKeySealedForOtherParametersDoesNotOpen() throws IOException {
    Parameters other =
        ModulusChain.select(12, RingType.STANDARD, 40, 30, 1, 35, 1)
            .security(SecurityLevel.CLASSICAL_128).build();
    try (KeyRing ring = open("one")) {
      ring.secretKey(PARAMETERS);
    }
    Path home = Files.createDirectories(folder.resolve(other.hashHex()));
    Files.copy(folder.resolve(PARAMETERS.hashHex()).resolve("secret.key"), home.resolve("secret.key"));
    try (KeyRing ring = open("one")) {
      assertThrows(KeyRingException.class, () -> ring.secretKey(other));
    }
  }

  @Test
  void evaluationKeysAreSharedBetweenSetsAndNotMadeTwice() throws IOException {
    try (KeyRing ring = open("one")) {
      KeyManifest small = ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 1)), ProgressListener.NONE);
      KeyManifest large =
          ring.evaluationKeys(
              PARAMETERS, List.of(new KeyRequirement(5, 1), new KeyRequirement(0, 2)), ProgressListener.NONE);
      assertEquals(small.entries().get(0), large.entries().get(1));
      assertEquals(small, ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 1)), ProgressListener.NONE));
      Path key = folder.resolve(PARAMETERS.hashHex()).resolve("keys").resolve(small.entries().get(0).sha256() + ".key");
      Files.delete(key);
      KeyManifest again = ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 1)), ProgressListener.NONE);
      assertNotEquals(small.keySetId(), again.keySetId());
      assertEquals(again.entries().get(0).bytes(), ring.evaluationKey(PARAMETERS, again.entries().get(0)).remaining());
    }
  }

  @Test
  void thePublicKeyKeepsItsFingerprint() {
    String fingerprint;
    try (KeyRing ring = open("one"); PublicKey key = ring.publicKey(PARAMETERS)) {
      fingerprint = key.fingerprint();
    }
    try (KeyRing ring = open("one"); PublicKey key = ring.publicKey(PARAMETERS)) {
      assertEquals(fingerprint, key.fingerprint());
    }
  }

  @Test
  void rotationForgetsTheKeyAndAllThatWasMadeFromIt() {
    try (KeyRing ring = open("one")) {
      byte[] before = secretBlob(ring);
      KeyManifest keys = ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 1)), ProgressListener.NONE);
      ring.rotate(PARAMETERS);
      assertFalse(Arrays.equals(before, secretBlob(ring)));
      assertNotEquals(
          keys.keySetId(),
          ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 1)), ProgressListener.NONE).keySetId());
    }
  }

  @Test
  void aKeyThatAnotherClientRotatedMakesNoMoreKeys() {
    try (KeyRing a = open("one"); KeyRing b = open("one")) {
      List<KeyRequirement> keys = List.of(new KeyRequirement(5, 0));
      a.evaluationKeys(PARAMETERS, keys, ProgressListener.NONE);
      b.rotate(PARAMETERS);
      assertThrows(KeyRingException.class, () -> a.publicKey(PARAMETERS));
      b.evaluationKeys(PARAMETERS, keys, ProgressListener.NONE);
      KeyRingException refused =
          assertThrows(KeyRingException.class, () -> a.evaluationKeys(PARAMETERS, keys, ProgressListener.NONE));
      assertTrue(refused.getMessage().contains("replaced"), refused.getMessage());
      assertThrows(KeyRingException.class, () -> a.publicKey(PARAMETERS));
    }
  }

  @Test
  void whatALostSecretKeyLeftBehindIsNotTakenForTheNextOnes() throws IOException {
    Path home = folder.resolve(PARAMETERS.hashHex());
    String before;
    KeyManifest keys;
    try (KeyRing ring = open("one"); PublicKey key = ring.publicKey(PARAMETERS)) {
      before = key.fingerprint();
      keys = ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 0)), ProgressListener.NONE);
    }
    Files.delete(home.resolve("secret.key"));
    try (KeyRing ring = open("one"); PublicKey key = ring.publicKey(PARAMETERS)) {
      assertNotEquals(before, key.fingerprint());
      assertNotEquals(
          keys.keySetId(),
          ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 0)), ProgressListener.NONE).keySetId());
    }
  }

  @Test
  void aForeignOrDamagedPublicKeyFileIsATypedError() throws IOException {
    Path file = folder.resolve(PARAMETERS.hashHex()).resolve("public.key");
    try (KeyRing ring = open("one"); KeyRing other = KeyRing.inMemory(); PublicKey foreign = other.publicKey(PARAMETERS)) {
      ring.publicKey(PARAMETERS).close();
      byte[] good = Files.readAllBytes(file);
      Files.write(file, foreign.toBytes());
      KeyRingException refused = assertThrows(KeyRingException.class, () -> ring.publicKey(PARAMETERS));
      assertTrue(refused.getMessage().contains("does not belong"), refused.getMessage());
      Files.write(file, Arrays.copyOf(good, good.length - 1));
      assertThrows(KeyRingException.class, () -> ring.publicKey(PARAMETERS));
      Files.write(file, good);
      ring.publicKey(PARAMETERS).close();
    }
  }

  @Test
  void aRotationThatDiedHalfWayIsFinishedByTheNextOpening() throws IOException {
    try (KeyRing ring = open("one")) {
      ring.secretKey(PARAMETERS);
    }
    Path gone = folder.resolve(".rotated-" + PARAMETERS.hashHex());
    Files.move(folder.resolve(PARAMETERS.hashHex()), gone);
    try (KeyRing ring = open("one")) {
      assertFalse(Files.exists(gone));
      ring.secretKey(PARAMETERS);
    }
  }

  @Test
  void whatAKilledProcessLeftIsCleanedUpAndWhatASetNamesStays() throws IOException {
    Path home = folder.resolve(PARAMETERS.hashHex());
    KeyManifest first;
    try (KeyRing ring = open("one")) {
      first = ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 0)), ProgressListener.NONE);
    }
    Path torn = Files.write(home.resolve("keys").resolve(".new-1.tmp"), new byte[10]);
    Path orphan = Files.write(home.resolve("keys").resolve("a".repeat(64) + ".key"), new byte[10]);
    try (KeyRing ring = open("one")) {
      assertFalse(Files.exists(torn));
      assertEquals(first, ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 0)), ProgressListener.NONE));
      ring.evaluationKeys(
          PARAMETERS, List.of(new KeyRequirement(5, 0), new KeyRequirement(25, 0)), ProgressListener.NONE);
      assertFalse(Files.exists(orphan));
      assertEquals(first.entries().get(0).bytes(), ring.evaluationKey(PARAMETERS, first.entries().get(0)).remaining());
    }
  }

  @Test
  void aRingThatIsClosedDuringACallClosesTheRestAndCanBeClosedAgain() throws Exception {
    KeyRing ring = open("one");
    SecretKey key = ring.secretKey(PARAMETERS);
    KeyGenerator generator = new KeyGenerator(key);
    Thread busy = new Thread(() -> {
      try {
        while (true) {
          generator.publicKey().close();
        }
      } catch (IllegalStateException e) {
        // the key is closed
      }
    });
    busy.start();
    for (boolean closed = false; !closed; ) {
      try {
        ring.close();
        closed = true;
      } catch (IllegalStateException e) {
        assertTrue(e.getMessage().contains("using it"), e.getMessage());
      }
    }
    busy.join();
    assertTrue(key.isClosed());
  }

  @Test
  void twoRingsOverOneFolderMakeOneKey() throws Exception {
    try (KeyRing a = open("one"); KeyRing b = open("one")) {
      List<byte[]> keys = Collections.synchronizedList(new ArrayList<>());
      Thread[] threads = {new Thread(() -> keys.add(secretBlob(a))), new Thread(() -> keys.add(secretBlob(b)))};
      for (Thread thread : threads) {
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(2, keys.size());
      assertArrayEquals(keys.get(0), keys.get(1));
    }
  }

  @Test
  void aRingInMemoryLeavesNothingBehind() throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    long before = rings(temporary);
    KeyRing ring = KeyRing.inMemory();
    ring.secretKey(PARAMETERS);
    ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 0)), ProgressListener.NONE);
    assertEquals(before + 1, rings(temporary));
    ring.close();
    ring.close();
    assertEquals(before, rings(temporary));
    assertThrows(IllegalStateException.class, () -> ring.secretKey(PARAMETERS));
  }

  @Test
  void aProcessThatIsToldToEndDeletesTheFolderOfItsRingInMemory() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djava.io.tmpdir=" + folder, "-cp",
                System.getProperty("java.class.path"), RingInMemory.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertEquals('r', process.getInputStream().read());
      assertEquals(1, rings(folder));
      process.destroy();
      assertTrue(process.waitFor(1, TimeUnit.MINUTES));
      assertEquals(0, rings(folder));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Another process: makes keys in memory, says "r" and waits for its end. */
  static final class RingInMemory {
    public static void main(String[] arguments) throws Exception {
      KeyRing ring = KeyRing.inMemory();
      ring.evaluationKeys(PARAMETERS, List.of(new KeyRequirement(5, 0)), ProgressListener.NONE);
      System.out.print('r');
      System.out.flush();
      Thread.sleep(60_000);
      ring.close();
    }
  }

  private static long rings(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(p -> p.getFileName().toString().startsWith("tacet-keys-")).count();
    }
  }

  private static int indexOf(byte[] in, byte[] needle) {
    for (int i = 0; i + needle.length <= in.length; i++) {
      if (Arrays.equals(in, i, i + needle.length, needle, 0, needle.length)) {
        return i;
      }
    }
    return -1;
  }
}
