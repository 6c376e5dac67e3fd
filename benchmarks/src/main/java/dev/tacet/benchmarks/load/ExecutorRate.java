// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import com.sun.management.OperatingSystemMXBean;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the executor does by itself: runs of the program, nothing read, sent or written.
 *
 * @param perSecond runs in a second of wall time
 * @param perCpuSecond runs for a second of processor time
 */
record ExecutorRate(double perSecond, double perCpuSecond) {
  /** Keys and inputs of one client. */
  private record Client(EvaluationKeySet keys, List<Ciphertext> inputs) {
    static Client of(Context context, ModelArtifact model) {
      try (SecretKey secret = SecretKey.generate(context)) {
        List<ByteBuffer> blobs = new ArrayList<>();
        for (KeyRequirement key : model.program().requiredKeys()) {
          blobs.add(new KeyGenerator(secret).evaluationKey(key));
        }
        List<Ciphertext> inputs = new ArrayList<>();
        for (ValueType type : model.program().inputCiphertexts()) {
          inputs.add(new SecretEncryptor(secret).encrypt(new double[model.parameters().slots()], type.level(), type.scale()));
        }
        return new Client(EvaluationKeySet.load(context, blobs), inputs);
      }
    }

    void close() {
      keys.close();
      inputs.forEach(Ciphertext::close);
    }
  }

  /**
   * Measures.
   *
   * @param clients whose keys take turns, as they do on a host: keys that were used a moment ago lie in the caches of the processor
   * @param threads that run the program at once
   */
  static ExecutorRate measure(ModelArtifact model, int clients, int threads, double seconds) {
    List<Client> each = new ArrayList<>();
    try (Context context = Context.create(model.parameters());
        ExecutableProgram program = ExecutableProgram.load(context, model.program())) {
      try {
        for (int i = 0; i < clients; i++) {
          each.add(Client.of(context, model));
        }
        measure(program, each, threads, seconds / 5);
        return measure(program, each, threads, seconds);
      } finally {
        each.forEach(Client::close);
      }
    }
  }

  private static ExecutorRate measure(
      ExecutableProgram program, List<Client> clients, int threads, double seconds) {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    AtomicLong runs = new AtomicLong();
    long cpu = system.getProcessCpuTime();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    CompletableFuture<?>[] workers = new CompletableFuture<?>[threads];
    for (int i = 0; i < threads; i++) {
      workers[i] = CompletableFuture.runAsync(() -> {
        while (System.nanoTime() < end) {
          Client client = clients.get((int) (runs.getAndIncrement() % clients.size()));
          program.run(client.keys(), client.inputs(), null).close();
        }
      }, task -> new Thread(task).start());
    }
    CompletableFuture.allOf(workers).join();
    double used = (system.getProcessCpuTime() - cpu) / 1e9;
    return new ExecutorRate(runs.get() * 1e9 / (System.nanoTime() - start), runs.get() / used);
  }
}
