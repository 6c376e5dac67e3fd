// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.Credentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/** Puts the bearer credential into the header of every call. */
final class HostBearer implements ClientInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Credentials credentials;

  HostBearer(Credentials credentials) {
    this.credentials = credentials;
  }

  @Override
  public <A, B> ClientCall<A, B> interceptCall(MethodDescriptor<A, B> method, CallOptions options, Channel next) {
    return new HostCall<>(next.newCall(method, options));
  }

  private final class HostCall<A, B> extends SimpleForwardingClientCall<A, B> {
    HostCall(ClientCall<A, B> call) {
      super(call);
    }

    @Override
    public void start(Listener<B> listener, Metadata headers) {
      try {
        credentials.bearer().ifPresent(value -> headers.put(AUTHORIZATION, "Bearer " + value));
      } catch (RuntimeException e) {
        throw Status.UNAUTHENTICATED.withDescription("nothing was sent: " + e.getMessage()).withCause(e).asRuntimeException();
      }
      super.start(listener, headers);
    }
  }
}
