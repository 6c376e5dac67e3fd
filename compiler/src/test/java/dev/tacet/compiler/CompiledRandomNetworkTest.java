// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Context;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random networks, compiled with random options: whatever is emitted passes both checkers and the security table, and gives
 * onnxruntime's numbers within the error that its answers carry, in the clear with the noise of encryption and, for a sample, encrypted.
 *
 * <p>The system properties {@code tacet.random.compiled} and {@code tacet.random.seed} ask for more networks, or others;
 * {@code tacet.random.deep} for those of {@link RandomNetwork#of}, which take seconds each.
 */
class CompiledRandomNetworkTest {
  private static final long SEED = Long.getLong("tacet.random.seed", 70_000);
  private static final int MODELS = Integer.getInteger("tacet.random.compiled", 40);
  private static final boolean DEEP = Boolean.getBoolean("tacet.random.deep");
  private static final int CALIBRATION_ROWS = 40;

  /** Every so many networks one is encrypted. */
  private static final int ENCRYPTED = 20;

  /** What onnxruntime's own single precision may add to a difference, relative to the largest answer. */
  private static final double SINGLE_PRECISION = 2e-5;

  private static final SecurityLevel[] LEVELS = {SecurityLevel.CLASSICAL_128, SecurityLevel.CLASSICAL_128,
      SecurityLevel.CLASSICAL_192, SecurityLevel.CLASSICAL_256, SecurityLevel.QUANTUM_128};
  private static final double[] ACCURACIES = {1e-3, 5e-3, 3e-2};

  @ParameterizedTest
  @EnumSource(names = {"LATENCY", "THROUGHPUT"})
  void emittedProgramsPassTheCheckersAndTheTableAndGiveOnnxruntimesNumbers(CompileOptions.Packing packing) throws Exception {
    System.out.println("random networks of the seeds " + SEED + ".." + (SEED + MODELS - 1) + ", " + packing);
    int compiled = 0;
    for (long seed = SEED; seed < SEED + MODELS; seed++) {
      RandomNetwork.Made made = DEEP ? RandomNetwork.of(seed) : RandomNetwork.small(seed);
      SplittableRandom random = new SplittableRandom(seed);
      List<double[]> sample = rows(random, made.features(), CALIBRATION_ROWS);
      CompileOptions options = options(random, sample, packing);
      String what = "seed " + seed + ", " + packing + ", " + options.security() + ": " + made.description();
      CompileResult result = compile(made, options, what);
      if (result != null) {
        compiled++;
        ModelArtifact artifact = ModelArtifact.fromBytes(ByteBuffer.wrap(result.artifact().toBytes()));
        CompilerSecurityTest.assertInsideTheTable(artifact.parameters(), options.security());
        loads(artifact);
        double[][] rows = {sample.get(0), sample.get(1), ZooTrial.clamp(artifact.signature(), rows(random, made.features(), 1).get(0))};
        compare(made, artifact, rows, (seed - SEED) % ENCRYPTED == 0, what);
      }
    }
    assertTrue(compiled >= 0.85 * MODELS, compiled + " of " + MODELS + " networks were compiled");
  }

  private static CompileOptions options(SplittableRandom random, List<double[]> rows, CompileOptions.Packing packing) {
    CompileOptions options = CompileOptions.defaults().withTask(ModelDescription.Task.REGRESSION).withCalibration(rows)
        .withPacking(packing).withSecurity(LEVELS[random.nextInt(LEVELS.length)])
        .withAccuracy(ACCURACIES[random.nextInt(ACCURACIES.length)]).withMargin(0.1 + 0.5 * random.nextDouble())
        .withGuards(random.nextInt(5) > 0);
    if (packing == CompileOptions.Packing.THROUGHPUT) {
      return random.nextInt(4) == 0 ? options.withRing(CompileOptions.Ring.STANDARD) : options;
    }
    return switch (random.nextInt(8)) {
      case 0 -> options.withSharing(new Sharing(100, CompileOptions.SHARE_BITS, 0));
      case 1 -> options.withKeyBudget(40_000_000);
      case 2 -> options.withRing(CompileOptions.Ring.CONJUGATE_INVARIANT);
      case 3 -> options.withRing(CompileOptions.Ring.AUTO);
      case 4 -> options.withPacking(CompileOptions.Packing.AUTO);
      default -> options;
    };
  }

  /** Null for a refusal, which must say why and what would work. */
  private static CompileResult compile(RandomNetwork.Made made, CompileOptions options, String what) {
    try {
      return Compiler.compile(OnnxSource.ofBytes("random", made.bytes()), options);
    } catch (UncompilableModelException e) {
      for (ModelProblem problem : e.problems()) {
        assertFalse(problem.reason().isEmpty() || problem.rewrite().isEmpty(), what);
      }
      return null;
    } catch (RuntimeException e) {
      throw new AssertionError(what, e);
    }
  }

  /** The engine's own checker takes the program. */
  private static void loads(ModelArtifact artifact) {
    try (Context context = Context.create(artifact.parameters())) {
      ExecutableProgram.load(context, artifact.program()).close();
    }
  }

  /** Compares all rows in the clear and the first ones, which are sample rows, encrypted. The last counts where it is inside every interval. */
  private static void compare(RandomNetwork.Made made, ModelArtifact artifact, double[][] rows, boolean encrypted, String what)
      throws Exception {
    List<double[]> expected = new ArrayList<>();
    try (ClearOnnx clear = new ClearOnnx(made.bytes())) {
      for (double[] row : rows) {
        expected.add(clear.run(row).get("y").stream().mapToDouble(value -> (Double) value).toArray());
      }
    }
    Simulator simulator = Simulator.of(artifact, true, 1);
    for (int r = 0; r < rows.length; r++) {
      Simulator.Chunk chunk = simulator.run(r, new double[][] {rows[r]});
      if (r < rows.length - 1 || chunk.ranges().stream().allMatch(range -> range.low() >= -1 && range.high() <= 1)) {
        agrees(artifact, expected.get(r), chunk.values().get(0), "row " + r + " in the clear, " + what);
      }
    }
    if (encrypted) {
      double[][] decrypted = EncryptedRows.run(artifact, Arrays.copyOf(rows, rows.length - 1));
      for (int r = 0; r < decrypted.length; r++) {
        agrees(artifact, expected.get(r), Map.of(artifact.signature().cipherOutputs().get(0).name(), decrypted[r]),
            "row " + r + " encrypted, " + what);
      }
    }
  }

  private static void agrees(
      ModelArtifact artifact, double[] expected, Map<String, double[]> values, String what) {
    Postprocessing tail = artifact.signature().tail();
    double[] ofValues = artifact.signature().cipherOutputs().get(0).errorBounds();
    Postprocessing.Result answer = tail.runMeasured(values, Map.of(values.keySet().iterator().next(), ofValues));
    double[] actual = answer.outputs().get("y").toNumbers();
    double[] bounds = new double[expected.length];
    Arrays.fill(bounds, answer.errorBounds().get("y"));
    if (tail.inputs().equals(List.of("y"))) {
      bounds = ofValues;
    }
    double rounding = SINGLE_PRECISION * (1 + Arrays.stream(expected).map(Math::abs).max().orElse(0));
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      double bound = bounds[i] + rounding;
      assertTrue(Math.abs(actual[i] - expected[i]) <= bound,
          String.format(Locale.ROOT, "%s: y[%d] is %g, onnxruntime has %g, the error bound is %g", what, i, actual[i], expected[i], bound));
    }
  }

  /** Rows of independent features, each the sum of three uniform draws around 0. */
  private static List<double[]> rows(SplittableRandom random, int features, int count) {
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      double[] row = new double[features];
      for (int i = 0; i < features; i++) {
        row[i] = (float) (2 * (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5));
      }
      rows.add(row);
    }
    return rows;
  }
}
