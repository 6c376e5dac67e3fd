// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import dev.tacet.protocol.AuditEntry;
import dev.tacet.protocol.v1.AuditRecord;
import dev.tacet.protocol.v1.AuditServiceGrpc;
import dev.tacet.protocol.v1.ReadAuditRequest;
import dev.tacet.protocol.v1.ReadAuditResponse;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.state.Audit;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.StreamObserver;

/** {@code tacet.v1.AuditService}: a caller reads its own trail, there is no way to name another. */
public final class AuditRpc extends AuditServiceGrpc.AuditServiceImplBase {
  private static final int MAX_ENTRIES = 1000;

  private final Calls calls;

  /** Makes the service over the tenants' trails. */
  public AuditRpc(Tenants tenants, ServerMetrics metrics) {
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void readAudit(ReadAuditRequest request, StreamObserver<ReadAuditResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer("ReadAudit", observer, tenant -> {
      int limit = request.getLimit() <= 0 ? MAX_ENTRIES : Math.min(request.getLimit(), MAX_ENTRIES);
      ReadAuditResponse.Builder response = ReadAuditResponse.newBuilder().setTrail(tenant.audit().trail(client));
      Audit.Ends ends = tenant.audit().ends(client);
      response.setBaseSequence(ends.base()).setBaseSha256(ends.baseSha256());
      for (AuditEntry entry : tenant.audit().read(client, request.getFromSequence(), limit)) {
        response.addRecords(
            AuditRecord.newBuilder()
                .setSequence(entry.sequence()).setAtMillis(entry.atMillis()).setAction(entry.action()).setObject(entry.object())
                .setDetail(entry.detail()).setPreviousSha256(entry.previous()).setSha256(entry.sha256()));
      }
      return response.build();
    });
  }
}
