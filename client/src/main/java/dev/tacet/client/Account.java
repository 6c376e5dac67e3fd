// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.HostAccount;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.function.Supplier;

/** What a host keeps for this client, and what this client decides about it. Safe to use from many threads. */
public final class Account {
  private final TacetClient client;

  Account(TacetClient client) {
    this.client = client;
  }

  /** Lists this client's key sets on the host, the oldest first. */
  public List<StoredKeySet> keySets() {
    return call(host()::keySets);
  }

  /**
   * Deletes a key set on the host, with the keys that no other set names, the grants of it, and what the host holds of it in memory. The
   * key ring keeps its keys: the next prediction brings them again.
   *
   * @param id as {@link StoredKeySet#id()} gives it
   * @return how many keys were deleted with it
   * @throws CallFailedException KEY_NOT_FOUND if this client owns no such set
   */
  public int deleteKeySet(String id) {
    return call(() -> host().deleteKeySet(id));
  }

  /**
   * Allows a data provider to have models run with a key set, until it is revoked.
   *
   * @param grantee the provider's name on the host, such as {@code api-key:clinic-7}
   * @param purpose what for, 1 to 128 characters; the host records it
   * @throws PolicyException if this client's policy, or the host, allows no sharing with providers
   * @throws CallFailedException KEY_NOT_FOUND if this client owns no such set
   */
  public void grant(String keySetId, String grantee, String purpose) {
    client.guard().requireSharing("providers");
    call(() -> {
      host().grant(keySetId, grantee, purpose);
      return null;
    });
  }

  /**
   * Takes a grant back; calls that run already end.
   *
   * @throws CallFailedException KEY_NOT_FOUND if there is no such grant
   */
  public void revoke(String keySetId, String grantee) {
    call(() -> {
      host().revoke(keySetId, grantee);
      return null;
    });
  }

  /** Lists what this client granted to others. */
  public List<KeyGrant> grantsGiven() {
    return call(() -> host().grants().given());
  }

  /** Lists what others granted to this client. */
  public List<KeyGrant> grantsReceived() {
    return call(() -> host().grants().received());
  }

  /** Lists everything that the host says it keeps about this client. */
  public KeptData kept() {
    return call(() -> host().kept().data());
  }

  /**
   * Writes everything that the host keeps about this client as a ZIP archive with a manifest, {@code SHA256SUMS}; the audit trail in it is
   * checked as {@link TacetClient#auditTrail()} does. The stream is left open.
   *
   * @throws IOException if the stream takes no more
   * @throws AuditTrailException if the trail does not hold, at the end: the archive is whole then, but for the trail, and its
   *     {@code gone.txt} says why
   * @throws CallFailedException if a part does not have the hash that it is named by, or was deleted meanwhile
   */
  public void export(OutputStream out) throws IOException {
    KeptData kept = kept();
    AuditTrail trail = null;
    AuditTrailException broken = null;
    try {
      trail = client.auditTrail();
    } catch (AuditTrailException e) {
      broken = e;
    }
    DataExport export = new DataExport(out, host());
    try {
      export.write(kept, trail, broken, client.progress());
      export.finish();
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
    if (broken != null) {
      throw broken;
    }
  }

  /**
   * Deletes everything that the host keeps about this client: key sets, keys, unfinished uploads, grants both ways, and the audit trail
   * up to now; the host's operator deletes it from restored backups again. The key ring is left alone. The receipt is checked: its
   * signature, that the host's key is the one that this key ring saw first, that the trail goes on with the receipt's hash, and that the
   * host lists nothing any more.
   *
   * @throws AuditTrailException if the receipt does not hold; what the host deleted is unknown then
   */
  public DeletionReceipt deleteAll() {
    HostAccount.Kept before = call(host()::kept);
    client.requireReceiptKey(before.receiptKey());
    HostAccount.SignedReceipt sent = call(host()::deleteKept);
    DeletionReceipt receipt = DeletionReceipt.of(sent.text(), sent.signature(), before.receiptKey());
    AuditTrail trail = client.auditTrail();
    if (trail.entries().stream().noneMatch(e -> e.action().equals("deleted") && e.object().equals(receipt.sha256()))) {
      throw new AuditTrailException("the trail does not name the receipt of the deletion");
    }
    if (receipt.lines("audit-end").stream().noneMatch(end -> end.startsWith(trail.deleted() + " "))) {
      throw new AuditTrailException("the receipt says that the trail ended at entry " + receipt.lines("audit-end") + ", but it is deleted up to entry "
          + trail.deleted());
    }
    KeptData after = kept();
    if (!after.isEmpty()) {
      throw new AuditTrailException("the host still lists " + after.keySets().size() + " key sets and " + after.keys().size()
          + " keys after the deletion");
    }
    return receipt;
  }

  private HostAccount host() {
    client.requireOpen();
    return client.host().account();
  }

  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
  }
}
