// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.calls.Inferences;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

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

  /** Returns where the call that this thread answers comes from. */
  static Origin origin() {
    return Observation.originOf(ServiceRequestContext.current());
  }

  /** Computes the answer to the caller's tenant on this thread and sends it. */
  <T> void answer(String call, StreamObserver<T> observer, Function<Tenant, T> work) {
    T answer;
    Tenant tenant = callers.tenant();
    Origin origin = origin();
    try (MDC.MDCCloseable named = MDC.putCloseable(Origin.KEY, origin.requestId())) {
      answer = work.apply(tenant);
    } catch (RuntimeException | Error e) {
      fail(tenant.name(), origin, call, observer, e);
      return;
    }
    send(observer, answer);
  }

  /**
   * Starts an inference and sends its end; a caller that goes away stops it.
   *
   * @param origin the call's
   * @param start starts it, and returns what stops it
   * @param message makes the answer's message
   */
  <T> void infer(
      Tenant tenant, Origin origin, String call, StreamObserver<T> observer, Function<Inferences.Outcome, Runnable> start,
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
        fail(tenant.name(), origin, call, observer, failure);
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

  /** Ends the call with an error. A defect is logged with its stack under the request's id, which is all the peer gets. */
  void fail(String tenant, Origin origin, String call, StreamObserver<?> observer, Throwable failure) {
    ServiceException error = ErrorTable.toServiceException(failure, origin.requestId());
    metrics.failed(tenant, call, error.errorCause());
    if (error.errorCause() == ErrorCause.INTERNAL) {
      LOG.atError().addKeyValue(Origin.KEY, origin.requestId()).setCause(failure).log("{}: incident {}", call, origin.requestId());
    } else {
      LOG.atDebug().addKeyValue(Origin.KEY, origin.requestId()).log("{}: {} {}", call, error.errorCause(), error.getMessage());
    }
    if (observer instanceof ServerCallStreamObserver<?> server && server.isCancelled()) {
      return;
    }
    observer.onError(ErrorTable.toGrpc(error));
  }
}
