// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A row on the border of two classes is undecided, wherever it stands and whatever rows before it went without an answer. */
class UndecidedRowsTest {
  private static final Path ZOO = Path.of("../compiler/src/test/resources/zoo").toAbsolutePath().normalize();
  private static final Path MODEL = ZOO.resolve("skl_mlpc_logistic.onnx");
  private static final Path CALIBRATION = ZOO.resolve("skl_mlpc_logistic.calibration.csv");
  private static final int WILD = 8;

  @TempDir Path folder;

  private JsonNode report(String command, List<double[]> rows) throws IOException {
    Path input = Files.write(folder.resolve("rows.csv"), rows.stream()
        .map(row -> Arrays.stream(row).mapToObj(Double::toString).collect(Collectors.joining(","))).toList());
    Path json = folder.resolve(command + ".json");
    Tacet done = Tacet.here(
        command, MODEL.toString(), "--calibration", CALIBRATION.toString(), "--input", input.toString(), "--json", json.toString());
    assertEquals(3, done.exit(), done.all());
    return new ObjectMapper().readTree(json.toFile());
  }

  private static Object label(ClearModel model, double[] row) {
    return model.run(row).values().iterator().next().get(0);
  }

  private static double[] between(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (a[i] + b[i]) / 2).toArray();
  }

  /** The row on the way from one to the other where the label changes. */
  private static double[] border(double[] from, double[] to) {
    try (ClearModel model = ClearModel.load(MODEL)) {
      Object label = label(model, from);
      assertNotEquals(label, label(model, to));
      double[] near = from;
      double[] far = to;
      for (int i = 0; i < 40; i++) {
        double[] middle = between(near, far);
        if (label(model, middle).equals(label)) {
          near = middle;
        } else {
          far = middle;
        }
      }
      return near;
    }
  }

  private static double[] ofOtherLabel(double[][] rows) {
    try (ClearModel model = ClearModel.load(MODEL)) {
      Object label = label(model, rows[0]);
      return Arrays.stream(rows).filter(row -> !label(model, row).equals(label)).findFirst().orElseThrow();
    }
  }

  @Test
  void simulateAndTryListTheRowOnTheBorder() throws IOException {
    double[][] samples = Rows.read(CALIBRATION).values();
    double[] border = border(samples[0], ofOtherLabel(samples));
    Random random = new Random(3);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 40; r++) {
      rows.add(r >= WILD ? samples[0] : Arrays.stream(border).map(x -> random.nextBoolean() ? 1e6 : -1e6).toArray());
    }
    rows.set(33, border);
    JsonNode simulated = report("simulate", rows);
    List<Integer> undecided = new ArrayList<>();
    simulated.get("undecided_rows").forEach(row -> undecided.add(row.asInt()));
    undecided.removeIf(row -> row < WILD);
    assertEquals(List.of(33), undecided);
    assertTrue(!simulated.get("failed_rows").isEmpty(), "seed 3");
    int failing = simulated.get("failed_rows").get(0).asInt();

    JsonNode tried = report("try", List.of(rows.get(failing), samples[0], border));
    assertEquals("[0]", tried.get("failed_rows").toString());
    assertEquals("[2]", tried.get("undecided_rows").toString());
  }
}
