// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.KeyManifest;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys whose envelope, name and manifest are right and whose inside is not: registering them says so. */
class KeyProofTest {
  @TempDir Path folder;
  private TestHost host;
  private TestOwner owner;

  @BeforeEach
  void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    host = new TestHost(models, folder.resolve("data"));
    owner = new TestOwner(TestModels.square());
  }

  @AfterEach
  void stop() {
    owner.close();
    host.close();
  }

  /** Uploads the owner's keys, the first with another body, and registers them. */
  private String registerWith(byte[] body) {
    List<KeyManifest.Entry> entries = new ArrayList<>(owner.manifest.entries());
    byte[] blob = Blob.write(BlobKind.EVALUATION_KEY, owner.manifest.parameterHash(), body);
    entries.set(0, new KeyManifest.Entry(entries.get(0).key(), Blob.sha256Hex(blob), blob.length));
    owner.keyBlobs.set(0, blob);
    for (byte[] key : owner.keyBlobs) {
      for (int at = 0; at < key.length; at += 1 << 20) {
        TestOwner.put(host.keys(), key, at, Math.min(key.length, at + (1 << 20)));
      }
    }
    byte[] manifest = new KeyManifest(owner.manifest.parameterHash(), entries).toBytes();
    return host.keys()
        .registerKeySet(RegisterKeySetRequest.newBuilder().setManifest(UnsafeByteOperations.unsafeWrap(manifest)).build())
        .getKeySetId();
  }

  private byte[] body() {
    byte[] blob = owner.keyBlobs.get(0);
    return Arrays.copyOfRange(blob, Blob.HEADER_BYTES, blob.length - (Blob.OVERHEAD_BYTES - Blob.HEADER_BYTES));
  }

  @Test
  void keysAsTheyWereMadeAreRegistered() {
    assertEquals(owner.manifest.keySetId(), registerWith(body()));
  }

  @Test
  void aResidueThatIsNotBelowItsPrimeIsNamedWithItsPlaceWhenTheSetIsRegistered() {
    byte[] body = body();
    Arrays.fill(body, body.length - 64, body.length, (byte) 0xff);
    ServiceException e = TestHost.fails(ErrorCause.MALFORMED, () -> registerWith(body));
    assertTrue(e.getMessage().matches("(?s).*residue \\d+ of limb \\d+ is not below its prime \\d+.*"), e.getMessage());
  }

  @Test
  void aKeyThatEndsEarlyIsRefusedWhenTheSetIsRegistered() {
    byte[] body = body();
    TestHost.fails(ErrorCause.MALFORMED, () -> registerWith(Arrays.copyOf(body, body.length - 8)));
  }
}
