// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tacet.he.Blob;
import dev.tacet.he.HeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever the files hold that a client takes from others or has kept for years, they are read or refused by name. Without JAZZER_FUZZ
 * each target runs on the inputs kept beside it; {@code .ci/fuzz} searches.
 */
class ReceivedFilesFuzzTest {
  @TempDir static Path folder;

  @FuzzTest(maxDuration = "10s")
  void policies(byte[] bytes) {
    try {
      PrivacyPolicy.parse("fuzz", new String(bytes, StandardCharsets.UTF_8));
    } catch (PolicyException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void receipts(byte[] bytes) {
    try {
      DeletionReceipt.parse(new String(bytes, StandardCharsets.UTF_8)).lines("key");
    } catch (AuditTrailException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void cards(byte[] bytes) {
    try {
      ProviderCard card = ProviderCard.fromBytes(ByteBuffer.wrap(bytes));
      if (!Arrays.equals(bytes, card.toBytes())) {
        throw new AssertionError("a card that is another when it is written again");
      }
    } catch (HeException e) {
      return;
    }
  }

  /** The SHA-256 at the end is made right, so that the search starts behind it. */
  @FuzzTest(maxDuration = "10s")
  void backups(byte[] bytes) throws IOException {
    byte[] whole = Arrays.copyOf(bytes, bytes.length + 32);
    System.arraycopy(Blob.sha256(bytes), 0, whole, bytes.length, 32);
    Path file = Files.write(folder.resolve("backup"), whole);
    try {
      KeyRing.restore(file, folder.resolve("ring"), "fuzz".toCharArray());
    } catch (KeyRingException e) {
      return;
    }
    throw new AssertionError("a ring that opens without its passphrase");
  }
}
