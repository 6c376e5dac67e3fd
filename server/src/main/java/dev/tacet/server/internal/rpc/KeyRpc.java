// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.ByteString;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.DeleteKeySetRequest;
import dev.tacet.protocol.v1.DeleteKeySetResponse;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.ListKeySetsRequest;
import dev.tacet.protocol.v1.ListKeySetsResponse;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.MissingKeysResponse;
import dev.tacet.protocol.v1.PutChunkRequest;
import dev.tacet.protocol.v1.PutChunkResponse;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import dev.tacet.protocol.v1.RegisterKeySetResponse;
import dev.tacet.protocol.v1.StoredKeySet;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.KeyIndex;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.keys.UploadStore.Progress;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.state.Audit.Action;
import dev.tacet.server.internal.run.ResidueProof;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.Set;

/** {@code tacet.v1.KeyService}. */
public final class KeyRpc extends KeyServiceGrpc.KeyServiceImplBase {
  /** Hashes in one MissingKeys call. */
  public static final int MAX_HASHES = 4096;

  private final ServerMetrics metrics;
  private final Calls calls;

  /** Makes the service over the tenants' stores. */
  public KeyRpc(Tenants tenants, ServerMetrics metrics) {
    this.metrics = metrics;
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void missingKeys(MissingKeysRequest request, StreamObserver<MissingKeysResponse> observer) {
    String caller = Callers.identity().subject();
    calls.answer(
        "MissingKeys",
        observer,
        tenant -> {
          if (request.getSha256Count() > MAX_HASHES) {
            throw new ServiceException(
                ErrorCause.INVALID_ARGUMENT,
                request.getSha256Count() + " hashes in one call, at most " + MAX_HASHES + " are accepted");
          }
          MissingKeysResponse.Builder missing = MissingKeysResponse.newBuilder();
          Set<ContentHash> own = tenant.privacy().own(caller);
          for (ByteString hash : request.getSha256List()) {
            ContentHash key = ContentHash.of(hash.toByteArray());
            if (!own.contains(key) || !tenant.keys().has(key)) {
              missing.addMissing(hash);
            }
          }
          return missing.build();
        });
  }

  @Override
  public void putChunk(PutChunkRequest request, StreamObserver<PutChunkResponse> observer) {
    String caller = Callers.identity().subject();
    calls.answer(
        "PutChunk",
        observer,
        tenant -> {
          ContentHash key = ContentHash.of(request.getUploadId().toByteArray());
          Progress progress =
              tenant.privacy().put(
                  caller,
                  key,
                  request.getTotalBytes(),
                  request.getOffset(),
                  request.getCrc32C(),
                  request.getData().asReadOnlyByteBuffer());
          if (progress.complete() && !request.getData().isEmpty()) {
            tenant.audit().append(
                caller, Action.KEY_STORED, key.hex(), request.getTotalBytes() + " bytes");
          }
          metrics.uploaded(tenant.name(), request.getData().size());
          return PutChunkResponse.newBuilder()
              .setReceivedBytes(progress.receivedBytes())
              .setComplete(progress.complete())
              .build();
        });
  }

  @Override
  public void registerKeySet(RegisterKeySetRequest request, StreamObserver<RegisterKeySetResponse> observer) {
    String caller = Callers.identity().subject();
    calls.answer(
        "RegisterKeySet",
        observer,
        tenant -> {
          ContentHash id =
              tenant.keys().register(
                  request.getManifest().asReadOnlyByteBuffer(), caller, tenant.privacy().own(caller), new ResidueProof(tenant.models()));
          tenant.audit().append(
              caller, Action.KEY_SET_REGISTERED, id.hex(), "manifest of " + request.getManifest().size() + " bytes");
          return RegisterKeySetResponse.newBuilder().setKeySetId(id.hex()).build();
        });
  }

  @Override
  public void listKeySets(ListKeySetsRequest request, StreamObserver<ListKeySetsResponse> observer) {
    String caller = Callers.identity().subject();
    calls.answer("ListKeySets", observer, tenant -> {
      ListKeySetsResponse.Builder response = ListKeySetsResponse.newBuilder();
      tenant.keys().index().keySetsOf(caller).forEach(set -> response.addKeySets(message(set)));
      return response.build();
    });
  }

  static StoredKeySet message(KeyIndex.KeySet set) {
    return StoredKeySet.newBuilder()
        .setKeySetId(set.id().hex()).setParameterSha256(set.parameterHash()).setBytes(set.bytes()).setKeys(set.keys())
        .setRegisteredAtMillis(set.registeredAt().toEpochMilli()).setUsedAtMillis(set.usedAt().toEpochMilli())
        .setExpiresAtMillis(set.expiresAt().map(Instant::toEpochMilli).orElse(0L))
        .build();
  }

  @Override
  public void deleteKeySet(DeleteKeySetRequest request, StreamObserver<DeleteKeySetResponse> observer) {
    String caller = Callers.identity().subject();
    calls.answer("DeleteKeySet", observer, tenant -> {
      ContentHash id = new ContentHash(request.getKeySetId());
      int deleted = tenant.keys().delete(id, caller).orElseThrow(() -> KeyStore.notRegistered(id)).size();
      tenant.audit().append(caller, Action.KEY_SET_DELETED, id.hex(), "with " + deleted + " keys");
      return DeleteKeySetResponse.newBuilder().setDeletedKeys(deleted).build();
    });
  }
}
