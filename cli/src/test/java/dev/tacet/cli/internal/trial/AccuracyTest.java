// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.trial.Comparison.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccuracyTest {
  private static OutputTable table(Object... values) {
    OutputTable table = new OutputTable();
    for (Object value : values) {
      table.add(Map.of("y", List.of(value)));
    }
    return table;
  }

  @Test
  void anUndecidedRowAndOneWithoutAnAnswerAreNotRight() {
    OutputTable outputs = table(1L, 0L, 1L, 2L);
    double[] truths = {1, 0, 1, 1};
    assertEquals(0.75, Accuracy.of(outputs, truths, Kind.CLASSIFIER, new boolean[4]));
    assertEquals(0.5, Accuracy.of(outputs, truths, Kind.CLASSIFIER, new boolean[] {false, true, false, true}));
    outputs.add(Answers.none(outputs.row(0)));
    assertEquals(0.6, Accuracy.of(outputs, new double[] {1, 0, 1, 1, 1}, Kind.CLASSIFIER, new boolean[5]));
  }

  @Test
  void aRegressorsIsTheShareOfTheVarianceOfTheRowsWithAnAnswer() {
    OutputTable outputs = table(1.0, 2.0, 4.0);
    outputs.add(Answers.none(outputs.row(0)));
    assertEquals(0.5, Accuracy.of(outputs, new double[] {1, 2, 3, 900}, Kind.REGRESSOR, new boolean[4]), 1e-12);
  }

  @Test
  void rowsWithoutATruthAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Accuracy.of(table(1L, 0L), new double[1], Kind.CLASSIFIER, new boolean[2]));
  }
}
