// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import dev.tacet.protocol.ModelMessages;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.GetModelResponse;
import dev.tacet.protocol.v1.ListModelsRequest;
import dev.tacet.protocol.v1.ListModelsResponse;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import dev.tacet.protocol.v1.ModelState;
import dev.tacet.protocol.v1.ModelEntry;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.models.ModelStatus;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.StreamObserver;

/** {@code tacet.v1.ModelService}. */
public final class ModelRpc extends ModelServiceGrpc.ModelServiceImplBase {
  private final Calls calls;

  /** Makes the service over the tenants' views of the repository. */
  public ModelRpc(Tenants tenants, ServerMetrics metrics) {
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> observer) {
    calls.answer(
        "ListModels",
        observer,
        tenant -> {
          ListModelsResponse.Builder list = ListModelsResponse.newBuilder();
          for (ModelStatus status : tenant.models().statuses()) {
            list.addModels(
                ModelEntry.newBuilder()
                    .setName(status.name())
                    .setVersion(status.version())
                    .setState(state(status.state()))
                    .setArtifactSha256(status.artifactSha256())
                    .setSignatureSha256(status.signatureSha256())
                    .setProblem(status.problem()));
          }
          return list.build();
        });
  }

  @Override
  public void getModel(GetModelRequest request, StreamObserver<GetModelResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer(
        "GetModel",
        observer,
        tenant -> {
          ServedModel model = tenant.models().get(request.getName(), request.getVersion(), client, request.getSignatureSha256());
          return ModelMessages.toMessage(
              model.name(), model.version(), model.artifactSha256(), model.parameters(), model.signature(), model.provenance());
        });
  }

  private static ModelState state(ModelStatus.State state) {
    return switch (state) {
      case READY -> ModelState.MODEL_STATE_READY;
      case REFUSED -> ModelState.MODEL_STATE_REFUSED;
      case UNLOADED -> ModelState.MODEL_STATE_UNLOADED;
    };
  }
}
