// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Phaser;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Calls for a time, and what came of them. */
final class Loop {
  private static final long HIGHEST_NANOS = 300_000_000_000L;
  private static final int DIGITS = 3;

  private final InferenceServiceGrpc.InferenceServiceBlockingStub blocking;
  private final InferenceServiceGrpc.InferenceServiceStub async;
  private final List<InferRequest> requests;
  private final ConcurrentHistogram latencies = new ConcurrentHistogram(HIGHEST_NANOS, DIGITS);
  private final Map<String, Integer> failures = new TreeMap<>();

  Loop(io.grpc.Channel host, List<InferRequest> requests) {
    this.blocking = InferenceServiceGrpc.newBlockingStub(host);
    this.async = InferenceServiceGrpc.newStub(host);
    this.requests = requests;
  }

  /**
   * What came of the calls.
   *
   * @param latencies of the answered ones in nanoseconds; in an open loop from the moment that a call was due
   * @param failures how many, by reason
   * @param seconds from the first call to the last answer
   */
  record Result(Histogram latencies, Map<String, Integer> failures, double seconds) {
    double perSecond() {
      return latencies.getTotalCount() / seconds;
    }

    int failed(String reason) {
      return failures.getOrDefault(reason, 0);
    }
  }

  /** Callers who ask again as soon as they have an answer, each time as the client that is drawn. */
  Result closed(int callers, double seconds, IntSupplier client) {
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      all.add(CompletableFuture.runAsync(() -> {
        for (long from = System.nanoTime(); from < end; from = System.nanoTime()) {
          try {
            blocking.infer(requests.get(client.getAsInt()));
            latencies.recordValue(System.nanoTime() - from);
          } catch (StatusRuntimeException e) {
            count(e);
          }
        }
      }, task -> new Thread(task).start()));
    }
    CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
    return new Result(latencies, failures, (System.nanoTime() - start) / 1e9);
  }

  /** Calls that come at the given moments, in nanoseconds after the start, whether earlier ones are answered or not. */
  Result open(long[] arrivals, IntSupplier client) {
    Phaser pending = new Phaser(1);
    long start = System.nanoTime();
    for (long arrival : arrivals) {
      long due = start + arrival;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      pending.register();
      async.infer(requests.get(client.getAsInt()), new StreamObserver<>() {
        @Override
        public void onNext(InferResponse response) {
          latencies.recordValue(System.nanoTime() - due);
        }

        @Override
        public void onError(Throwable failure) {
          count(failure);
          pending.arriveAndDeregister();
        }

        @Override
        public void onCompleted() {
          pending.arriveAndDeregister();
        }
      });
    }
    pending.arriveAndAwaitAdvance();
    return new Result(latencies, failures, (System.nanoTime() - start) / 1e9);
  }

  private void count(Throwable failure) {
    synchronized (failures) {
      failures.merge(ErrorTable.fromGrpc(failure).errorCause().name(), 1, Integer::sum);
    }
  }
}
