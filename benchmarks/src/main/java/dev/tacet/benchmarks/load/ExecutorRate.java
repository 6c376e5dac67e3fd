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
  static ExecutorRate measure(ModelArtifact model, int threads, double seconds) {
    try (Context context = Context.create(model.parameters());
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram program = ExecutableProgram.load(context, model.program())) {
      List<ByteBuffer> blobs = new ArrayList<>();
      for (KeyRequirement key : model.program().requiredKeys()) {
        blobs.add(new KeyGenerator(secret).evaluationKey(key));
      }
      List<Ciphertext> inputs = new ArrayList<>();
      try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs)) {
        for (ValueType type : model.program().inputCiphertexts()) {
          inputs.add(new SecretEncryptor(secret).encrypt(new double[model.parameters().slots()], type.level(), type.scale()));
        }
        measure(program, keys, inputs, threads, seconds / 5);
        return measure(program, keys, inputs, threads, seconds);
      } finally {
        inputs.forEach(Ciphertext::close);
      }
    }
  }

  private static ExecutorRate measure(
      ExecutableProgram program, EvaluationKeySet keys, List<Ciphertext> inputs, int threads, double seconds) {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    AtomicLong runs = new AtomicLong();
    long cpu = system.getProcessCpuTime();
    long start = System.nanoTime();
    long end = start + (long) (seconds * 1e9);
    CompletableFuture<?>[] workers = new CompletableFuture<?>[threads];
    for (int i = 0; i < threads; i++) {
      workers[i] = CompletableFuture.runAsync(() -> {
        while (System.nanoTime() < end) {
          program.run(keys, inputs, null).close();
          runs.incrementAndGet();
        }
      }, task -> new Thread(task).start());
    }
    CompletableFuture.allOf(workers).join();
    double used = (system.getProcessCpuTime() - cpu) / 1e9;
    return new ExecutorRate(runs.get() * 1e9 / (System.nanoTime() - start), runs.get() / used);
  }
}
