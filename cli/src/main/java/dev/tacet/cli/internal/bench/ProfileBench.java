// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import dev.tacet.cli.internal.terminal.Machine;
import dev.tacet.compiler.CostCalibration;
import dev.tacet.compiler.CostProfile;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.NativeLibrary;
import dev.tacet.he.Program;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Measures this machine's cost profile: calibration programs on random rows under keys of their own, the least time of each layer. */
public final class ProfileBench {
  private static final int FEWEST_RUNS = 4;

  private ProfileBench() {}

  /**
   * Measures.
   *
   * @param name the profile's name
   * @param seconds how long all programs are run together, beside their preparation
   * @param threads of the engine in this process
   */
  public static CostProfile measure(String name, double seconds, int threads) {
    SortedMap<Integer, CostProfile.Rates> rates = new TreeMap<>();
    for (int logRingDegree : CostCalibration.LOG_RING_DEGREES) {
      List<Program> programs = CostCalibration.programs(logRingDegree);
      List<double[]> nanos = new ArrayList<>();
      for (Program program : programs) {
        nanos.add(layers(program, seconds / programs.size() / CostCalibration.LOG_RING_DEGREES.size()));
      }
      rates.put(logRingDegree, CostCalibration.fit(programs, nanos, CostProfile.embedded().at(logRingDegree)));
    }
    return new CostProfile(name, Machine.processor(), NativeLibrary.kernels(), threads, rates);
  }

  /** The least wall time of each layer over the runs that fit into the seconds. */
  private static double[] layers(Program program, double seconds) {
    double[] least = new double[program.layers().size()];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    List<Ciphertext> inputs = new ArrayList<>();
    try (Context context = Context.create(program.parameters());
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram executable = ExecutableProgram.load(context, program);
        EvaluationKeySet keys = EvaluationKeySet.load(context, blobs(new KeyGenerator(secret), program))) {
      SecretEncryptor encryptor = new SecretEncryptor(secret);
      double[] slots = {0.5, -0.25};
      for (ValueType type : program.inputCiphertexts()) {
        inputs.add(encryptor.encrypt(slots(slots, program.parameters().slots()), type.level(), type.scale()));
      }
      long start = System.nanoTime();
      for (int run = 0; run < FEWEST_RUNS || System.nanoTime() - start < seconds * 1e9; run++) {
        try (ExecutableProgram.Run result = executable.run(keys, inputs, null)) {
          for (int l = 0; l < least.length; l++) {
            least[l] = Math.min(least[l], result.layerNanos()[l]);
          }
        }
      }
    } finally {
      inputs.forEach(Ciphertext::close);
    }
    return least;
  }

  private static List<ByteBuffer> blobs(KeyGenerator generator, Program program) {
    List<ByteBuffer> blobs = new ArrayList<>();
    for (KeyRequirement key : program.requiredKeys()) {
      blobs.add(generator.evaluationKey(key));
    }
    return blobs;
  }

  private static double[] slots(double[] period, int count) {
    double[] all = new double[count];
    Arrays.setAll(all, i -> period[i % period.length]);
    return all;
  }
}
