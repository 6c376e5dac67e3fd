// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.ServerMetrics;
import dev.tacet.server.internal.calls.Inferences;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How every call ends: with one message, or with one row of the error table. */
final class Calls {
  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

  private final Callers callers;
  private final ServerMetrics metrics;

  Calls(Tenants tenants, ServerMetrics metrics) {
    this.callers = new Callers(tenants);
    this.metrics = metrics;
  }

  /** Returns the tenant whose call this thread answers. */
  Tenant tenant() {
    return callers.tenant();
  }

  /** Computes the answer to the caller's tenant on this thread and sends it. */
  <T> void answer(String call, StreamObserver<T> observer, Function<Tenant, T> work) {
    T answer;
    Tenant tenant = callers.tenant();
    try {
      answer = work.apply(tenant);
    } catch (RuntimeException | Error e) {
      fail(tenant.name(), call, observer, e);
      return;
    }
    send(observer, answer);
  }

  /**
   * Starts an inference and sends its end; a caller that goes away stops it.
   *
   * @param start starts it, and returns what stops it
   * @param message makes the answer's message
   */
  <T> void infer(
      Tenant tenant, String call, StreamObserver<T> observer, Function<Inferences.Outcome, Runnable> start,
      BiFunction<ServedModel, InferenceRunner.Answer, T> message) {
    ServerCallStreamObserver<T> server = (ServerCallStreamObserver<T>) observer;
    AtomicReference<Runnable> stop = new AtomicReference<>(() -> {});
    server.setOnCancelHandler(() -> stop.get().run());
    Inferences.Outcome outcome = new Inferences.Outcome() {
      @Override
      public void answered(ServedModel model, InferenceRunner.Answer answer) {
        send(observer, message.apply(model, answer));
      }

      @Override
      public void failed(Throwable failure) {
        fail(tenant.name(), call, observer, failure);
      }
    };
    try {
      stop.set(start.apply(outcome));
      if (server.isCancelled()) {
        stop.get().run();
      }
    } catch (RuntimeException | Error e) {
      outcome.failed(e);
    }
  }

  /** Sends an answer; a caller that has gone away is no error. */
  <T> void send(StreamObserver<T> observer, T answer) {
    if (observer instanceof ServerCallStreamObserver<T> server && server.isCancelled()) {
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  /** Ends the call with an error. A defect is logged with its stack under an incident number, which is all the peer gets. */
  void fail(String tenant, String call, StreamObserver<?> observer, Throwable failure) {
    String incident = String.format(Locale.ROOT, "%08x", ThreadLocalRandom.current().nextInt());
    ServiceException error = ErrorTable.toServiceException(failure, incident);
    metrics.failed(tenant, call, error.errorCause());
    if (error.errorCause() == ErrorCause.INTERNAL) {
      LOG.error("{}: incident {}", call, incident, failure);
    } else {
      LOG.debug("{}: {} {}", call, error.errorCause(), error.getMessage());
    }
    if (observer instanceof ServerCallStreamObserver<?> server && server.isCancelled()) {
      return;
    }
    observer.onError(ErrorTable.toGrpc(error));
  }
}
