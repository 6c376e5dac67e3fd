// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.tenants.Tenant;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * One streamed inference. The call is admitted by its first message, before a ciphertext is taken; each ciphertext is checked and
 * brought into its compute form as it comes. A call that ends early, for whatever reason, gives its memory back at once.
 */
final class StreamedInference implements StreamObserver<InferStreamRequest>, InferenceRunner.Listener {
  private static final String NAME = "InferStream";

  private final Calls calls;
  private final Tenant tenant;
  private final Origin origin;
  private final ServerCallStreamObserver<InferStreamResponse> observer;
  private final Function<InferRequest, InferenceRunner.Reception> admit;
  private final Runnable stillAllowed;
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile InferenceRunner.Reception reception;
  private volatile boolean layerTimes;
  private volatile Runnable stop = () -> {};

  /**
   * Takes the parts.
   *
   * @param admit admits the call that the first message names, or says what is wrong with it
   * @param stillAllowed throws if the caller may not call any more, once its ciphertexts are there
   */
  StreamedInference(Calls calls, Tenant tenant, Origin origin, ServerCallStreamObserver<InferStreamResponse> observer,
      Function<InferRequest, InferenceRunner.Reception> admit, Runnable stillAllowed) {
    this.calls = calls;
    this.tenant = tenant;
    this.origin = origin;
    this.observer = observer;
    this.admit = admit;
    this.stillAllowed = stillAllowed;
    observer.setOnCancelHandler(this::cancel);
  }

  @Override
  public void onNext(InferStreamRequest message) {
    if (ended.get()) {
      return;
    }
    try {
      if (reception == null) {
        if (!message.hasCall() || message.getCall().getCiphertextsCount() > 0) {
          throw new ServiceException(ErrorCause.MALFORMED, "the first message of a stream names the call and has no ciphertexts in it");
        }
        layerTimes = message.getCall().getLayerTimes();
        reception = admit.apply(message.getCall());
      } else if (message.hasCall()) {
        throw new ServiceException(ErrorCause.MALFORMED, "a stream names its call once, in the first message");
      }
      for (ByteString blob : message.getCiphertextsList()) {
        reception.add(blob.asReadOnlyByteBuffer());
      }
      if (observer.isCancelled()) {
        cancel();
      }
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  @Override
  public void onError(Throwable failure) {
    cancel();
  }

  @Override
  public void onCompleted() {
    if (ended.get()) {
      return;
    }
    try {
      if (reception == null) {
        throw new ServiceException(ErrorCause.MALFORMED, "the stream ended before its first message");
      }
      stillAllowed.run();
      stop = reception.submit(this);
      if (observer.isCancelled()) {
        stop.run();
      }
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  private void cancel() {
    release();
    stop.run();
  }

  private void release() {
    InferenceRunner.Reception received = reception;
    if (received != null) {
      received.close();
    }
  }

  @Override
  public void answered(InferenceRunner.Answer answer) {
    if (!ended.compareAndSet(false, true) || observer.isCancelled()) {
      return;
    }
    for (ByteBuffer output : answer.outputs()) {
      observer.onNext(InferStreamResponse.newBuilder().addCiphertexts(UnsafeByteOperations.unsafeWrap(output)).build());
    }
    calls.send(observer, InferStreamResponse.newBuilder().setEnd(InferenceRpc.end(reception.model(), answer, layerTimes)).build());
  }

  @Override
  public void failed(Throwable failure) {
    release();
    if (ended.compareAndSet(false, true)) {
      calls.fail(tenant.name(), origin, NAME, observer, failure);
    }
  }
}
