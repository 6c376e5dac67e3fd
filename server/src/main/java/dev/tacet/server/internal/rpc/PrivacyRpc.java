// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.protocol.v1.DeleteKeptRequest;
import dev.tacet.protocol.v1.DeleteKeptResponse;
import dev.tacet.protocol.v1.GetTermsRequest;
import dev.tacet.protocol.v1.GetTermsResponse;
import dev.tacet.protocol.v1.KeptKey;
import dev.tacet.protocol.v1.KeptTimes;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import dev.tacet.protocol.v1.ReadKeptRequest;
import dev.tacet.protocol.v1.ReadKeptResponse;
import dev.tacet.protocol.v1.ShowKeptRequest;
import dev.tacet.protocol.v1.ShowKeptResponse;
import dev.tacet.server.internal.config.Settings;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.tenants.Privacy;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code tacet.v1.PrivacyService}: what is kept about the caller, there is no way to name another. */
public final class PrivacyRpc extends PrivacyServiceGrpc.PrivacyServiceImplBase {
  private final Calls calls;

  /** Makes the service over what the tenants keep. */
  public PrivacyRpc(Tenants tenants, ServerMetrics metrics) {
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void getTerms(GetTermsRequest request, StreamObserver<GetTermsResponse> observer) {
    calls.answer("GetTerms", observer, tenant -> {
      Settings.Terms terms = tenant.privacy().retention().terms();
      return GetTermsResponse.newBuilder()
          .setRegion(terms.region()).addAllTransports(terms.transports()).setNarrowsSharing(terms.sharing().isPresent())
          .addAllSharing(terms.sharing().orElse(List.of())).setTimes(times(tenant))
          .build();
    });
  }

  @Override
  public void showKept(ShowKeptRequest request, StreamObserver<ShowKeptResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer("ShowKept", observer, tenant -> {
      Privacy.Kept kept = tenant.privacy().kept(client);
      ShowKeptResponse.Builder response =
          ShowKeptResponse.newBuilder()
              .setClient(kept.name()).setAuditBase(kept.audit().base()).setAuditLast(kept.audit().last()).setTimes(times(tenant))
              .setReceiptKey(UnsafeByteOperations.unsafeWrap(tenant.privacy().receiptKey()));
      kept.keySets().forEach(set -> response.addKeySets(KeyRpc.message(set)));
      kept.keys().forEach(key -> response.addKeys(
          KeptKey.newBuilder().setSha256(key.hash().hex()).setBytes(key.bytes()).setComplete(key.complete())));
      kept.given().forEach(grant -> response.addGrantsGiven(GrantRpc.message(grant)));
      kept.received().forEach(grant -> response.addGrantsReceived(GrantRpc.message(grant)));
      return response.build();
    });
  }

  private static KeptTimes times(Tenant tenant) {
    return KeptTimes.newBuilder()
        .setKeysSeconds(seconds(tenant.keys().limits().timeToLive()))
        .setUploadsSeconds(tenant.keys().limits().uploadLifetime().toSeconds())
        .setAuditSeconds(seconds(tenant.privacy().retention().audit()))
        .setBackupsSeconds(seconds(tenant.privacy().retention().backups()))
        .build();
  }

  private static long seconds(Optional<Duration> time) {
    return time.map(Duration::toSeconds).orElse(0L);
  }

  @Override
  public void readKept(ReadKeptRequest request, StreamObserver<ReadKeptResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer("ReadKept", observer, tenant ->
        ReadKeptResponse.newBuilder()
            .setData(UnsafeByteOperations.unsafeWrap(tenant.privacy().read(client, request.getName(), request.getOffset())))
            .build());
  }

  @Override
  public void deleteKept(DeleteKeptRequest request, StreamObserver<DeleteKeptResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer("DeleteKept", observer, tenant -> {
      Privacy.Receipt receipt = tenant.privacy().delete(client);
      return DeleteKeptResponse.newBuilder()
          .setReceipt(UnsafeByteOperations.unsafeWrap(receipt.text()))
          .setSignature(UnsafeByteOperations.unsafeWrap(receipt.signature()))
          .build();
    });
  }
}
