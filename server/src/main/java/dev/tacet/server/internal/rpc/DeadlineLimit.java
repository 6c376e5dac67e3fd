// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.netty.util.AttributeKey;
import java.time.Duration;

/**
 * Gives a call without a deadline, or with a later one, the host's own limit. A method ends a late call itself, with a row of
 * the error table; the transport's timeout, which knows no such thing, is set a little later and catches what is left.
 */
public final class DeadlineLimit implements ServerInterceptor {
  private static final AttributeKey<Long> LIMIT = AttributeKey.valueOf(DeadlineLimit.class, "LIMIT_MILLIS");
  private static final long GRACE_MILLIS = 2000;

  private final long maxMillis;

  /** Makes the interceptor for a limit of at least 1 ms. */
  public DeadlineLimit(Duration limit) {
    this.maxMillis = limit.toMillis();
  }

  @Override
  public <A, B> ServerCall.Listener<A> interceptCall(
      ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
    ServiceRequestContext context = ServiceRequestContext.current();
    long asked = context.requestTimeoutMillis();
    long limit = asked <= 0 ? maxMillis : Math.min(asked, maxMillis);
    context.setAttr(LIMIT, limit);
    context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_START, limit + GRACE_MILLIS);
    return next.startCall(call, headers);
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
