// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.compiler.HostMemory;
import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.Cancellation;
import dev.tacet.he.CancelledException;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Parameters;
import dev.tacet.he.ValueType;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a model once on ciphertexts and keys that are all zeros, which takes the time of a real call, since no operation's time depends
 * on its operands. Code and memory are warm afterwards, and admission knows what a run costs. A run of many seconds is given up:
 * being warm is nothing to it, and its model would be ready late.
 */
final class WarmUp {
  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);
  private static final int SEED_BYTES = 32;

  /** The longest that a model is held back. */
  static final Duration MOST = Duration.ofSeconds(10);

  private WarmUp() {}

  /**
   * Runs a model, unless its expanded keys take more than a number of bytes or the run more than a time.
   *
   * @return whether it ran to its end
   */
  static boolean run(ServedModel model, long mostBytes, Duration most) {
    Cancellation late = new Cancellation();
    CompletableFuture<Void> limit = CompletableFuture.runAsync(
        late::cancel, CompletableFuture.delayedExecutor(most.toNanos(), TimeUnit.NANOSECONDS));
    try {
      return run(model, mostBytes, late);
    } finally {
      limit.cancel(false);
    }
  }

  /** As above, until it is cancelled. */
  static boolean run(ServedModel model, long mostBytes, Cancellation late) {
    Parameters parameters = model.parameters();
    Collection<KeyRequirement> required = model.program().requiredKeys();
    long keyBytes = HostMemory.keyBytes(required, parameters);
    if (mostBytes == 0 || keyBytes > mostBytes) {
      return false;
    }
    Map<ValueType, Ciphertext> zeros = new HashMap<>();  // one of each type stands in for all inputs of that type
    Iterable<ByteBuffer> blobs = () -> blobs(required.iterator(), parameters);
    try (EvaluationKeySet keys = required.isEmpty() ? null : EvaluationKeySet.load(model.context(), blobs)) {
      List<Ciphertext> inputs = new ArrayList<>();
      for (ValueType type : model.program().inputCiphertexts()) {
        inputs.add(zeros.computeIfAbsent(type, t -> Ciphertext.fromBytes(model.context(), ciphertext(t, parameters))));
      }
      try (ExecutableProgram.Run run = model.executable().run(keys, inputs, late)) {
        model.measured(run.nanos());
        LOG.debug("model {} version {}: a run takes {} ms", model.name(), model.version(), run.nanos() / 1_000_000);
      }
      return true;
    } catch (CancelledException e) {
      LOG.info("model {} version {}: a run takes long and is not waited for: {}", model.name(), model.version(), e.getMessage());
      return false;
    } finally {
      zeros.values().forEach(Ciphertext::close);
    }
  }

  private static Iterator<ByteBuffer> blobs(Iterator<KeyRequirement> keys, Parameters parameters) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return keys.hasNext();
      }

      @Override
      public ByteBuffer next() {
        return key(keys.next(), parameters);
      }
    };
  }

  private static ByteBuffer key(KeyRequirement key, Parameters parameters) {
    int digits = parameters.digits(key.level());
    int limbs = limbBytes(parameters.modulusChain(), key.level() + 1, parameters)
        + limbBytes(parameters.specialPrimes(), parameters.specialPrimes().length, parameters);
    BoundedWriter body = new BoundedWriter()
        .u32(key.galoisElement()).u8(key.level()).u8(digits).u8(parameters.digitSize()).u8(parameters.specialPrimes().length)
        .bytes(new byte[SEED_BYTES]).bytes(new byte[digits * limbs]);
    return direct(BlobKind.EVALUATION_KEY, parameters, body);
  }

  private static ByteBuffer ciphertext(ValueType type, Parameters parameters) {
    BoundedWriter body = new BoundedWriter().u8(type.encoding().code()).u8(type.level()).u8(type.components()).u8(1);
    type.scale().writeTo(body);
    body.bytes(new byte[SEED_BYTES + limbBytes(parameters.modulusChain(), type.level() + 1, parameters)]);
    return direct(BlobKind.CIPHERTEXT, parameters, body);
  }

  /** Returns the bytes of one limb for each of the first primes. */
  private static int limbBytes(long[] primes, int count, Parameters parameters) {
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      long bits = 64L - Long.numberOfLeadingZeros(primes[i]);
      bytes += (bits * parameters.ringDegree() + 7) / 8;
    }
    return Math.toIntExact(bytes);
  }

  private static ByteBuffer direct(BlobKind kind, Parameters parameters, BoundedWriter body) {
    byte[] blob = Blob.write(kind, parameters.hash(), body.toBytes());
    return ByteBuffer.allocateDirect(blob.length).put(blob).flip();
  }
}
