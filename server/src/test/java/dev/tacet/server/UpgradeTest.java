// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.protocol.v1.AuditServiceGrpc;
import dev.tacet.protocol.v1.GrantKeySetRequest;
import dev.tacet.protocol.v1.GrantServiceGrpc;
import dev.tacet.protocol.v1.ListGrantsRequest;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import dev.tacet.protocol.v1.ReadAuditRequest;
import dev.tacet.protocol.v1.ShowKeptRequest;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A data folder that an earlier version of the server left. */
class UpgradeTest {
  private static final double[] ROW = {0.25, 0.5, -1};

  @TempDir Path folder;

  @Test
  void keysOwnersAndTrailOfAnEarlierDataFolderAreThereAndWhatIsNewWorksOnThem() throws Exception {
    Path models = folder.resolve("models");
    Path data = folder.resolve("data");
    TestModels.write(models, "square", "1", TestModels.square());
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      int entries;
      try (TestHost before = new TestHost(models, data)) {
        owner.upload(before.keys());
        entries = before.stub(AuditServiceGrpc.AuditServiceBlockingStub.class).readAudit(ReadAuditRequest.getDefaultInstance())
            .getRecordsCount();
      }
      EarlierState.of(data);
      try (TestHost after = new TestHost(models, data)) {
        var response = after.inference().infer(owner.request(owner.encrypt(ROW)).build());
        assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
        var grants = after.stub(GrantServiceGrpc.GrantServiceBlockingStub.class);
        grants.grantKeySet(GrantKeySetRequest.newBuilder()
            .setKeySetId(owner.manifest.keySetId()).setGrantee("api-key:lab").setPurpose("tests").build());
        assertEquals(1, grants.listGrants(ListGrantsRequest.getDefaultInstance()).getGivenCount());
        var kept = after.stub(PrivacyServiceGrpc.PrivacyServiceBlockingStub.class).showKept(ShowKeptRequest.getDefaultInstance());
        assertEquals(1, kept.getKeySetsCount());
        assertEquals(owner.keyBlobs.size(), kept.getKeysCount());
        var trail = after.stub(AuditServiceGrpc.AuditServiceBlockingStub.class).readAudit(ReadAuditRequest.getDefaultInstance());
        assertEquals(1, trail.getRecords(0).getSequence());
        assertEquals(entries, trail.getRecordsList().stream().filter(r -> r.getSequence() <= entries).count());
      }
    }
  }
}
