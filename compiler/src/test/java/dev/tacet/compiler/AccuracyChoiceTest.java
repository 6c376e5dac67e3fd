// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What other accuracies cost. */
class AccuracyChoiceTest {
  private static OnnxSource tanh() {
    return TestModels.of(3).constant("w", new long[] {3, 3}, 1, -2, 0.5, 1.5, 1, -1, 0.3, 0.7, 2).constant("v", new long[] {3, 1}, 1, 2, -1)
        .node("MatMul", "x w", "a").node("Tanh", "a", "b").node("MatMul", "b v", "y").source("y");
  }

  private static CompileOptions options() {
    return CompileOptions.defaults().withCalibration(TestModels.rows(40, 3)).withTask(ModelDescription.Task.REGRESSION);
  }

  @Test
  void moreAccuracyTakesMoreLevelsAndTheSampleRowsShowIt() {
    List<CompileReport> reports =
        AccuracyChoice.of(tanh(), options().withAccuracy(0.02)).stream().map(AccuracyChoice::report).flatMap(Optional::stream).toList();
    assertTrue(reports.size() >= 3, reports.size() + " choices");
    for (int i = 1; i < reports.size(); i++) {
      assertTrue(reports.get(i).accuracy() < reports.get(i - 1).accuracy());
      assertTrue(reports.get(i).levels() >= reports.get(i - 1).levels());
      assertTrue(reports.get(i).numberError() <= reports.get(i).accuracy(), reports.get(i).toText());
    }
    assertTrue(reports.get(reports.size() - 1).levels() > reports.get(0).levels());
    assertTrue(reports.get(reports.size() - 1).numberError() < reports.get(0).numberError() / 5);
  }

  @Test
  void ofChoicesThatCostTheSameTheFinestIsShown() {
    List<AccuracyChoice> choices = AccuracyChoice.of(
        TestModels.of(3).constant("w", new long[] {3, 1}, 1, -2, 0.5).node("MatMul", "x w", "y").source("y"), options());
    assertEquals(0.0003, choices.get(choices.size() - 1).accuracy());
    assertTrue(choices.size() <= 2, choices.toString());
  }

  @Test
  void aModelThatRunsWithNoneIsRefused() {
    assertThrows(UncompilableModelException.class, () -> AccuracyChoice.of(tanh(), options().withMaxLogRingDegree(11)));
  }
}
