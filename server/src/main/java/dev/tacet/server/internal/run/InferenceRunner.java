// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import dev.tacet.he.Cancellation;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ValueType;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.RequestDigest;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.keys.LeasedCache;
import dev.tacet.server.internal.keys.OwnedKeySet;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.observe.Tracing;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs admitted calls on its own threads, as many as the limits say; tenants with waiting calls take turns. A call that is cancelled
 * or late is dropped from the queue, or stopped between two operations of its program.
 */
public final class InferenceRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceRunner.class);

  private final RunLimits limits;
  private final Admission admission;
  private final KeyCache keys;
  private final ServerMetrics metrics;
  private final Tracing tracing;
  private final FairQueue<Job> queue = new FairQueue<>();
  private final List<Thread> workers = new ArrayList<>();
  private final ThreadLocal<ByteBuffer> scratch = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 16));
  private final Set<Job> running = ConcurrentHashMap.newKeySet();

  /**
   * One call, its lengths checked, its contents not.
   *
   * @param tenant whose call it is
   * @param origin names the call for those who follow it
   * @param lease of the model, given back when the call ends, also when it is refused
   * @param keySet empty if the program needs no key
   * @param inputs CIPHERTEXT blobs
   * @param remaining time until the deadline
   */
  public record Call(
      String tenant, Origin origin, ServedModel.Lease lease, Optional<OwnedKeySet> keySet, List<ByteBuffer> inputs,
      Duration remaining) {
    ServedModel model() {
      return lease.model();
    }
  }

  /**
   * An answer.
   *
   * @param outputs CIPHERTEXT blobs
   * @param nanos wall time of the native run
   * @param layerNanos by layer, in the program's order
   * @param requestSha256 of what was run
   */
  public record Answer(List<ByteBuffer> outputs, long nanos, long[] layerNanos, byte[] requestSha256) {}

  /** Gets the end of a call, once, on a worker thread. */
  public interface Listener {
    /** The call was answered. */
    void answered(Answer answer);

    /** The call failed. */
    void failed(Throwable failure);
  }

  /** Makes the runner and its threads. */
  public InferenceRunner(RunLimits limits, KeyCache keys, ServerMetrics metrics, Tracing tracing) {
    this.limits = limits;
    this.admission = new Admission(limits);
    this.keys = keys;
    this.metrics = metrics;
    this.tracing = tracing;
    for (int i = 1; i <= limits.workers(); i++) {
      Thread thread = new Thread(this::work, "tacet-run-" + i);
      thread.setDaemon(true);
      thread.start();
      workers.add(thread);
    }
  }

  private void work() {
    try {
      for (Job job = queue.take(); job != null; job = queue.take()) {
        try {
          job.run();
        } catch (RuntimeException | Error e) {
          LOG.error("a call's end could not be told", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the gate, for its numbers and for draining. */
  public Admission admission() {
    return admission;
  }

  /** Returns how many calls can be admitted at once, running and waiting. */
  public int places() {
    return limits.places();
  }

  /** Returns the bytes that admitted calls may hold. */
  public long memoryBytes() {
    return limits.memoryBytes();
  }

  /** Returns how many calls run. */
  public int running() {
    return running.size();
  }

  /** Returns how many calls wait for a worker. */
  public int waiting() {
    return queue.size();
  }

  /** Returns the time limit of a call. */
  public Duration maxDuration() {
    return limits.maxDuration();
  }

  /**
   * Admits a call and queues it.
   *
   * @return stops the call when run, from any thread; stopping a finished call does nothing
   * @throws ServiceException OVERLOADED, TOO_LARGE, SHUTTING_DOWN, at once and without calling the listener
   */
  public Runnable submit(Call call, Listener listener) {
    return enqueue(new Job(call, listener, admit(call), null));
  }

  private Admission.Ticket admit(Call call) {
    try {
      return admission.admit(call.tenant(), call.model().costNanos(), call.model().memoryBytes(), call.remaining());
    } catch (RuntimeException | Error e) {
      call.lease().close();
      throw e;
    }
  }

  private Runnable enqueue(Job job) {
    if (!queue.add(job.call.tenant(), job.call.model().costNanos(), job)) {
      job.release();
      throw new ServiceException(ErrorCause.SHUTTING_DOWN, "the host is shutting down");
    }
    return job::cancel;
  }

  /**
   * Admits a call whose inputs come one by one.
   *
   * @param call without inputs
   * @param complete gets the bytes of all inputs, once they are there and before the call is queued; what it throws ends the call
   * @return takes the inputs; the caller submits or closes it
   * @throws ServiceException as {@link #submit}
   */
  public Reception receive(Call call, LongConsumer complete) {
    return new Reception(call, admit(call), complete);
  }

  /** An admitted call whose inputs are on their way. Not thread-safe, but {@link #close()} may come from any thread. */
  public final class Reception implements AutoCloseable {
    private final Call call;
    private final Admission.Ticket ticket;
    private final List<ValueType> types;
    private final RequestDigest digest;
    private final LongConsumer complete;
    private final List<Ciphertext> inputs = new ArrayList<>();
    private final long startedAt = System.nanoTime();
    private long bytes;
    private boolean done;

    private Reception(Call call, Admission.Ticket ticket, LongConsumer complete) {
      this.call = call;
      this.complete = complete;
      this.ticket = ticket;
      this.types = call.model().program().inputCiphertexts();
      this.digest = new RequestDigest(
          call.model().signatureSha256(), call.model().version(), call.keySet().map(set -> set.id().hex()).orElse(""));
    }

    /** Returns the model that is called. */
    public ServedModel model() {
      return call.model();
    }

    /**
     * Reads the next input.
     *
     * @throws ServiceException WRONG_CIPHERTEXT if it is not what the program takes, or one too many; CANCELLED after closing
     */
    public synchronized void add(ByteBuffer blob) {
      if (done) {
        throw new ServiceException(ErrorCause.CANCELLED, "the call was cancelled while its inputs came");
      }
      int index = inputs.size();
      if (index == types.size()) {
        throw new ServiceException(
            ErrorCause.WRONG_CIPHERTEXT, "the call has more than the " + types.size() + " ciphertexts that the program takes");
      }
      ServedModel model = call.model();
      CiphertextGate.checkLength(index, blob.remaining(), model.parameters(), types.get(index));
      digest.add(blob);
      bytes += blob.remaining();
      inputs.add(CiphertextGate.read(index, direct(blob), model.context(), model.parameters(), types.get(index)));
    }

    /**
     * Queues the call; it belongs to the runner then.
     *
     * @return stops the call when run
     * @throws ServiceException WRONG_CIPHERTEXT if inputs are missing
     */
    public Runnable submit(Listener listener) {
      complete.accept(requireAll()); // not under the lock: it writes to the database, and closing must not wait for that
      synchronized (this) {
        requireAll();
        done = true;
        Duration left = call.remaining().minusNanos(System.nanoTime() - startedAt);
        return enqueue(new Job(new Call(call.tenant(), call.origin(), call.lease(), call.keySet(), List.of(), left), listener, ticket, this));
      }
    }

    /** Returns the bytes of all inputs. */
    private synchronized long requireAll() {
      if (done) {
        throw new ServiceException(ErrorCause.CANCELLED, "the call was cancelled while its inputs came");
      }
      if (inputs.size() != types.size()) {
        throw new ServiceException(
            ErrorCause.WRONG_CIPHERTEXT,
            "the call has " + inputs.size() + " ciphertexts, the program takes " + types.size());
      }
      return bytes;
    }

    @Override
    public synchronized void close() {
      if (!done) {
        done = true;
        release();
      }
    }

    private void release() {
      inputs.forEach(Ciphertext::close);
      call.lease().close();
      ticket.close();
    }
  }

  private final class Job {
    private final Call call;
    private final Listener listener;
    private final Admission.Ticket ticket;
    private final Reception received;
    private final Cancellation cancellation = new Cancellation();
    private final long queuedAt = System.nanoTime();
    private volatile boolean cancelled;

    /** A call, whose inputs are in the call or, where they came one by one, in {@code received}. */
    Job(Call call, Listener listener, Admission.Ticket ticket, Reception received) {
      this.call = call;
      this.received = received;
      this.listener = listener;
      this.ticket = ticket;
    }

    void cancel() {
      cancelled = true;
      cancellation.cancel();
      if (queue.remove(this)) {
        dropped();
      }
    }

    void release() {
      if (received != null) {
        received.release();
      }
      call.lease().close();
      ticket.close();
    }

    void dropped() {
      release();
      listener.failed(new ServiceException(ErrorCause.CANCELLED, "the call was cancelled while it waited"));
    }

    void run() {
      Answer answer;
      running.add(this);
      long startedAt = System.nanoTime();
      boolean failed = true;
      try (ticket) {
        long waited = startedAt - queuedAt;
        if (cancelled) {
          throw new ServiceException(ErrorCause.CANCELLED, "the call was cancelled while it waited");
        }
        if (waited >= call.remaining().toNanos()) {
          throw new ServiceException(
              ErrorCause.DEADLINE_EXCEEDED, "the call waited " + waited / 1_000_000 + " ms, its deadline is over");
        }
        answer = call.keySet().isPresent() ? runWithKeys(call.keySet().get()) : run(null);
        metrics.inferred(call.tenant(), call.model(), Duration.ofNanos(waited), Duration.ofNanos(answer.nanos()), answer.layerNanos());
        failed = false;
      } catch (RuntimeException | Error e) {
        listener.failed(e);
        return;
      } finally {
        running.remove(this);
        release();
        tracing.done(call.origin().trace(), "wait", queuedAt, startedAt, false, Attributes.empty());
        tracing.done(call.origin().trace(), "inference", startedAt, System.nanoTime(), failed, attributes());
      }
      listener.answered(answer);
    }

    private Attributes attributes() {
      return Attributes.builder().put("model", call.model().name()).put("version", call.model().version()).build();
    }

    private Answer runWithKeys(OwnedKeySet keySet) {
      long leasedAt = System.nanoTime();
      try (LeasedCache<OwnedKeySet, EvaluationKeySet>.Lease lease = keys.lease(keySet, call.model())) {
        tracing.done(call.origin().trace(), "keys", leasedAt, System.nanoTime(), false, Attributes.empty());
        return run(lease.value());
      }
    }

    private Answer run(EvaluationKeySet expanded) {
      ServedModel model = call.model();
      if (received != null) {
        return run(expanded, received.inputs, received.digest.finish());
      }
      List<ValueType> types = model.program().inputCiphertexts();
      List<Ciphertext> inputs = new ArrayList<>();
      try {
        for (int i = 0; i < types.size(); i++) {
          inputs.add(
              CiphertextGate.read(i, direct(call.inputs().get(i)), model.context(), model.parameters(), types.get(i)));
        }
        return run(expanded, inputs, RequestDigest.of(
            model.signatureSha256(), model.version(), call.keySet().map(set -> set.id().hex()).orElse(""), call.inputs()));
      } finally {
        inputs.forEach(Ciphertext::close);
      }
    }

    private Answer run(EvaluationKeySet expanded, List<Ciphertext> inputs, byte[] request) {
      try (ExecutableProgram.Run run = call.model().executable().run(expanded, inputs, cancellation)) {
        call.model().measured(run.nanos());
        traceRun(run);
        List<ByteBuffer> outputs = new ArrayList<>();
        for (Ciphertext output : run.outputs()) {
          outputs.add(ByteBuffer.wrap(output.toBytes()));
        }
        return new Answer(outputs, run.nanos(), run.layerNanos(), request);
      }
    }

    /** The native run, with the time of each layer. */
    private void traceRun(ExecutableProgram.Run run) {
      long end = System.nanoTime();
      AttributesBuilder layers = Attributes.builder();
      for (int i = 0; i < run.layerNanos().length; i++) {
        layers.put("layer." + i + "." + call.model().program().layers().get(i) + ".nanos", run.layerNanos()[i]);
      }
      tracing.done(call.origin().trace(), "run", end - run.nanos(), end, false, layers.build());
    }
  }

  /** Copies to this thread's direct buffer, which the next input overwrites: the native reader keeps nothing of it. */
  private ByteBuffer direct(ByteBuffer bytes) {
    ByteBuffer buffer = scratch.get();
    if (buffer.capacity() < bytes.remaining()) {
      buffer = ByteBuffer.allocateDirect(bytes.remaining());
      scratch.set(buffer);
    }
    return buffer.clear().put(bytes.duplicate()).flip();
  }

  /**
   * Waits for the threads to end after {@link #close()}.
   *
   * @return false if one is still in native code
   */
  public boolean awaitStopped(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      for (Thread worker : workers) {
        worker.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        if (worker.isAlive()) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Stops the threads; what still waits is failed, what still runs is cancelled. */
  @Override
  public void close() {
    admission.drain();
    queue.close().forEach(Job::dropped);
    running.forEach(Job::cancel);
  }
}
