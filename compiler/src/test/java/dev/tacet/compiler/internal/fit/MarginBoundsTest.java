// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Postprocessing;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MarginBoundsTest {
  private static final Postprocessing LARGEST =
      new Postprocessing(List.of("v"), List.of(TailNode.of(TailOp.ARGMAX, "v", "label")), List.of("label"));
  private static final int ROWS = 2000;

  /** Rows of three scores, spread over -5..5. */
  private static List<double[]> scores(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      rows.add(random.doubles(3, -5, 5).toArray());
    }
    return rows;
  }

  /** The same noise in each decrypted value. */
  private static double[] noise(List<double[]> decrypted, double each) {
    double[] noise = new double[decrypted.get(0).length];
    Arrays.fill(noise, each);
    return noise;
  }

  @Test
  void errorsThatScoresShareDoNotCount() {
    List<double[]> exact = scores(1);
    List<double[]> shifted = exact.stream().map(row -> new double[] {row[0] + 3, row[1] + 3, row[2] + 3}).toList();
    MarginBounds.Found found = new MarginBounds(LARGEST, exact).of(shifted, ROWS, noise(shifted, 0));
    assertEquals(0, found.bounds()[0], 1e-12);
    assertEquals(0.25, new MarginBounds(LARGEST, exact).of(shifted, ROWS, noise(shifted, 0.125)).bounds()[0], 1e-12);
  }

  /** Two of 2,000 rows lead by less than 0.4, as many by less than a bound of 0.1 are to be expected among 8,000. */
  @Test
  void theOpenPartIsAQuarterOfWhatLeadsByLessThanFourBounds() {
    List<double[]> exact = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      exact.add(new double[] {1, r < 2 ? 0.7 : r < 1000 ? 0.5 : -3, -5});
    }
    MarginBounds margins = new MarginBounds(LARGEST, exact);
    assertEquals(2.0 / ROWS / 4, margins.open(new double[] {0.1}, ROWS), 1e-12);
    assertEquals(1000.0 / ROWS / 4, margins.open(new double[] {0.13}, ROWS), 1e-12);
    assertEquals(2.0 / 100 / 4, margins.open(new double[] {0.1}, 100), 1e-12);
    assertEquals(0, margins.open(new double[] {0.01}, ROWS), 1e-12);
  }

  @Test
  void errorsWhereTheChoiceIsClearDoNotCount() {
    List<double[]> exact = scores(2);
    List<double[]> actual = exact.stream().map(row -> {
      double first = Math.max(row[0], Math.max(row[1], row[2]));
      return new double[] {row[0] + (row[0] == first && row[0] - Math.max(row[1], row[2]) > 3 ? 1 : 0.01), row[1], row[2]};
    }).toList();
    double bound = new MarginBounds(LARGEST, exact).of(actual, ROWS, noise(actual, 0)).bounds()[0];
    assertEquals(0.01, bound, 1e-9);
  }

  @Test
  void noFreshRowIsWrongBeyondTheBound() {
    SplittableRandom random = new SplittableRandom(3);
    List<double[]> exact = scores(4);
    List<double[]> actual = exact.stream().map(row -> blurred(row, random)).toList();
    double bound = new MarginBounds(LARGEST, exact).of(actual, ROWS, noise(actual, 0)).bounds()[0];
    assertTrue(bound > 0.1 && bound <= 0.4, "bound " + bound);
    Postprocessing tail = AnswerMetric.withMarginBounds(LARGEST, new double[] {bound});
    int undecided = 0;
    for (double[] row : scores(5)) {
      Postprocessing.Result answer = tail.run(
          java.util.Map.of("v", blurred(row, random)), java.util.Map.of("v", Double.MAX_VALUE));
      undecided += answer.undecided().size();
      assertTrue(!answer.undecided().isEmpty()
          || answer.outputs().equals(LARGEST.run(java.util.Map.of("v", row))), java.util.Arrays.toString(row));
    }
    assertTrue(undecided > 0 && undecided < ROWS / 10, undecided + " rows are undecided");
  }

  @Test
  void noiseCountsAsTheStepsBeforeAChoicePassItOn() {
    Postprocessing probabilities = new Postprocessing(List.of("v"), List.of(TailNode.of(TailOp.SIGMOID, "v", "p"),
        TailNode.of(TailOp.BINARY_PROBABILITIES, "p", "both"), TailNode.of(TailOp.ARGMAX, "both", "label")), List.of("label"));
    List<double[]> exact = new ArrayList<>();
    for (int r = 0; r <= 200; r++) {
      exact.add(new double[] {0.05 * (r - 100)});
    }
    assertEquals(0.25 * 2 * 0.01, new MarginBounds(probabilities, exact).of(exact, 201, noise(exact, 0.01)).bounds()[0], 1e-6);
    Postprocessing tenfold = new Postprocessing(List.of("v"), List.of(TailNode.withNumbers(TailOp.AFFINE, "v", "s", 10, 0),
        TailNode.of(TailOp.BINARY_SCORES, "s", "both"), TailNode.of(TailOp.ARGMAX, "both", "label")), List.of("label"));
    assertEquals(10 * 2 * 0.01, new MarginBounds(tenfold, exact).of(exact, 201, noise(exact, 0.01)).bounds()[0], 1e-6);
  }

  @Test
  void noiseOfAnotherOutputDoesNotCount() {
    Postprocessing two = new Postprocessing(List.of("v"), List.of(TailNode.withIntegers(TailOp.GATHER, "v", "s", 0, 1),
        TailNode.withIntegers(TailOp.GATHER, "v", "number", 2), TailNode.of(TailOp.ARGMAX, "s", "label")), List.of("label", "number"));
    List<double[]> exact = new ArrayList<>();
    for (int r = 0; r < 200; r++) {
      exact.add(new double[] {0.05 * (r - 100), 0, 1e5 * r});
    }
    assertEquals(2 * 0.01, new MarginBounds(two, exact).of(exact, 200, new double[] {0.01, 0.01, 1000}).bounds()[0], 1e-9);
  }

  @Test
  void oneErrorInTwoHundredMayBeLarger() {
    List<double[]> exact = new ArrayList<>();
    List<double[]> actual = new ArrayList<>();
    for (int r = 0; r < 1000; r++) {
      exact.add(new double[] {0.1, 0, -9});
      actual.add(new double[] {0.1 + (r % 200 == 0 ? 0.5 : 0.2), 0, -9});
    }
    assertEquals(0.2, new MarginBounds(LARGEST, exact).of(actual, 1000, noise(actual, 0)).bounds()[0], 1e-9);
    for (int r = 0; r < 1000; r += 150) {
      actual.set(r, new double[] {0.1 + 0.5, 0, -9});
    }
    assertEquals(0.5, new MarginBounds(LARGEST, exact).of(actual, 1000, noise(actual, 0)).bounds()[0], 1e-9);
    assertEquals(0.5, new MarginBounds(LARGEST, exact.subList(0, 150)).of(actual.subList(0, 150), 150, noise(actual, 0)).bounds()[0], 1e-9);
  }

  private static double[] blurred(double[] row, SplittableRandom random) {
    return java.util.Arrays.stream(row).map(v -> v + random.nextDouble(-0.2, 0.2)).toArray();
  }

  @Test
  void aThresholdIsJudgedByTheErrorNearIt() {
    Postprocessing threshold = new Postprocessing(List.of("v"),
        List.of(new TailNode(TailOp.THRESHOLD_LABEL, List.of("v"), "label", new long[] {0, 1}, new double[] {1}, List.of())),
        List.of("label"));
    List<double[]> exact = new ArrayList<>();
    List<double[]> actual = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      double x = 10.0 * r / ROWS - 5;
      exact.add(new double[] {x});
      actual.add(new double[] {x + Math.signum(x - 1) * (Math.abs(x - 1) > 2 ? 2 : 0.02)});
    }
    MarginBounds margins = new MarginBounds(threshold, exact);
    assertTrue(margins.any());
    assertEquals(0.02, margins.of(actual, ROWS, noise(actual, 0)).bounds()[0], 1e-9);
    assertFalse(new MarginBounds(Postprocessing.identity(List.of("v")), exact).any());
  }

  /** Two scores whose error is 0.1 throughout; five rows in a hundred lie within four times that of the decision. */
  private static AnswerMetric.Score fivePercentNear(int rows) {
    List<double[]> exact = new ArrayList<>();
    List<double[]> actual = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      exact.add(new double[] {r % 20 == 0 ? 0.3 : 5, 0, -9});
      actual.add(new double[] {exact.get(r)[0] - 0.1, 0, -9});
    }
    MarginBounds.Found found = new MarginBounds(LARGEST, exact).of(actual, rows, noise(actual, 0));
    assertEquals(0.0125, found.open(), 1e-12);
    return new AnswerMetric.Score(1e-3, 1, found.open(), found.doubt(), new double[] {0.1}, found.bounds());
  }

  @Test
  void openRowsCountAsFarAsTheyAreNoChanceOfFewRows() {
    AnswerMetric.Score few = fivePercentNear(100);
    AnswerMetric.Score many = fivePercentNear(10_000);
    assertEquals(0.0056, few.openDoubt(), 1e-4);
    assertEquals(0.00056, many.openDoubt(), 1e-5);
    assertFalse(few.serves(5e-3, 0.01));
    assertTrue(few.isNotShownToMiss(5e-3, 0.01));
    assertFalse(many.isNotShownToMiss(5e-3, 0.01));
    AnswerMetric.Score disagreeing = new AnswerMetric.Score(1e-3, 0.97, few.open(), few.openDoubt(), new double[] {0.1}, few.marginBounds());
    assertFalse(disagreeing.isNotShownToMiss(5e-3, 0.01));
  }
}
