// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The error bounds that users see have room beyond what the sample rows show of fits, and of noise. */
class ErrorBoundsTest {
  private static final int FEATURES = 4;
  private static final int UNITS = 6;
  private static final int VALUES = 2;

  /** What answers' noise bounds have of the safety of slot errors. */
  private static final double NOISE_SHARE = NoiseModel.ANSWER_SAFETY / NoiseModel.SAFETY;

  private static double[] weights(int count, long seed, double size) {
    return new SplittableRandom(seed).doubles(count, -size, size).toArray();
  }

  private static OnnxSource model(String function) {
    TestModels model = TestModels.of(FEATURES).constant("w", new long[] {FEATURES, UNITS}, weights(FEATURES * UNITS, 1, 1.5))
        .constant("v", new long[] {UNITS, VALUES}, weights(UNITS * VALUES, 101, 1)).node("MatMul", "x w", "a");
    return model.node(function, "a", "b").node("MatMul", "b v", "y").source("y");
  }

  private static ModelArtifact compile(OnnxSource source, CompileOptions.Packing packing, List<double[]> sample) {
    return Compiler.compile(source, CompileOptions.defaults().withCalibration(sample).withPacking(packing)
        .withTask(ModelDescription.Task.REGRESSION)).artifact();
  }

  /** The largest error of each value without noise. */
  private static double[] largestErrors(OnnxSource source, ModelArtifact artifact, List<double[]> rows) {
    Network network = Lowering.lower(OnnxReader.read(source), 0);
    List<double[]> exact = network.output().evaluateAll(network.evaluateAll(rows));
    Simulator.Chunk chunk = Simulator.of(artifact, false, 3).run(0, rows.toArray(double[][]::new));
    double[] largest = new double[VALUES];
    for (int r = 0; r < rows.size(); r++) {
      double[] one = exact.get(r);
      double[] other = chunk.values().get(r).values().iterator().next();
      Arrays.setAll(largest, i -> Math.max(largest[i], Math.abs(one[i] - other[i])));
    }
    return largest;
  }

  @ParameterizedTest
  @CsvSource({"Tanh, LATENCY", "Relu, LATENCY", "Relu, THROUGHPUT"})
  void aBoundIsTwoAndAHalfTimesWhatAnySampleRowErrsByAtLeast(String function, CompileOptions.Packing packing) {
    OnnxSource source = model(function);
    List<double[]> sample = TestModels.rows(60, FEATURES);
    ModelArtifact artifact = compile(source, packing, sample);
    double[] found = largestErrors(source, artifact, sample);
    double[] bounds = artifact.signature().cipherOutputs().get(0).errorBounds();
    for (int i = 0; i < VALUES; i++) {
      assertTrue(bounds[i] >= 2.5 * found[i], "value " + i + " is off by " + found[i] + " in a sample row, its error bound is " + bounds[i]);
    }
  }

  /** In batches a value is one slot: what noise adds is the slot error at less safety. */
  @Test
  void aBoundAllowsForNoiseBesideWhatSampleRowsErrBy() {
    List<double[]> sample = TestModels.rows(60, FEATURES);
    OnnxSource source = model("Relu");
    ModelArtifact artifact = compile(source, CompileOptions.Packing.THROUGHPUT, sample);
    double[] found = largestErrors(source, artifact, sample);
    CipherOutput output = artifact.signature().cipherOutputs().get(0);
    for (int i = 0; i < VALUES; i++) {
      double noise = NOISE_SHARE * output.slotError() * Math.abs(output.factor()[i]);
      assertTrue(output.errorBounds()[i] >= 2.5 * found[i] + noise,
          "value " + i + " is off by " + found[i] + " and " + noise + " of noise, its error bound is " + output.errorBounds()[i]);
    }
  }
}
