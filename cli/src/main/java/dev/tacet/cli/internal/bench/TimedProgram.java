// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Program;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** A program with keys and inputs of its own, whose runs are timed. Not thread safe. */
final class TimedProgram implements AutoCloseable {
  private final Program program;
  private final ExecutableProgram executable;
  private final EvaluationKeySet keys;
  private final List<Ciphertext> inputs = new ArrayList<>();
  private final Deque<Runnable> closing = new ArrayDeque<>();
  private final double[] least;
  private final List<Double> runs = new ArrayList<>();

  /** Makes keys and encrypts a row; the program's inputs are slots. */
  TimedProgram(Program program) {
    this.program = program;
    least = new double[program.layers().size()];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    try {
      Context context = Context.create(program.parameters());
      closing.push(context::close);
      executable = ExecutableProgram.load(context, program);
      closing.push(executable::close);
      try (SecretKey secret = SecretKey.generate(context)) {
        keys = EvaluationKeySet.load(context, blobs(new KeyGenerator(secret), program));
        closing.push(keys::close);
        encrypt(new SecretEncryptor(secret));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static List<ByteBuffer> blobs(KeyGenerator generator, Program program) {
    List<ByteBuffer> blobs = new ArrayList<>();
    for (KeyRequirement key : program.requiredKeys()) {
      blobs.add(generator.evaluationKey(key));
    }
    return blobs;
  }

  private void encrypt(SecretEncryptor encryptor) {
    double[] slots = new double[program.parameters().slots()];
    Arrays.setAll(slots, i -> i % 2 == 0 ? 0.5 : -0.25);
    for (ValueType type : program.inputCiphertexts()) {
      Ciphertext input = encryptor.encrypt(slots, type.level(), type.scale());
      closing.push(input::close);
      inputs.add(input);
    }
  }

  /** Runs at least once, and again until the time is over. */
  void run(double seconds) {
    long start = System.nanoTime();
    do {
      runOnce();
    } while (System.nanoTime() - start < seconds * 1e9);
  }

  /** Runs as often, each time after something else. */
  void runAfter(Runnable between, int times) {
    for (int i = 0; i < times; i++) {
      between.run();
      runOnce();
    }
  }

  private void runOnce() {
    try (ExecutableProgram.Run result = executable.run(keys, inputs, null)) {
      long[] nanos = result.layerNanos();
      for (int l = 0; l < least.length; l++) {
        least[l] = Math.min(least[l], nanos[l]);
      }
      runs.add((double) result.nanos());
    }
  }

  Program program() {
    return program;
  }

  /** Returns the least wall time of each layer, in nanoseconds. */
  double[] leastByLayer() {
    return least.clone();
  }

  /** Returns the wall times of the runs in nanoseconds, ascending. */
  double[] sortedRuns() {
    return runs.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  @Override
  public void close() {
    while (!closing.isEmpty()) {
      closing.pop().run();
    }
  }
}
