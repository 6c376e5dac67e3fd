// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.calls;

import dev.tacet.he.ValueType;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.keys.OwnedKeySet;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.run.CiphertextGate;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.run.KeyCache;
import dev.tacet.server.internal.state.Audit.Action;
import dev.tacet.server.internal.tenants.Tenant;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Checks what can be checked cheaply of a request for an inference, hands it to the runner, and ends it once. */
public final class Inferences {
  private final InferenceRunner runner;

  /** Hands calls to a runner. */
  public Inferences(InferenceRunner runner) {
    this.runner = runner;
  }

  /**
   * The key set of a call.
   *
   * @param set empty if the program needs no key
   * @param grantedBy whose it is, where the caller only may use it
   */
  private record Keys(Optional<OwnedKeySet> set, List<String> grantedBy) {
    static final Keys NONE = new Keys(Optional.empty(), List.of());
  }

  /** Gets the end of a call, once, on any thread. */
  public interface Outcome {
    /** The call was answered. */
    void answered(ServedModel model, InferenceRunner.Answer answer);

    /** The call failed, was cancelled, or did not end in time. */
    void failed(Throwable failure);
  }

  /** Returns how many calls can be admitted at once. */
  public int places() {
    return runner.places();
  }

  /** Returns the time limit of a call. */
  public Duration maxDuration() {
    return runner.maxDuration();
  }

  /**
   * Starts a call.
   *
   * @param limit time until it fails with DEADLINE_EXCEEDED
   * @param timer watches the limit
   * @return stops the call when run, from any thread; stopping a finished call does nothing
   * @throws ServiceException and other rows of the error table, at once and without telling the outcome
   */
  public Runnable start(
      Tenant tenant, InferenceRequest request, Duration limit, ScheduledExecutorService timer, Outcome outcome) {
    tenant.inferences().take();
    ServedModel.Lease lease = lease(tenant, request);
    ServedModel model = lease.model();
    Ending ending = new Ending(model, outcome);
    Keys keys = checked(lease, () -> {
      requireSame(request, model);
      requireLengths(request, model);
      return keys(tenant, request, model);
    });
    InferenceRunner.Call call = new InferenceRunner.Call(tenant.name(), request.origin(), lease, keys.set(), request.ciphertexts(), limit);
    ending.stop = runner.submit(call, ending);
    try {
      long bytes = request.ciphertexts().stream().mapToLong(ByteBuffer::remaining).sum();
      record(tenant, request, model, keys, request.ciphertexts().size(), bytes);
      ending.recorded.complete(null);
    } catch (RuntimeException e) {
      if (ending.end()) {
        ending.stop();
        throw e;
      }
      ending.recorded.completeExceptionally(e);
    }
    ending.timer = timer.schedule(() -> ending.late(limit), limit.toMillis(), TimeUnit.MILLISECONDS);
    if (ending.ended.get()) {
      ending.timer.cancel(false);
    }
    return ending::stop;
  }

  /**
   * Admits a call whose ciphertexts come one by one; those of the request are none.
   *
   * @throws ServiceException and other rows of the error table, at once
   */
  public InferenceRunner.Reception receive(Tenant tenant, InferenceRequest request, Duration limit) {
    tenant.inferences().take();
    ServedModel.Lease lease = lease(tenant, request);
    ServedModel model = lease.model();
    Keys keys = checked(lease, () -> {
      requireSame(request, model);
      return keys(tenant, request, model);
    });
    InferenceRunner.Call call = new InferenceRunner.Call(tenant.name(), request.origin(), lease, keys.set(), List.of(), limit);
    return runner.receive(call, bytes -> { // the use of the keys may have been revoked while the ciphertexts came
      Keys now = keys(tenant, request, model);
      record(tenant, request, model, now, model.program().inputCiphertexts().size(), bytes);
    });
  }

  private static ServedModel.Lease lease(Tenant tenant, InferenceRequest request) {
    return tenant.models().lease(request.model(), request.version(), request.client(), request.signatureSha256());
  }

  /** Finds the keys of a call of a leased model; the lease is given back if there is something wrong with it. */
  private static Keys checked(ServedModel.Lease lease, Supplier<Keys> check) {
    try {
      return check.get();
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  /**
   * Writes an admitted call, whose ciphertexts are there, to its client's trail, and to the trails of those whose keys it uses; a call that
   * cannot be written there is not answered.
   */
  private static void record(
      Tenant tenant, InferenceRequest request, ServedModel model, Keys keys, int ciphertexts, long bytes) {
    String name = model.name() + "@" + model.version();
    String what = ciphertexts + " ciphertexts of " + bytes + " bytes"
        + (keys.set().isEmpty() ? "" : ", key set " + request.keySetId());  // one that no program needs was not looked at
    tenant.audit().append(request.client(), Action.INFERENCE, name, what);
    for (String owner : keys.grantedBy()) {
      tenant.audit().append(owner, Action.GRANT_USED, name, "by " + request.client() + ", " + what);
    }
  }

  private static void requireSame(InferenceRequest request, ServedModel model) {
    if (!request.signatureSha256().equals(model.signatureSha256())) {
      throw new ServiceException(
          ErrorCause.SIGNATURE_CHANGED,
          "the signature of model " + model.name() + " version " + model.version() + " is "
              + model.signatureSha256() + ", the call names " + named(request.signatureSha256()),
          Map.of("signature_sha256", model.signatureSha256()));
    }
    if (request.parameterHash().isPresent() && !request.parameterHash().get().equals(model.parameters().hashHex())) {
      throw new ServiceException(
          ErrorCause.WRONG_PARAMETERS,
          "the parameters of model " + model.name() + " have hash " + model.parameters().hashHex() + ", the call names "
              + named(request.parameterHash().get()));
    }
  }

  private static void requireLengths(InferenceRequest request, ServedModel model) {
    List<ValueType> types = model.program().inputCiphertexts();
    List<ByteBuffer> inputs = request.ciphertexts();
    if (inputs.size() != types.size()) {
      throw new ServiceException(
          ErrorCause.WRONG_CIPHERTEXT,
          "the call has " + inputs.size() + " ciphertexts, the program takes " + types.size());
    }
    for (int i = 0; i < types.size(); i++) {
      CiphertextGate.checkLength(i, inputs.get(i).remaining(), model.parameters(), types.get(i));
    }
  }

  private static Keys keys(Tenant tenant, InferenceRequest request, ServedModel model) {
    if (model.program().requiredKeys().isEmpty()) {
      return Keys.NONE;
    }
    if (request.keySetId().isEmpty()) {
      throw new ServiceException(
          ErrorCause.KEY_NOT_FOUND,
          "the program needs " + model.program().requiredKeys().size() + " evaluation keys, the call names no key set");
    }
    ContentHash id = new ContentHash(request.keySetId());
    KeyStore.Use use = tenant.keys().use(id, request.client());
    KeyCache.check(id, use.manifest(), model);
    return new Keys(Optional.of(new OwnedKeySet(tenant.keys(), id)), use.grantedBy());
  }

  /** A hash of a call in words, whatever it is. */
  private static String named(String sha256) {
    return sha256.isEmpty() ? "none" : sha256.matches("[0-9a-f]{64}") ? sha256 : "no SHA-256 in 64 hexadecimal digits";
  }

  /** Ends a call once: with the runner's answer, its failure, or the deadline, whichever comes first. */
  private static final class Ending implements InferenceRunner.Listener {
    private final ServedModel model;
    private final Outcome outcome;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final CompletableFuture<Void> recorded = new CompletableFuture<>();
    private volatile Runnable stop = () -> {};
    private volatile Future<?> timer;

    Ending(ServedModel model, Outcome outcome) {
      this.model = model;
      this.outcome = outcome;
    }

    void stop() {
      stop.run();
    }

    void late(Duration limit) {
      if (end()) {
        outcome.failed(
            new ServiceException(
                ErrorCause.DEADLINE_EXCEEDED, "the call did not end within " + limit.toMillis() + " ms"));
      }
      stop();
    }

    private boolean end() {
      Future<?> pending = timer;
      if (pending != null) {
        pending.cancel(false);
      }
      return ended.compareAndSet(false, true);
    }

    @Override
    public void answered(InferenceRunner.Answer answer) {
      if (end()) {
        recorded.whenComplete((none, failure) -> {
          if (failure == null) {
            outcome.answered(model, answer);
          } else {
            outcome.failed(failure);
          }
        });
      }
    }

    @Override
    public void failed(Throwable failure) {
      if (end()) {
        outcome.failed(failure);
      }
    }
  }
}
