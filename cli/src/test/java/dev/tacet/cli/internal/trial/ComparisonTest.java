// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.trial.Comparison.Kind;
import dev.tacet.he.OutputValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static OutputTable regressor(double... values) {
    OutputTable table = new OutputTable();
    for (double value : values) {
      table.add(Map.of("variable", List.of(value)));
    }
    return table;
  }

  private static OutputTable classifier(long[] labels, double[] probabilities) {
    OutputTable table = new OutputTable();
    for (int i = 0; i < labels.length; i++) {
      Map<String, List<Object>> row = new LinkedHashMap<>();
      row.put("label", List.of(labels[i]));
      row.put("probabilities", List.of(1 - probabilities[i], probabilities[i]));
      table.add(row);
    }
    return table;
  }

  @Test
  void aRegressorsRowAgreesWithinOnePercentOfTheClearRange() {
    Comparison comparison =
        Comparison.of(regressor(0.009, 1, 0.511), regressor(0, 1, 0.5), new OutputTable(), new boolean[3], Kind.REGRESSOR);
    assertEquals(2.0 / 3, comparison.agreement(), 1e-12);
    assertEquals(List.of(2), comparison.disagreeing());
    assertEquals(0.011, comparison.maxError(), 1e-12);
    assertFalse(comparison.meetsTarget());
  }

  @Test
  void aClassifierIsJudgedByItsLabelAndAnUndecidedRowDisagrees() {
    OutputTable clear = classifier(new long[] {0, 1, 1}, new double[] {0.2, 0.9, 0.51});
    OutputTable encrypted = classifier(new long[] {0, 1, 1}, new double[] {0.2, 0.9, 0.509});
    Comparison comparison = Comparison.of(encrypted, clear, new OutputTable(), new boolean[] {false, false, true}, Kind.CLASSIFIER);
    assertEquals(2.0 / 3, comparison.agreement(), 1e-12);
    assertEquals(List.of(2), comparison.undecided());
    assertEquals(0.001, comparison.maxError(), 1e-12);
  }

  @Test
  void aLabelInATensorOfRealsIsTheLabel() {
    OutputTable clear = regressor(7, -3, 2);
    OutputTable encrypted = new OutputTable();
    for (long label : new long[] {7, -3, 7}) {
      encrypted.add(Map.of("variable", List.of(label)));
    }
    Comparison comparison = Comparison.of(encrypted, clear, new OutputTable(), new boolean[3], Kind.CLASSIFIER);
    assertEquals(List.of(2), comparison.disagreeing());
    assertEquals(List.of(2), Comparison.of(clear, encrypted, new OutputTable(), new boolean[3], Kind.CLASSIFIER).disagreeing());
  }

  @Test
  void aRegressorsRowWithAnUndecidedStepDisagrees() {
    Comparison comparison = Comparison.of(regressor(0, 1), regressor(0, 1), new OutputTable(), new boolean[] {false, true}, Kind.REGRESSOR);
    assertEquals(List.of(1), comparison.disagreeing());
    assertEquals(0.5, comparison.agreement());
  }

  @Test
  void severalLabelsOfARowAgreeOnlyWhereAllAreTheClearOnes() {
    OutputTable clear = labels(List.of(1L, 1L, 1L), List.of(1L, 0L, 0L));
    OutputTable encrypted = labels(List.of(1.0, 1.0, 0.0), List.of(1.0, 0.0, 0.0)); // the largest of each is the first
    Comparison comparison = Comparison.of(encrypted, clear, new OutputTable(), new boolean[2], Kind.CLASSIFIER);
    assertEquals(List.of(0), comparison.disagreeing());
    assertEquals(0.5, comparison.agreement());
  }

  private static OutputTable labels(List<Object> first, List<Object> second) {
    OutputTable table = new OutputTable();
    table.add(Map.of("label", first));
    table.add(Map.of("label", second));
    return table;
  }

  @Test
  void numbersFarFromTheClearOnesMissTheTargetBesideARightClass() {
    long[] labels = {0, 1, 1, 0};
    OutputTable clear = classifier(labels, new double[] {0.2, 0.9, 0.6, 0.1});
    OutputTable swapped = classifier(labels, new double[] {0.8, 0.1, 0.4, 0.9});
    Comparison comparison = Comparison.of(swapped, clear, new OutputTable(), new boolean[] {false, false, false, true}, Kind.CLASSIFIER);
    assertEquals(0.75, comparison.agreement());
    assertEquals(List.of(0, 1, 2), comparison.far());
    assertFalse(comparison.meetsTarget());
    Comparison near = Comparison.of(
        classifier(labels, new double[] {0.27, 0.83, 0.67, 0.17}), clear, new OutputTable(), new boolean[4], Kind.CLASSIFIER);
    assertEquals(List.of(), near.far());
    assertTrue(near.meetsTarget());
  }

  /** The last class is one of reference, whose score is 0 in every row. */
  @Test
  void aScoreThatIsAlwaysZeroIsMeasuredByTheOthers() {
    OutputTable clear = new OutputTable();
    OutputTable near = new OutputTable();
    OutputTable far = new OutputTable();
    for (double score : new double[] {-2, 1, 3}) {
      clear.add(Map.of("scores", List.of(score, 0.0)));
      near.add(Map.of("scores", List.of(score + 1e-9, 2e-10)));
      far.add(Map.of("scores", List.of(score, 0.6)));
    }
    assertTrue(Comparison.of(near, clear, new OutputTable(), new boolean[3], Kind.CLASSIFIER).meetsTarget());
    assertEquals(List.of(0, 1, 2), Comparison.of(far, clear, new OutputTable(), new boolean[3], Kind.CLASSIFIER).far());
    assertTrue(Comparison.of(near, clear, new OutputTable(), new boolean[3], Kind.REGRESSOR).meetsTarget());
  }

  /** One row in fifty of a classifier may go without an answer, none of a regressor. */
  @Test
  void aRowWithoutAnAnswerDoesNotAgree() {
    OutputTable clear = new OutputTable();
    OutputTable encrypted = new OutputTable();
    for (int r = 0; r < 50; r++) {
      clear.add(Map.of("label", List.of(1L)));
      encrypted.add(r == 7 ? Answers.none(clear.row(r)) : clear.row(r));
    }
    Comparison comparison = Comparison.of(encrypted, clear, new OutputTable(), new boolean[50], Kind.CLASSIFIER);
    assertEquals(List.of(7), comparison.disagreeing());
    assertTrue(comparison.meetsTarget());
    assertEquals("the accuracy target was missed: 1 of 50 rows have no answer", comparison.miss(1));
    assertFalse(Comparison.of(encrypted, clear, new OutputTable(), new boolean[50], Kind.REGRESSOR).meetsTarget());
  }

  @Test
  void theRangeOfAClassifiersNumbersIsThatOfSampleRowsToo() {
    OutputTable clear = classifier(new long[] {1}, new double[] {0.9999});
    OutputTable encrypted = classifier(new long[] {1}, new double[] {0.97});
    assertEquals(List.of(0), Comparison.of(encrypted, clear, new OutputTable(), new boolean[1], Kind.CLASSIFIER).far());
    OutputTable samples = classifier(new long[] {0, 1, 0}, new double[] {0.1, 0.8, Double.NaN});
    assertEquals(List.of(), Comparison.of(encrypted, clear, samples, new boolean[1], Kind.CLASSIFIER).far());
  }

  @Test
  void theRangeOfARegressorsNumbersIsThatOfItsRowsAlone() {
    Comparison comparison = Comparison.of(
        regressor(0.05, 1), regressor(0, 1), regressor(-100, 100), new boolean[2], Kind.REGRESSOR);
    assertEquals(List.of(0), comparison.disagreeing());
  }

  @Test
  void theClassIsThatOfTheOutputWithSeveralNumbers() {
    Map<String, List<Object>> row = new LinkedHashMap<>();
    row.put("logits", List.of(-1.0, 3.0, 2.0));
    assertEquals(1L, Comparison.classOf(row));
    row.put("price", List.of(0.1));
    assertEquals(1L, Comparison.classOf(row));
    assertEquals(0L, Comparison.classOf(Map.of("p", List.of(0.1))));
  }

  @Test
  void aNumberThatIsNotOneNeverAgrees() {
    Comparison comparison = Comparison.of(regressor(Double.NaN, 1), regressor(0, 1), new OutputTable(), new boolean[2], Kind.REGRESSOR);
    assertEquals(Double.POSITIVE_INFINITY, comparison.maxError());
    assertEquals(0.5, comparison.agreement());
  }

  @Test
  void theLargestErrorIsThatOfAllNumbersOfTheRowsWithAnAnswer() {
    OutputTable clear = new OutputTable();
    OutputTable encrypted = new OutputTable();
    for (double row : new double[] {0, 1, 2}) {
      clear.add(Map.of("variable", List.of(row, 100 * row)));
    }
    encrypted.add(Map.of("variable", List.of(0.5, 30.0)));
    encrypted.add(Map.of("variable", List.of(1.0, 100.0)));
    encrypted.add(Map.of("variable", Arrays.asList(null, null)));
    Comparison comparison = Comparison.of(encrypted, clear, new OutputTable(), new boolean[3], Kind.REGRESSOR);
    assertEquals(30, comparison.maxError());
    assertEquals(List.of(0, 2), comparison.disagreeing());
  }

  @Test
  void withoutAnyAnswerThereIsNoLargestError() {
    OutputTable none = new OutputTable();
    none.add(Map.of("variable", Arrays.asList((Object) null)));
    Comparison comparison = Comparison.of(none, regressor(1), new OutputTable(), new boolean[1], Kind.REGRESSOR);
    assertEquals(0, comparison.agreement());
    assertEquals(null, comparison.finiteMaxError());
  }

  @Test
  void aConstantOutputIsMeasuredByItsMagnitude() {
    assertTrue(Comparison.of(regressor(10.05, 9.95), regressor(10, 10), new OutputTable(), new boolean[2], Kind.REGRESSOR).meetsTarget());
  }

  @Test
  void otherOutputsCannotBeCompared() {
    OutputTable other = new OutputTable();
    Arrays.asList(1.0, 2.0).forEach(value -> other.add(Map.of("other", List.of(value))));
    assertThrows(
        IllegalArgumentException.class, () -> Comparison.of(other, regressor(1, 2), new OutputTable(), new boolean[2], Kind.REGRESSOR));
  }

  @Test
  void aMapsNumbersAreInTheOrderOfItsKeysAsTheClearModelHasThem() {
    Map<String, Double> names = new LinkedHashMap<>();
    names.put("yes", 0.75);
    names.put("no", 0.25);
    Map<Long, Double> numbers = new LinkedHashMap<>();
    numbers.put(9L, 0.5);
    numbers.put(-2L, 0.125);
    assertEquals(
        Map.of("a", List.of(0.25, 0.75), "b", List.of(0.125, 0.5)),
        Answers.row(Map.of("a", new OutputValue.StringMap(names), "b", new OutputValue.IntegerMap(numbers))));
  }
}
