// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.inference.GRPCInferenceServiceGrpc;
import dev.tacet.protocol.inference.InferParameter;
import dev.tacet.protocol.inference.ModelInferRequest;
import dev.tacet.protocol.inference.ModelInferRequest.InferInputTensor;
import dev.tacet.protocol.inference.ModelInferResponse;
import dev.tacet.protocol.inference.ModelMetadataRequest;
import dev.tacet.protocol.inference.ModelMetadataResponse;
import dev.tacet.protocol.inference.ModelMetadataResponse.TensorMetadata;
import dev.tacet.protocol.inference.ModelReadyRequest;
import dev.tacet.protocol.inference.ModelReadyResponse;
import dev.tacet.protocol.inference.RepositoryIndexRequest;
import dev.tacet.protocol.inference.RepositoryIndexResponse;
import dev.tacet.protocol.inference.RepositoryIndexResponse.ModelIndex;
import dev.tacet.protocol.inference.RepositoryModelLoadRequest;
import dev.tacet.protocol.inference.RepositoryModelLoadResponse;
import dev.tacet.protocol.inference.RepositoryModelUnloadRequest;
import dev.tacet.protocol.inference.RepositoryModelUnloadResponse;
import dev.tacet.protocol.inference.ServerLiveRequest;
import dev.tacet.protocol.inference.ServerLiveResponse;
import dev.tacet.protocol.inference.ServerMetadataRequest;
import dev.tacet.protocol.inference.ServerMetadataResponse;
import dev.tacet.protocol.inference.ServerReadyRequest;
import dev.tacet.protocol.inference.ServerReadyResponse;
import dev.tacet.server.internal.calls.ByteTensor;
import dev.tacet.server.internal.calls.Deployments;
import dev.tacet.server.internal.calls.InferenceRequest;
import dev.tacet.server.internal.calls.Inferences;
import dev.tacet.server.internal.calls.OpenInference;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.identity.Role;
import dev.tacet.server.internal.models.ModelStatus;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.state.Readiness;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code inference.GRPCInferenceService}: the Open Inference Protocol, so that its clients and probes work. */
public final class OpenInferenceRpc extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
  private final Inferences inferences;
  private final Deployments deployments;
  private final Readiness readiness;
  private final Calls calls;

  /** Returns the roles that a call's path asks for: one of them lets a caller in. */
  public static Set<Role> roles(String path) {
    String method = path.substring(path.lastIndexOf('/') + 1);
    return switch (method) {
      case "RepositoryModelLoad", "RepositoryModelUnload" -> Deployments.ROLES;
      case "RepositoryIndex" -> Deployments.LISTERS;
      case "ServerLive", "ServerReady", "ServerMetadata" -> EnumSet.allOf(Role.class);
      default -> Role.CALLERS;
    };
  }

  /** Makes the service. */
  public OpenInferenceRpc(
      Tenants tenants, Inferences inferences, Deployments deployments, Readiness readiness, ServerMetrics metrics) {
    this.inferences = inferences;
    this.deployments = deployments;
    this.readiness = readiness;
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
    calls.send(observer, ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
    calls.send(observer, ServerReadyResponse.newBuilder().setReady(readiness.ready()).build());
  }

  @Override
  public void serverMetadata(ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
    calls.answer("ServerMetadata", observer, tenant ->
        ServerMetadataResponse.newBuilder()
            .setName(OpenInference.SERVER).setVersion(OpenInference.version()).addAllExtensions(OpenInference.EXTENSIONS).build());
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
    calls.answer("ModelReady", observer, tenant ->
        ModelReadyResponse.newBuilder().setReady(tenant.models().serves(request.getName(), request.getVersion())).build());
  }

  @Override
  public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
    String client = Callers.identity().subject();
    calls.answer("ModelMetadata", observer, tenant -> {
      ServedModel model = tenant.models().get(request.getName(), request.getVersion(), client, "");
      return ModelMetadataResponse.newBuilder()
          .setName(model.name())
          .addAllVersions(tenant.models().versions(model.name()))
          .setPlatform(OpenInference.platform(model))
          .addInputs(tensor(model.program().inputCiphertexts().size()))
          .addOutputs(tensor(model.program().outputCiphertexts().size()))
          .build();
    });
  }

  private static TensorMetadata tensor(int count) {
    return TensorMetadata.newBuilder().setName(ByteTensor.NAME).setDatatype(ByteTensor.TYPE).addShape(count).build();
  }

  @Override
  public void repositoryIndex(RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> observer) {
    calls.answer("RepositoryIndex", observer, tenant -> {
      requireNoName(request.getRepositoryName());
      RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
      for (ModelStatus status : tenant.models().statuses()) {
        if (status.ready() || !request.getReady()) {
          index.addModels(ModelIndex.newBuilder()
              .setName(status.name()).setVersion(status.version())
              .setState(status.ready() ? "READY" : "UNAVAILABLE").setReason(status.problem()));
        }
      }
      return index.build();
    });
  }

  private static void requireNoName(String repository) {
    if (!repository.isEmpty()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "this host has one repository, without a name");
    }
  }

  @Override
  public void repositoryModelLoad(RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> observer) {
    Identity caller = Callers.identity();
    calls.answer("RepositoryModelLoad", observer, tenant -> {
      requireNoName(request.getRepositoryName());
      deployments.load(caller, tenant, request.getModelName(), request.getParametersMap().keySet());
      return RepositoryModelLoadResponse.getDefaultInstance();
    });
  }

  @Override
  public void repositoryModelUnload(RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> observer) {
    Identity caller = Callers.identity();
    calls.answer("RepositoryModelUnload", observer, tenant -> {
      requireNoName(request.getRepositoryName());
      deployments.unload(caller, tenant, request.getModelName(), request.getParametersMap().keySet());
      return RepositoryModelUnloadResponse.getDefaultInstance();
    });
  }

  @Override
  public void modelInfer(ModelInferRequest message, StreamObserver<ModelInferResponse> observer) {
    ServiceRequestContext context = ServiceRequestContext.current();
    Tenant tenant = calls.tenant();
    String client = Callers.identity().subject();
    Origin origin = Calls.origin();
    calls.infer(
        tenant, origin, "ModelInfer", observer,
        outcome -> {
          Map<String, InferParameter> parameters = message.getParametersMap();
          Duration limit = OpenInference.limit(micros(parameters), DeadlineLimit.of(context));
          InferenceRequest request =
              new InferenceRequest(
                  client, origin, message.getModelName(), message.getModelVersion(), text(parameters, OpenInference.SIGNATURE).orElse(""),
                  text(parameters, OpenInference.KEY_SET).orElse(""), text(parameters, OpenInference.PARAMETERS), ciphertexts(message));
          return inferences.start(tenant, request, limit, context.eventLoop(), outcome);
        },
        (model, answer) -> response(message, model, answer));
  }

  private static List<ByteBuffer> ciphertexts(ModelInferRequest message) {
    ByteTensor.checkRequested(message.getOutputsList().stream().map(ModelInferRequest.InferRequestedOutputTensor::getName).toList());
    InferParameter layerTimes = message.getParametersMap().get(OpenInference.LAYER_TIMES);
    if (layerTimes != null && !layerTimes.hasBoolParam()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, OpenInference.LAYER_TIMES + " must be true or false");
    }
    if (message.getInputsCount() != 1 || message.getRawInputContentsCount() > 1) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "a model takes one tensor, \"" + ByteTensor.NAME + "\"; the call has " + message.getInputsCount()
              + (message.getRawInputContentsCount() > 1 ? ", and raw contents of " + message.getRawInputContentsCount() : ""));
    }
    InferInputTensor tensor = message.getInputs(0);
    ByteTensor.check(tensor.getName(), tensor.getDatatype(), tensor.getShapeList());
    if (message.getRawInputContentsCount() == 1) {
      if (tensor.hasContents()) {
        throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "the tensor has both raw and typed contents");
      }
      return ByteTensor.split(message.getRawInputContents(0).asReadOnlyByteBuffer(), tensor.getShape(0));
    }
    List<ByteString> elements = tensor.getContents().getBytesContentsList();
    ByteTensor.requireCount(elements.size(), tensor.getShape(0));
    return elements.stream().map(ByteString::asReadOnlyByteBuffer).toList();
  }

  private static Optional<String> text(Map<String, InferParameter> parameters, String name) {
    InferParameter parameter = parameters.get(name);
    if (parameter == null) {
      return Optional.empty();
    }
    if (!parameter.hasStringParam()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "parameter " + name + " must be a text");
    }
    return Optional.of(parameter.getStringParam());
  }

  private static long micros(Map<String, InferParameter> parameters) {
    InferParameter timeout = parameters.get(OpenInference.TIMEOUT);
    if (timeout == null) {
      return 0;
    }
    return switch (timeout.getParameterChoiceCase()) {
      case INT64_PARAM -> timeout.getInt64Param();
      case UINT64_PARAM -> timeout.getUint64Param();
      default -> throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "parameter timeout must be a whole number");
    };
  }

  private static ModelInferResponse response(ModelInferRequest request, ServedModel model, InferenceRunner.Answer answer) {
    ModelInferResponse.Builder response = ModelInferResponse.newBuilder()
        .setModelName(model.name())
        .setModelVersion(model.version())
        .setId(request.getId())
        .putParameters("request_sha256",
            InferParameter.newBuilder().setStringParam(HexFormat.of().formatHex(answer.requestSha256())).build())
        .putParameters("server_nanos", InferParameter.newBuilder().setInt64Param(answer.nanos()).build())
        .addOutputs(
            ModelInferResponse.InferOutputTensor.newBuilder()
                .setName(ByteTensor.NAME).setDatatype(ByteTensor.TYPE).addShape(answer.outputs().size()))
        .addRawOutputContents(UnsafeByteOperations.unsafeWrap(ByteTensor.join(answer.outputs())));
    InferParameter layerTimes = request.getParametersMap().get(OpenInference.LAYER_TIMES);
    if (layerTimes != null && layerTimes.getBoolParam()) {
      response.putParameters(
          OpenInference.LAYER_TIMES, InferParameter.newBuilder().setStringParam(OpenInference.layerTimes(model, answer)).build());
    }
    return response.build();
  }
}
