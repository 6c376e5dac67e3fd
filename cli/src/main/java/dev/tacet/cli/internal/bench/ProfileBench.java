// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import dev.tacet.cli.internal.terminal.Machine;
import dev.tacet.compiler.CostCalibration;
import dev.tacet.compiler.CostProfile;
import dev.tacet.he.Encoding;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.NativeLibrary;
import dev.tacet.he.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Measures this machine's cost profile: calibration programs on random rows under keys of their own, the least time of each layer. */
public final class ProfileBench {
  /** How often all programs of a ring degree take their turn: what else the machine does is shared between them. */
  private static final int ROUNDS = 5;

  /** How often the smallest program is run, after a pass over this many words: more than processors' caches hold. */
  private static final int STARTS = 101;

  private static final int SWEPT_WORDS = 1 << 23;

  private ProfileBench() {}

  /**
   * A model's time beside the predicted one.
   *
   * @param model its name
   * @param runs how many were measured
   * @param least milliseconds of a run
   * @param median the same
   * @param predicted the same, by the profile
   */
  public record Check(String model, int runs, double least, double median, double predicted) {}

  /** What was measured. */
  public record Result(CostProfile profile, List<Check> checks) {}

  /**
   * Measures.
   *
   * @param name the profile's name
   * @param seconds how long all calibration programs are run together, beside their preparation; a model is run as long as one of them
   * @param threads of the engine in this process
   * @param models by name, to compare with what the profile predicts of them
   * @throws IllegalArgumentException if a model's inputs are not slots, or the name is no name
   */
  public static Result measure(String name, double seconds, int threads, Map<String, ModelArtifact> models) {
    return measure(name, seconds, threads, models, CostCalibration.LOG_RING_DEGREES);
  }

  /** The same at some ring degrees. */
  static Result measure(String name, double seconds, int threads, Map<String, ModelArtifact> models, List<Integer> logRingDegrees) {
    models.forEach((model, artifact) -> {
      if (artifact.program().inputCiphertexts().stream().anyMatch(type -> type.encoding() != Encoding.SLOTS)) {
        throw new IllegalArgumentException(model + " is one product of coefficients: it has no layers to time");
      }
    });
    SortedMap<Integer, CostProfile.Rates> rates = new TreeMap<>();
    List<Check> checks = new ArrayList<>();
    double start = start();
    TreeSet<Integer> degrees = new TreeSet<>(logRingDegrees);
    for (int degree : degrees) {
      Map<String, ModelArtifact> here = new LinkedHashMap<>(models);
      here.values().removeIf(model -> nearest(model, degrees) != degree);
      measure(name, degree, here, seconds / degrees.size(), threads, start, rates, checks);
    }
    return new Result(profile(name, threads, start, rates), checks);
  }

  private static int nearest(ModelArtifact model, TreeSet<Integer> degrees) {
    return Math.min(Math.max(model.parameters().logRingDegree(), degrees.first()), degrees.last());
  }

  /** What a run takes whose operations are next to nothing, in nanoseconds, where the caches hold other things: the median of many. */
  private static double start() {
    long[] memory = new long[SWEPT_WORDS];
    try (TimedProgram program = new TimedProgram(CostCalibration.smallest())) {
      program.runAfter(() -> Arrays.setAll(memory, i -> memory[i] + 1), STARTS);
      return program.sortedRuns()[STARTS / 2];
    }
  }

  private static CostProfile profile(String name, int threads, double start, SortedMap<Integer, CostProfile.Rates> rates) {
    return new CostProfile(name, Machine.processor(), NativeLibrary.kernels(), threads, rates, start);
  }

  private static void measure(String name, int degree, Map<String, ModelArtifact> models, double seconds, int threads,
      double start, SortedMap<Integer, CostProfile.Rates> rates, List<Check> checks) {
    List<Program> programs = CostCalibration.programs(degree);
    List<TimedProgram> all = new ArrayList<>();
    try {
      programs.forEach(program -> all.add(new TimedProgram(program)));
      models.values().forEach(model -> all.add(new TimedProgram(model.program())));
      for (int round = 0; round < ROUNDS; round++) {
        all.forEach(program -> program.run(seconds / programs.size() / ROUNDS));
      }
      rates.put(degree, CostCalibration.fit(
          programs, all.subList(0, programs.size()).stream().map(TimedProgram::leastByLayer).toList(), CostProfile.embedded().at(degree)));
      CostProfile here = profile(name, threads, start, rates);
      int at = programs.size();
      for (String model : models.keySet()) {
        TimedProgram timed = all.get(at++);
        double[] runs = timed.sortedRuns();
        checks.add(new Check(model, runs.length, runs[0] / 1e6, runs[runs.length / 2] / 1e6,
            Arrays.stream(here.nanosByLayer(timed.program())).sum() / 1e6));
      }
    } finally {
      all.forEach(TimedProgram::close);
    }
  }
}
