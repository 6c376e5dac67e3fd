// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.he.ValueType;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.LayerTime;
import dev.tacet.server.internal.ServerMetrics;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.OwnedKeySet;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.run.CiphertextGate;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.run.KeyCache;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** {@code tacet.v1.InferenceService}: checks what can be checked cheaply, then hands the call to the runner. */
public final class InferenceRpc extends InferenceServiceGrpc.InferenceServiceImplBase {
  private final KeyCache keys;
  private final InferenceRunner runner;
  private final Calls calls;

  /** Makes the service. */
  public InferenceRpc(Tenants tenants, KeyCache keys, InferenceRunner runner, ServerMetrics metrics) {
    this.keys = keys;
    this.runner = runner;
    this.calls = new Calls(tenants, metrics);
  }

  @Override
  public void infer(InferRequest request, StreamObserver<InferResponse> observer) {
    ServerCallStreamObserver<InferResponse> server = (ServerCallStreamObserver<InferResponse>) observer;
    ServiceRequestContext context = ServiceRequestContext.current();
    Duration limit = DeadlineLimit.of(context);
    Tenant tenant = calls.tenant();
    try {
      ServedModel model = tenant.models().get(request.getModel(), request.getVersion());
      Answering answering = new Answering(tenant, model, observer);
      server.setOnCancelHandler(answering::stop);
      answering.stop = runner.submit(prepare(tenant, request, model, limit), answering);
      answering.timer =
          context.eventLoop().schedule(() -> answering.late(limit), limit.toMillis(), TimeUnit.MILLISECONDS);
      if (answering.ended.get()) {
        answering.timer.cancel(false);
      }
      if (server.isCancelled()) {
        answering.stop();
      }
    } catch (RuntimeException | Error e) {
      calls.fail(tenant.name(), "Infer", observer, e);
    }
  }

  /** A hash of a call in words, whatever it is. */
  private static String named(String sha256) {
    return sha256.isEmpty() ? "none" : sha256.matches("[0-9a-f]{64}") ? sha256 : "no SHA-256 in 64 hexadecimal digits";
  }

  private InferenceRunner.Call prepare(Tenant tenant, InferRequest request, ServedModel model, Duration limit) {
    if (!request.getSignatureSha256().equals(model.signatureSha256())) {
      throw new ServiceException(
          ErrorCause.SIGNATURE_CHANGED,
          "the signature of model " + model.name() + " version " + model.version() + " is "
              + model.signatureSha256() + ", the call names " + named(request.getSignatureSha256()),
          Map.of("signature_sha256", model.signatureSha256()));
    }
    List<ValueType> types = model.program().inputTypes();
    if (request.getCiphertextsCount() != types.size()) {
      throw new ServiceException(
          ErrorCause.WRONG_CIPHERTEXT,
          "the call has " + request.getCiphertextsCount() + " ciphertexts, the program takes " + types.size());
    }
    List<ByteBuffer> inputs = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      ByteString bytes = request.getCiphertexts(i);
      CiphertextGate.checkLength(i, bytes.size(), model.parameters(), types.get(i));
      inputs.add(bytes.asReadOnlyByteBuffer());
    }
    Optional<OwnedKeySet> keySet = Optional.empty();
    if (!model.program().requiredKeys().isEmpty()) {
      if (request.getKeySetId().isEmpty()) {
        throw new ServiceException(
            ErrorCause.KEY_NOT_FOUND,
            "the program needs " + model.program().requiredKeys().size() + " evaluation keys, the call names no key set");
      }
      keySet = Optional.of(new OwnedKeySet(tenant.keys(), new ContentHash(request.getKeySetId())));
      keys.check(keySet.get(), model);
    }
    return new InferenceRunner.Call(tenant.name(), model, keySet, inputs, limit);
  }

  /** Ends a call once: with the runner's answer, its failure, or the deadline, whichever comes first. */
  private final class Answering implements InferenceRunner.Listener {
    private final Tenant tenant;
    private final ServedModel model;
    private final StreamObserver<InferResponse> observer;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile Runnable stop = () -> {};
    private volatile Future<?> timer;

    Answering(Tenant tenant, ServedModel model, StreamObserver<InferResponse> observer) {
      this.tenant = tenant;
      this.model = model;
      this.observer = observer;
    }

    void stop() {
      stop.run();
    }

    void late(Duration limit) {
      if (end()) {
        calls.fail(
            tenant.name(),
            "Infer",
            observer,
            new ServiceException(
                ErrorCause.DEADLINE_EXCEEDED, "the call did not end within " + limit.toMillis() + " ms"));
      }
      stop();
    }

    private boolean end() {
      Future<?> pending = timer;
      if (pending != null) {
        pending.cancel(false);
      }
      return ended.compareAndSet(false, true);
    }

    @Override
    public void answered(InferenceRunner.Answer answer) {
      if (!end()) {
        return;
      }
      InferResponse.Builder response =
          InferResponse.newBuilder()
              .setServerNanos(answer.nanos())
              .setRequestSha256(UnsafeByteOperations.unsafeWrap(answer.requestSha256()));
      for (ByteBuffer output : answer.outputs()) {
        response.addCiphertexts(UnsafeByteOperations.unsafeWrap(output));
      }
      List<String> layers = model.program().layers();
      for (int i = 0; i < layers.size(); i++) {
        response.addLayers(LayerTime.newBuilder().setName(layers.get(i)).setNanos(answer.layerNanos()[i]));
      }
      calls.send(observer, response.build());
    }

    @Override
    public void failed(Throwable failure) {
      if (end()) {
        calls.fail(tenant.name(), "Infer", observer, failure);
      }
    }
  }
}
