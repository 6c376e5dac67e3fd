// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.LayerTime;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.calls.InferenceRequest;
import dev.tacet.server.internal.calls.Inferences;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code tacet.v1.InferenceService}. */
public final class InferenceRpc extends InferenceServiceGrpc.InferenceServiceImplBase {
  /** The route of streamed calls, whose length is that of all their messages. */
  public static final String STREAM_PATH = "/" + InferenceServiceGrpc.getInferStreamMethod().getFullMethodName();

  private final Inferences inferences;
  private final Calls calls;

  /** Makes the service. */
  public InferenceRpc(Tenants tenants, Inferences inferences, ServerMetrics metrics) {
    this.inferences = inferences;
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void infer(InferRequest message, StreamObserver<InferResponse> observer) {
    ServiceRequestContext context = ServiceRequestContext.current();
    Tenant tenant = calls.tenant();
    String client = Callers.identity().subject();
    Origin origin = Calls.origin();
    InferenceRequest request =
        new InferenceRequest(
            client, origin, message.getModel(), message.getVersion(), message.getSignatureSha256(), message.getKeySetId(), Optional.empty(),
            message.getCiphertextsList().stream().map(ByteString::asReadOnlyByteBuffer).toList());
    calls.infer(
        tenant, origin, "Infer", observer, outcome ->
            inferences.start(tenant, request, DeadlineLimit.of(context), context.eventLoop(), outcome),
        (model, answer) -> message(model, answer, message.getLayerTimes()));
  }

  @Override
  public StreamObserver<InferStreamRequest> inferStream(StreamObserver<InferStreamResponse> observer) {
    ServiceRequestContext context = ServiceRequestContext.current();
    Duration limit = DeadlineLimit.of(context);
    Tenant tenant = calls.tenant();
    String client = Callers.identity().subject();
    Origin origin = Calls.origin();
    return new StreamedInference(calls, tenant, origin, (ServerCallStreamObserver<InferStreamResponse>) observer, call ->
        inferences.receive(
            tenant,
            new InferenceRequest(
                client, origin, call.getModel(), call.getVersion(), call.getSignatureSha256(), call.getKeySetId(), Optional.empty(), List.of()),
            limit), () -> Authentication.requireStill(context));
  }

  private static InferResponse message(ServedModel model, InferenceRunner.Answer answer, boolean layerTimes) {
    InferResponse.Builder response = end(model, answer, layerTimes);
    for (ByteBuffer output : answer.outputs()) {
      response.addCiphertexts(UnsafeByteOperations.unsafeWrap(output));
    }
    return response.build();
  }

  /** An answer without its ciphertexts. */
  static InferResponse.Builder end(ServedModel model, InferenceRunner.Answer answer, boolean layerTimes) {
    InferResponse.Builder response =
        InferResponse.newBuilder()
            .setServerNanos(answer.nanos())
            .setRequestSha256(UnsafeByteOperations.unsafeWrap(answer.requestSha256()));
    List<String> layers = model.program().layers();
    for (int i = 0; layerTimes && i < layers.size(); i++) {
      response.addLayers(LayerTime.newBuilder().setName(layers.get(i)).setNanos(answer.layerNanos()[i]));
    }
    return response;
  }
}
