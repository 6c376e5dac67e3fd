// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ModelArtifact;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rows that run together give what each gives alone, and noise differs between their slots. */
class SimulatorTest {
  private static final String NAME = "skl_mlpr_tanh";

  private static ModelArtifact artifact() throws Exception {
    return Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(NAME + ".onnx")),
        CompileOptions.defaults().withPacking(CompileOptions.Packing.LATENCY)
            .withCalibration(CalibrationRows.read(CompiledZooTest.FOLDER.resolve(NAME + ".calibration.csv")))).artifact();
  }

  /** Rows at random within the bounds, whole and at their ends, which drive functions out of their intervals. */
  private static double[][] rows(ModelArtifact artifact, int count) {
    Random random = new Random(3);
    double[][] rows = new double[count][];
    for (int r = 0; r < count; r++) {
      List<Double> row = new ArrayList<>();
      for (SignatureInput input : artifact.signature().inputs()) {
        double[] center = input.center();
        double[] half = input.halfWidth();
        for (int f = 0; f < input.features(); f++) {
          double at = r % 3 == 0 ? 0.2 * random.nextGaussian() : random.nextBoolean() ? 0.999 : -0.999;
          row.add(center[f] + half[f] * Math.max(-0.999, Math.min(0.999, at)));
        }
      }
      rows[r] = row.stream().mapToDouble(Double::doubleValue).toArray();
    }
    return rows;
  }

  @Test
  void rowsTogetherGiveWhatEachGivesAlone() throws Exception {
    ModelArtifact artifact = artifact();
    double[][] rows = rows(artifact, 19);
    Simulator simulator = Simulator.of(artifact, false, 1);
    Simulator.Chunk together = simulator.run(0, rows);
    List<LayerRange> ranges = null;
    for (int r = 0; r < rows.length; r++) {
      Simulator.Chunk alone = simulator.run(r, new double[][] {rows[r]});
      for (Map.Entry<String, double[]> value : alone.values().get(0).entrySet()) {
        assertArrayEquals(value.getValue(), together.values().get(r).get(value.getKey()), 1e-12, "row " + r);
      }
      assertEquals(alone.unanswered().contains(0), together.unanswered().contains(r), "row " + r);
      List<LayerRange> before = ranges;
      ranges = before == null ? alone.ranges()
          : IntStream.range(0, before.size()).mapToObj(i -> before.get(i).and(alone.ranges().get(i))).toList();
    }
    assertTrue(!together.unanswered().isEmpty() && together.unanswered().size() < rows.length, together.unanswered().toString());
    assertTrue(ranges.stream().anyMatch(range -> range.rowsOutside() > 0), "some rows are outside: " + ranges);
    for (int i = 0; i < ranges.size(); i++) {
      assertEquals(ranges.get(i).rowsOutside(), together.ranges().get(i).rowsOutside(), ranges.get(i).layer());
      assertEquals(ranges.get(i).low(), together.ranges().get(i).low(), 1e-12);
      assertEquals(ranges.get(i).high(), together.ranges().get(i).high(), 1e-12);
    }
  }

  /** A linear model accepts features farther from the sample rows than its values can be: such a row has no answer, and the others have. */
  @Test
  void aRowThatIsBeyondWhatCoefficientsHoldHasNoAnswer() {
    List<double[]> sample = TestModels.rows(1, 4);
    ModelArtifact artifact = Compiler.compile(
        TestModels.of(4).constant("w", new long[] {4, 3}, 1, -1, 0.5, 2, -1, 1, 0.25, -0.5, 1, 1, -2, 1).node("MatMul", "x w", "y").source("y"),
        CompileOptions.defaults().withPacking(CompileOptions.Packing.COEFFICIENT).withCalibration(sample)).artifact();
    double[][] rows = new double[20][];
    for (int r = 0; r < rows.length; r++) {
      SignatureInput input = artifact.signature().inputs().get(0);
      double share = r / 20.0;
      rows[r] = IntStream.range(0, 4).mapToDouble(j -> input.center()[j] + share * input.halfWidth()[j]).toArray();
    }
    Simulator.Chunk chunk = Simulator.of(artifact, true, 1).run(0, rows);
    assertTrue(chunk.unanswered().contains(19) && !chunk.unanswered().contains(0), chunk.unanswered().toString());
    for (int r = 0; r < rows.length; r++) {
      assertEquals(chunk.unanswered().contains(r), chunk.values().get(r).isEmpty(), "row " + r);
    }
  }
}
