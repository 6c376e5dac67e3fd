// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where polynomials of the highest degree allowed are too coarse, intervals come as close as many sample rows allow. */
class CloseIntervalsTest {
  private static final Path FOLDER = Path.of("..", "models", "mnist-silu");

  private static CompileReport report(int maxDegree, int sampleRows) throws Exception {
    List<double[]> rows = CalibrationRows.read(FOLDER.resolve("calibration.csv")).subList(0, sampleRows);
    return Compiler.compile(OnnxSource.ofFile(FOLDER.resolve("model.onnx")), CompileOptions.defaults().withTask(ModelDescription.Task.CLASSIFICATION)
        .withMaxDegree(maxDegree).withAccuracy(0.01).withMargin(0.2).withCalibration(rows)).report();
  }

  private static boolean close(CompileReport report) {
    return report.notes().stream().anyMatch(note -> note.contains("too coarse for the usual intervals"));
  }

  @Test
  void manySampleRowsMakeALowDegreeSuffice() throws Exception {
    CompileReport report = report(7, 300);
    assertTrue(close(report), report.notes().toString());
    assertTrue(report.agreement() >= 0.99, report.agreement() + " of the sample rows; 0.983 with the usual intervals");
    assertTrue(report.prediction().fitError() < 0.1, report.prediction().fitError() + " of scores from -9 to 9");
  }

  @Test
  void fewSampleRowsDoNot() throws Exception {
    CompileReport report = report(7, 150);
    assertEquals(false, close(report), report.notes().toString());
  }

  @Test
  void aDegreeThatSufficesKeepsTheUsualIntervals() throws Exception {
    CompileReport report = report(31, 300);
    assertEquals(false, close(report), report.notes().toString());
    assertTrue(report.agreement() >= 0.995, report.agreement() + " of the sample rows");
  }
}
