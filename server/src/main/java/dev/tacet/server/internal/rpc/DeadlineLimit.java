// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Gives a call without a deadline, or with a later one, the host's own limit. A method ends a late call itself, with a row of
 * the error table; the transport's timeout, which knows no such thing, is set a little later and catches what is left. While messages
 * are still to come, each must arrive within a time of its own, so that a client that trickles its request does not keep its place.
 */
public final class DeadlineLimit implements ServerInterceptor {
  private static final AttributeKey<Long> LIMIT = AttributeKey.valueOf(DeadlineLimit.class, "LIMIT_MILLIS");
  private static final long GRACE_MILLIS = 2000;

  private final long maxMillis;
  private final long receiveMillis;

  /**
   * Makes the interceptor.
   *
   * @param limit of a call, at least 1 ms
   * @param receive within which each message must arrive, at least 1 ms
   */
  public DeadlineLimit(Duration limit, Duration receive) {
    this.maxMillis = limit.toMillis();
    this.receiveMillis = receive.toMillis();
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(
      ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    ServiceRequestContext context = ServiceRequestContext.current();
    long asked = context.requestTimeoutMillis();
    long limit = asked <= 0 ? maxMillis : Math.min(asked, maxMillis);
    context.setAttr(LIMIT, limit);
    long start = System.nanoTime();
    context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_START, Math.min(receiveMillis, limit + GRACE_MILLIS));
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      @Override
      public void onMessage(A message) {
        long left = limit + GRACE_MILLIS - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_NOW, Math.max(1, Math.min(receiveMillis, left)));
        super.onMessage(message);
      }

      @Override
      public void onHalfClose() {
        context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_START, limit + GRACE_MILLIS);
        super.onHalfClose();
      }
    };
  }

  /** Returns the time that a call may take from its start. */
  static Duration of(ServiceRequestContext context) {
    Long limit = context.attr(LIMIT);
    if (limit == null) {
      throw new IllegalStateException("the call did not pass the deadline interceptor");
    }
    return Duration.ofMillis(limit);
  }
}
