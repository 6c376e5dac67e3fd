// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/** Bounds the calls whose messages are being received or answered; one too many is refused before its message is read. */
public final class InFlightLimit implements ServerInterceptor {
  private static final Duration RETRY = Duration.ofMillis(200);

  private final int most;
  private final Semaphore free;

  /** Makes the interceptor for at most this many calls. */
  public InFlightLimit(int most) {
    this.most = most;
    this.free = new Semaphore(most);
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(
      ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    if (!free.tryAcquire()) {
      StatusRuntimeException refused =
          ErrorTable.toGrpc(
              new ServiceException(
                  ErrorCause.OVERLOADED, "the host is busy: " + most + " calls are in flight on this route", Map.of(), RETRY, null));
      call.close(refused.getStatus(), refused.getTrailers());
      return new ServerCall.Listener<>() {};
    }
    AtomicBoolean released = new AtomicBoolean();
    ServerCall.Listener<A> listener;
    try {
      listener = next.startCall(call, headers);
    } catch (RuntimeException | Error e) {
      release(released);
      throw e;
    }
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onComplete() {
        release(released);
        super.onComplete();
      }

      @Override
      public void onCancel() {
        release(released);
        super.onCancel();
      }
    };
  }

  private void release(AtomicBoolean released) {
    if (released.compareAndSet(false, true)) {
      free.release();
    }
  }
}
