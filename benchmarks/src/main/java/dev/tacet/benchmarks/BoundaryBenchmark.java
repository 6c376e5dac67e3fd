// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Plaintext;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Calls of each shape that crosses into the engine; each frees what it made, as callers must. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "-Djmh.ignoreLock=true")
public class BoundaryBenchmark {
  /** Operands and a result, without arrays: what every operation on ciphertexts pays. */
  @Benchmark
  public int negate(BoundaryState state) {
    try (Ciphertext result = state.evaluator.negate(state.x)) {
      return result.level();
    }
  }

  /** An operation with a key. */
  @Benchmark
  public int rotate(BoundaryState state) {
    try (Ciphertext result = state.evaluator.rotate(state.x, 1)) {
      return result.level();
    }
  }

  /** An array of doubles in. */
  @Benchmark
  public int encode(BoundaryState state) {
    try (Plaintext result = Plaintext.encode(state.context, state.slots, state.level, state.scale)) {
      return result.level();
    }
  }

  /** Two seeds, drawn in Java, in direct buffers. */
  @Benchmark
  public int encrypt(BoundaryState state) {
    try (Ciphertext result = state.encryptor.encrypt(state.plain)) {
      return result.level();
    }
  }

  /** Arrays of doubles out. */
  @Benchmark
  public Object decrypt(BoundaryState state) {
    return state.decryptor.decrypt(state.x);
  }

  /** Runs these benchmarks with JMH's own options. */
  public static void main(String[] arguments) throws RunnerException, CommandLineOptionException {
    new Runner(
            new OptionsBuilder()
                .parent(new CommandLineOptions(arguments))
                .include(BoundaryBenchmark.class.getSimpleName())
                .build())
        .run();
  }
}
