// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.HostTerms;
import dev.tacet.client.KeptData;
import dev.tacet.client.KeyGrant;
import dev.tacet.client.StoredKeySet;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.DeleteKeptRequest;
import dev.tacet.protocol.v1.DeleteKeptResponse;
import dev.tacet.protocol.v1.DeleteKeySetRequest;
import dev.tacet.protocol.v1.GetTermsRequest;
import dev.tacet.protocol.v1.GetTermsResponse;
import dev.tacet.protocol.v1.GrantKeySetRequest;
import dev.tacet.protocol.v1.GrantServiceGrpc;
import dev.tacet.protocol.v1.KeptTimes;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.KeySetGrant;
import dev.tacet.protocol.v1.ListGrantsRequest;
import dev.tacet.protocol.v1.ListGrantsResponse;
import dev.tacet.protocol.v1.ListKeySetsRequest;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import dev.tacet.protocol.v1.ReadKeptRequest;
import dev.tacet.protocol.v1.RevokeKeySetRequest;
import dev.tacet.protocol.v1.ShowKeptRequest;
import dev.tacet.protocol.v1.ShowKeptResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.AbstractStub;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The calls about what a host keeps for its client. Every failure is a ServiceException of the error table. */
public final class HostAccount {
  private static final Duration DELETION = Duration.ofMinutes(10);

  private final ManagedChannel channel;
  private final Duration deadline;

  HostAccount(ManagedChannel channel, Duration deadline) {
    this.channel = channel;
    this.deadline = deadline;
  }

  private <S extends AbstractStub<S>> S limited(S stub) {
    return stub.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }

  private KeyServiceGrpc.KeyServiceBlockingStub keys() {
    return limited(KeyServiceGrpc.newBlockingStub(channel));
  }

  private GrantServiceGrpc.GrantServiceBlockingStub grantService() {
    return limited(GrantServiceGrpc.newBlockingStub(channel));
  }

  /** Lists the client's key sets. */
  public List<StoredKeySet> keySets() {
    return Host.call(() -> keys().listKeySets(ListKeySetsRequest.getDefaultInstance()).getKeySetsList().stream()
        .map(HostAccount::keySet).toList());
  }

  static StoredKeySet keySet(dev.tacet.protocol.v1.StoredKeySet set) {
    return new StoredKeySet(
        ErrorTable.oneLine(set.getKeySetId()), ErrorTable.oneLine(set.getParameterSha256()), set.getBytes(), set.getKeys(),
        Instant.ofEpochMilli(set.getRegisteredAtMillis()), Instant.ofEpochMilli(set.getUsedAtMillis()),
        set.getExpiresAtMillis() == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(set.getExpiresAtMillis())));
  }

  /**
   * Ends the client's ownership of a key set.
   *
   * @return how many keys went with it
   * @throws ServiceException KEY_NOT_FOUND
   */
  public int deleteKeySet(String id) {
    return Host.call(() -> keys().deleteKeySet(DeleteKeySetRequest.newBuilder().setKeySetId(id).build()).getDeletedKeys());
  }

  /** Allows another client to use a key set. */
  public void grant(String keySetId, String grantee, String purpose) {
    Host.call(() -> grantService().grantKeySet(
        GrantKeySetRequest.newBuilder().setKeySetId(keySetId).setGrantee(grantee).setPurpose(purpose).build()));
  }

  /** Takes that back. */
  public void revoke(String keySetId, String grantee) {
    Host.call(() ->
        grantService().revokeKeySet(RevokeKeySetRequest.newBuilder().setKeySetId(keySetId).setGrantee(grantee).build()));
  }

  /** The grants that a client gave and was given. */
  public record GrantLists(List<KeyGrant> given, List<KeyGrant> received) {}

  /** Lists the grants. */
  public GrantLists grants() {
    ListGrantsResponse response = Host.call(() -> grantService().listGrants(ListGrantsRequest.getDefaultInstance()));
    return new GrantLists(
        response.getGivenList().stream().map(HostAccount::grant).toList(),
        response.getReceivedList().stream().map(HostAccount::grant).toList());
  }

  static KeyGrant grant(KeySetGrant grant) {
    return new KeyGrant(
        ErrorTable.oneLine(grant.getKeySetId()), ErrorTable.oneLine(grant.getOwner()), ErrorTable.oneLine(grant.getGrantee()),
        ErrorTable.oneLine(grant.getPurpose()), Instant.ofEpochMilli(grant.getSinceMillis()));
  }

  private PrivacyServiceGrpc.PrivacyServiceBlockingStub privacy() {
    return limited(PrivacyServiceGrpc.newBlockingStub(channel));
  }

  /**
   * What the host keeps.
   *
   * @param receiptKey public key of its receipts
   */
  public record Kept(KeptData data, byte[] receiptKey) {}

  /** Lists what the host keeps about the client. */
  public Kept kept() {
    ShowKeptResponse r = Host.call(() -> privacy().showKept(ShowKeptRequest.getDefaultInstance()));
    List<KeptData.Key> keys = r.getKeysList().stream()
        .map(key -> new KeptData.Key(ErrorTable.oneLine(key.getSha256()), key.getBytes(), key.getComplete())).toList();
    KeptData data = new KeptData(
        ErrorTable.oneLine(r.getClient()), r.getKeySetsList().stream().map(HostAccount::keySet).toList(), keys,
        r.getGrantsGivenList().stream().map(HostAccount::grant).toList(),
        r.getGrantsReceivedList().stream().map(HostAccount::grant).toList(), r.getAuditBase() + 1, r.getAuditLast(), times(r.getTimes()));
    return new Kept(data, r.getReceiptKey().toByteArray());
  }

  private static Optional<Duration> seconds(long seconds) {
    return seconds <= 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds));
  }

  /** Reads from what the host keeps; empty beyond the end. */
  public byte[] readKept(String name, long offset) {
    return Host.call(() ->
        privacy().readKept(ReadKeptRequest.newBuilder().setName(name).setOffset(offset).build()).getData().toByteArray());
  }

  /** Returns what the host says of itself. */
  public HostTerms terms() {
    GetTermsResponse r = Host.call(() -> privacy().getTerms(GetTermsRequest.getDefaultInstance()));
    return new HostTerms(
        ErrorTable.oneLine(r.getRegion()), Set.copyOf(r.getTransportsList()), r.getNarrowsSharing(), Set.copyOf(r.getSharingList()),
        times(r.getTimes()));
  }

  private static KeptData.Times times(KeptTimes times) {
    return new KeptData.Times(
        seconds(times.getKeysSeconds()), seconds(times.getUploadsSeconds()), seconds(times.getAuditSeconds()),
        seconds(times.getBackupsSeconds()));
  }

  /** A receipt as the host sent it, nothing of it checked. */
  public record SignedReceipt(byte[] text, byte[] signature) {}

  /** Has everything deleted that the host keeps about the client; a trail of millions of entries takes minutes. */
  public SignedReceipt deleteKept() {
    DeleteKeptResponse r = Host.call(() -> privacy().withDeadlineAfter(DELETION.toNanos(), TimeUnit.NANOSECONDS)
        .deleteKept(DeleteKeptRequest.getDefaultInstance()));
    return new SignedReceipt(r.getReceipt().toByteArray(), r.getSignature().toByteArray());
  }
}
