// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.GrantKeySetRequest;
import dev.tacet.protocol.v1.GrantKeySetResponse;
import dev.tacet.protocol.v1.GrantServiceGrpc;
import dev.tacet.protocol.v1.KeySetGrant;
import dev.tacet.protocol.v1.ListGrantsRequest;
import dev.tacet.protocol.v1.ListGrantsResponse;
import dev.tacet.protocol.v1.RevokeKeySetRequest;
import dev.tacet.protocol.v1.RevokeKeySetResponse;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.Grants;
import dev.tacet.server.internal.keys.Grants.Grant;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.state.Audit.Action;
import dev.tacet.server.internal.state.DatabaseKeyIndex;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;

/** {@code tacet.v1.GrantService}: an owner names others of its own tenant, there is no way to name one of another. */
public final class GrantRpc extends GrantServiceGrpc.GrantServiceImplBase {
  private static final Pattern PURPOSE = Pattern.compile("[^\\p{Cntrl}]{1," + Grants.MAX_PURPOSE_CHARACTERS + "}");
  private static final Pattern GRANTEE =
      Pattern.compile("(api-key|token|certificate):[^\\p{Cntrl}]{1," + (DatabaseKeyIndex.MAX_OWNER_CHARACTERS - 12) + "}");

  private final Calls calls;

  /** Makes the service over the tenants' grants. */
  public GrantRpc(Tenants tenants, ServerMetrics metrics) {
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void grantKeySet(GrantKeySetRequest request, StreamObserver<GrantKeySetResponse> observer) {
    String owner = Callers.identity().subject();
    calls.answer("GrantKeySet", observer, tenant -> {
      ContentHash id = new ContentHash(request.getKeySetId());
      if (!tenant.privacy().retention().terms().shares("providers")) {
        throw new ServiceException(ErrorCause.PERMISSION_DENIED, "this host allows no sharing with data providers: privacy.sharing");
      }
      if (!GRANTEE.matcher(request.getGrantee()).matches()) {
        throw new ServiceException(
            ErrorCause.INVALID_ARGUMENT,
            "the grantee must be named api-key:ID, token:SUBJECT or certificate:NAME, as in its audit trail");
      }
      if (!PURPOSE.matcher(request.getPurpose()).matches()) {
        throw new ServiceException(
            ErrorCause.INVALID_ARGUMENT,
            "the purpose has " + request.getPurpose().length() + " characters, must have 1 to " + Grants.MAX_PURPOSE_CHARACTERS
                + " and no control characters");
      }
      if (!tenant.grants().give(new Grant(id, owner, request.getGrantee(), request.getPurpose(), Instant.now()))) {
        throw KeyStore.notRegistered(id);
      }
      tenant.audit().append(owner, Action.GRANT_GIVEN, id.hex(), "to " + request.getGrantee() + " for " + request.getPurpose());
      return GrantKeySetResponse.getDefaultInstance();
    });
  }

  @Override
  public void revokeKeySet(RevokeKeySetRequest request, StreamObserver<RevokeKeySetResponse> observer) {
    String owner = Callers.identity().subject();
    calls.answer("RevokeKeySet", observer, tenant -> {
      ContentHash id = new ContentHash(request.getKeySetId());
      if (!tenant.grants().revoke(id, owner, request.getGrantee())) {
        throw new ServiceException(
            ErrorCause.KEY_NOT_FOUND, "there is no such grant of key set " + id, Map.of("key_set_id", id.hex()));
      }
      tenant.audit().append(owner, Action.GRANT_REVOKED, id.hex(), "from " + request.getGrantee());
      return RevokeKeySetResponse.getDefaultInstance();
    });
  }

  @Override
  public void listGrants(ListGrantsRequest request, StreamObserver<ListGrantsResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer("ListGrants", observer, tenant -> {
      ListGrantsResponse.Builder response = ListGrantsResponse.newBuilder();
      tenant.grants().givenBy(client).forEach(grant -> response.addGiven(message(grant)));
      tenant.grants().givenTo(client).forEach(grant -> response.addReceived(message(grant)));
      return response.build();
    });
  }

  static KeySetGrant message(Grant grant) {
    return KeySetGrant.newBuilder()
        .setKeySetId(grant.keySet().hex()).setOwner(grant.owner()).setGrantee(grant.grantee()).setPurpose(grant.purpose())
        .setSinceMillis(grant.since().toEpochMilli())
        .build();
  }
}
