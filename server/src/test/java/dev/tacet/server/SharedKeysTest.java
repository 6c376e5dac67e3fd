// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.he.Blob;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.DeleteKeptRequest;
import dev.tacet.protocol.v1.DeleteKeySetRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.ListKeySetsRequest;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import dev.tacet.protocol.v1.PutChunkResponse;
import dev.tacet.protocol.v1.ReadKeptRequest;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import dev.tacet.protocol.v1.ShowKeptRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Equal keys of two clients of a tenant are stored once, and each client has its own share in them, or none. */
class SharedKeysTest {
  private static final String BOTH = "- {name: lab, models: [\"*\"]}\n- {name: other, models: [\"*\"]}\n";
  private static final double[] ROW = {0.25, 0.5, -1};

  @TempDir Path folder;
  private ConfiguredHost host;
  private TestOwner owner;
  private String alice;
  private String bob;

  @BeforeEach
  void start() throws Exception {
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    alice = keys.issue("alice", "lab", Set.of("predict"), null);
    bob = keys.issue("bob", "lab", Set.of("predict"), null);
    keys.issue("other", "other", Set.of("predict"), null);
    owner = new TestOwner(TestModels.square());
    host = open(BOTH, "");
  }

  private ConfiguredHost open(String tenants, String retention) throws Exception {
    return new ConfiguredHost(folder, "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\ntenants:\n" + tenants + retention);
  }

  @AfterEach
  void stop() {
    host.close();
    owner.close();
  }

  private KeyServiceGrpc.KeyServiceBlockingStub keys(String client) {
    return host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, client);
  }

  private PrivacyServiceGrpc.PrivacyServiceBlockingStub privacy(String client) {
    return host.stub(PrivacyServiceGrpc.PrivacyServiceBlockingStub.class, client);
  }

  private Path tenant() {
    return folder.resolve("data").resolve("tenants").resolve("lab");
  }

  private long files() throws IOException {
    try (Stream<Path> all = Files.walk(tenant())) {
      return all.filter(Files::isRegularFile).filter(file -> !file.getFileName().toString().equals("lock")).count();
    }
  }

  private void sql(String text) throws Exception {
    String url = "jdbc:h2:file:" + folder.resolve("data").resolve("state").resolve("index");
    try (Connection connection = DriverManager.getConnection(url, "tacet", ""); Statement statement = connection.createStatement()) {
      statement.execute(text);
    }
  }

  @Test
  void aHashBringsNeitherAKeyNorAShareInIt() {
    owner.upload(keys(alice));
    byte[] key = owner.keyBlobs.get(0);
    ByteString sha256 = ByteString.copyFrom(Blob.sha256(key));
    assertEquals(List.of(sha256), keys(bob).missingKeys(MissingKeysRequest.newBuilder().addSha256(sha256).build()).getMissingList());
    TestHost.fails(ErrorCause.CHECKSUM_MISMATCH, () -> {
      byte[] wrong = key.clone();
      wrong[0] ^= 1;
      keys(bob).putChunk(TestOwner.chunk(wrong, sha256.toByteArray(), 0, 1).build());
    });
    PutChunkResponse one = TestOwner.put(keys(bob), key, 0, 1);
    assertEquals(1, one.getReceivedBytes());
    assertFalse(one.getComplete(), "what a client has not sent is not there for it");
    ReadKeptRequest read = ReadKeptRequest.newBuilder().setName("keys/" + Blob.sha256Hex(key)).build();
    TestHost.fails(ErrorCause.KEY_NOT_FOUND, () -> privacy(bob).readKept(read));
    TestHost.fails(ErrorCause.KEY_NOT_FOUND, () -> keys(bob).registerKeySet(
        RegisterKeySetRequest.newBuilder().setManifest(ByteString.copyFrom(owner.manifest.toBytes())).build()));

    assertTrue(TestOwner.put(keys(bob), key, 1, key.length).getComplete());
    owner.upload(keys(bob));
    assertFalse(privacy(bob).readKept(read).getData().isEmpty());
    assertEquals(1, keys(bob).listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsCount());
    privacy(alice).deleteKept(DeleteKeptRequest.getDefaultInstance());
    var response = host.stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class, bob).infer(owner.request(owner.encrypt(ROW)).build());
    assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
  }

  @Test
  void whatTheFirstSenderGotWrongDoesNotStopTheOneWhoHasTheKey() {
    byte[] key = owner.keyBlobs.get(0);
    byte[] sha256 = Blob.sha256(key);
    keys(bob).putChunk(TestOwner.chunk(new byte[key.length], sha256, 0, 1000).build());
    TestHost.fails(ErrorCause.OFFSET_MISMATCH, () -> TestOwner.put(keys(alice), key, 0, key.length / 2));
    owner.upload(keys(alice));
    assertEquals(1, keys(alice).listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsCount());
  }

  /** What was shown of an upload that began anew is nothing of the new one, though it was as long as the key, or but a byte shorter. */
  @Test
  void wrongBytesOfTheKeysLengthShowNothing() {
    byte[] key = owner.keyBlobs.get(0);
    byte[] sha256 = Blob.sha256(key);
    for (int length : new int[] {key.length - 1, key.length}) {
      byte[] longer = new byte[key.length + 5000];
      keys(bob).putChunk(TestOwner.chunk(longer, sha256, 0, length).build());
      TestHost.fails(ErrorCause.OFFSET_MISMATCH, () -> TestOwner.put(keys(alice), key, 0, key.length));
      owner.upload(keys(alice));
      assertEquals(0, TestOwner.put(keys(bob), key, 0, 0).getReceivedBytes(), "of length " + length);
      assertEquals(0, privacy(bob).showKept(ShowKeptRequest.getDefaultInstance()).getKeysCount());
      privacy(alice).deleteKept(DeleteKeptRequest.getDefaultInstance());
    }
  }

  @Test
  void garbageThatRacesAnUploadBringsNothing() throws Exception {
    byte[] key = owner.keyBlobs.get(0);
    byte[] sha256 = Blob.sha256(key);
    Thread racing = new Thread(() -> {
      for (int i = 0; i < 150; i++) {
        try {
          keys(bob).putChunk(TestOwner.chunk(new byte[key.length], sha256, 0, key.length).build());
        } catch (StatusRuntimeException wrong) {
          // it is not the key
        }
      }
    });
    racing.start();
    while (racing.isAlive()) {
      for (int at = 0; at < key.length; ) {
        try {
          PutChunkResponse got = TestOwner.put(keys(alice), key, at, Math.min(key.length, at + 100_000));
          at = got.getComplete() ? key.length : (int) got.getReceivedBytes();
        } catch (StatusRuntimeException disturbed) {
          at = 0;
        }
      }
      assertEquals(0, privacy(bob).showKept(ShowKeptRequest.getDefaultInstance()).getKeysList().stream().filter(k -> k.getComplete()).count());
      privacy(alice).deleteKept(DeleteKeptRequest.getDefaultInstance());
    }
    racing.join();
  }

  @Test
  void whatOneOwnerRegistersTheDeletionOfAnotherLeavesAlone() throws Exception {
    owner.upload(keys(alice));
    owner.upload(keys(bob));
    RegisterKeySetRequest register =
        RegisterKeySetRequest.newBuilder().setManifest(ByteString.copyFrom(owner.manifest.toBytes())).build();
    DeleteKeySetRequest delete = DeleteKeySetRequest.newBuilder().setKeySetId(owner.manifest.keySetId()).build();
    Thread deleting = new Thread(() -> {
      for (int i = 0; i < 40; i++) {
        registers(alice, register);
        keys(alice).deleteKeySet(delete);
      }
    });
    deleting.start();
    for (int i = 0; deleting.isAlive(); i++) {
      registers(bob, register);
      Thread.sleep(10);
      assertEquals(1, keys(bob).listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsCount(), "registration " + i);
      assertEquals(owner.keyBlobs.size(), privacy(bob).showKept(ShowKeptRequest.getDefaultInstance()).getKeysCount(), "keys " + i);
      keys(bob).deleteKeySet(delete);
    }
    deleting.join();
  }

  /** As a client does: keys that went with another owner's set while this one had none are brought again. */
  private void registers(String client, RegisterKeySetRequest register) {
    while (true) {
      try {
        owner.upload(keys(client));
        keys(client).registerKeySet(register);
        return;
      } catch (StatusRuntimeException gone) {
        // OUT_OF_RANGE: the other one brings it at this moment, and a client would go on where that one is.
        assertTrue(Set.of(Status.Code.NOT_FOUND, Status.Code.OUT_OF_RANGE).contains(gone.getStatus().getCode()), gone.getMessage());
      }
    }
  }

  @Test
  void keySetsWithoutAnOwnerGoWithTheirKeysAndAManifestThatNobodyWasToldOfIsNone() throws Exception {
    owner.upload(keys(alice));
    host.close();
    sql("delete from key_set_owners"); // as a process that was killed between two steps of older versions left it
    Path manifest = tenant().resolve("keysets").resolve(owner.manifest.keySetId());
    Path stray = Files.write(manifest.resolveSibling("ab".repeat(32)), Files.readAllBytes(manifest));
    host = open(BOTH, "");
    assertTrue(Files.notExists(stray));
    assertEquals(owner.keyBlobs.size(), privacy(alice).showKept(ShowKeptRequest.getDefaultInstance()).getKeysCount());
    String receipt = privacy(alice).deleteKept(DeleteKeptRequest.getDefaultInstance()).getReceipt().toStringUtf8();
    assertTrue(receipt.contains("key-set: " + owner.manifest.keySetId()), receipt);
    assertEquals(0, files(), "nothing stays");
  }

  @Test
  void retentionHoldsForATenantThatIsNotConfiguredAnyMore() throws Exception {
    owner.upload(keys(alice));
    host.close();
    assertTrue(files() > 0);
    Files.delete(folder.resolve("keys.yaml"));
    new ApiKeyFile(folder.resolve("keys.yaml")).issue("other", "other", Set.of("predict"), null);
    host = open("- {name: other, models: [\"*\"]}\n", "retention: {keys: 1s, audit: 1s, interval: 1s}\n");
    for (int i = 0; i < 200 && files() > 0; i++) {
      Thread.sleep(50);
    }
    assertEquals(0, files());
  }
}
