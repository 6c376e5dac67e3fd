// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tries to connect again with each call to a host that could not be reached. The channel by itself waits longer after each failure, up to
 * minutes, and meanwhile answers calls with the failure of then, though the host may be back.
 */
final class HostReconnect implements ClientInterceptor {
  /** How long a call waits for the connection: several round trips and a handshake. */
  private static final long PATIENCE_MILLIS = 500;

  private volatile ManagedChannel watched;

  /** Says which channel the calls go over. */
  void watch(ManagedChannel channel) {
    watched = channel;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    ManagedChannel channel = watched;
    if (channel != null && channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
      CountDownLatch changed = new CountDownLatch(1);
      channel.notifyWhenStateChanged(ConnectivityState.TRANSIENT_FAILURE, changed::countDown);
      channel.resetConnectBackoff();
      try {
        changed.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return next.newCall(method, options);
  }
}
