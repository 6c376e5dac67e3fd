// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PostprocessingTest {
  @Test
  void aClassifierGivesItsLabelAndAMapOfProbabilities() {
    Map<String, OutputValue> outputs = Samples.tail().run(Map.of("scores", new double[] {0, Math.log(3)}));
    assertEquals(List.of("label", "probabilities"), List.copyOf(outputs.keySet()));
    assertEquals(new OutputValue.Strings(List.of("yes")), outputs.get("label"));
    OutputValue.IntegerMap map = (OutputValue.IntegerMap) outputs.get("probabilities");
    assertEquals(0.25, map.values().get(0L), 1e-15);
    assertEquals(0.75, map.values().get(1L), 1e-15);
  }

  @Test
  void aLabelWhoseMarginIsBelowItsErrorIsUndecided() {
    Map<String, double[]> values = Map.of("scores", new double[] {0, 0.1});
    assertEquals(Set.of(), Samples.tail().run(values, Map.of("scores", 0.04)).undecided());
    assertEquals(Set.of("label"), Samples.tail().run(values, Map.of("scores", 0.06)).undecided());
  }

  @Test
  void aChoiceWithABoundOfItsMarginsIsDecidedByThat() {
    TailNode largest = TailNode.of(TailOp.ARGMAX, "x", "out").withMarginBound(0.05);
    Map<String, Double> errors = Map.of("x", 10.0);
    assertEquals(Set.of(), tail(largest).run(Map.of("x", new double[] {0, 0.06}), errors).undecided());
    assertEquals(Set.of("out"), tail(largest).run(Map.of("x", new double[] {0, 0.04}), errors).undecided());
    TailNode threshold = new TailNode(
        TailOp.THRESHOLD_LABEL, List.of("x"), "out", new long[] {0, 1}, new double[] {1}, List.of()).withMarginBound(0.05);
    assertEquals(Set.of(), tail(threshold).run(Map.of("x", new double[] {1.06}), errors).undecided());
    assertEquals(Set.of("out"), tail(threshold).run(Map.of("x", new double[] {0.96}), errors).undecided());
    assertEquals(Set.of(), tail(threshold).run(Map.of("x", new double[] {0.96}), Map.of("x", 0.01)).undecided());
  }

  @Test
  void aMarginBoundIsRefusedWhereNothingIsChosenAndBelowZero() {
    assertThrows(IllegalArgumentException.class, () -> TailNode.of(TailOp.SOFTMAX, "x", "y").withMarginBound(1));
    assertThrows(IllegalArgumentException.class, () -> TailNode.of(TailOp.ARGMAX, "x", "y").withMarginBound(-1));
    assertThrows(IllegalArgumentException.class, () -> TailNode.withNumbers(TailOp.SOFTMAX, "x", "y", 1));
    assertThrows(IllegalArgumentException.class, () -> TailNode.withNumbers(TailOp.LABEL, "x", "y", 1, 2));
  }

  @Test
  void scoresHaveAClassThatCanBeUndecided() {
    Postprocessing plain = Postprocessing.identity(List.of("x"));
    assertFalse(plain.chooses());
    Postprocessing scores = new Postprocessing(
        List.of("x"), List.of(TailNode.of(TailOp.ARGMAX, "x", Postprocessing.classOf("x"))), List.of("x"));
    assertTrue(scores.chooses());
    Map<String, double[]> values = Map.of("x", new double[] {0, 0.1});
    assertEquals(Set.of("x"), scores.run(values, Map.of("x", 0.06)).undecided());
    assertEquals(Set.of(), scores.run(values, Map.of("x", 0.04)).undecided());
    assertEquals(Set.of("x"), scores.run(values).keySet());
  }

  @Test
  void aThresholdChoosesTheSecondLabelAboveItOnly() {
    Postprocessing tail = tail(TailNode.withNumbers(TailOp.AFFINE, "x", "y", 1, 0),
        new TailNode(TailOp.THRESHOLD_LABEL, List.of("y"), "out", new long[] {-1, 7}, new double[] {0.5}, List.of()));
    assertEquals(new OutputValue.Integers(new long[] {7}), tail.run(Map.of("x", new double[] {0.6})).get("out"));
    assertEquals(new OutputValue.Integers(new long[] {-1}), tail.run(Map.of("x", new double[] {0.5})).get("out"));
    assertEquals(Set.of("out"), tail.run(Map.of("x", new double[] {0.6}), Map.of("x", 0.2)).undecided());
  }

  @Test
  void equalScoresChooseTheFirst() {
    Postprocessing tail = tail(TailNode.withIntegers(TailOp.ARGMAX, "x", "out", 3));
    assertEquals(
        new OutputValue.Integers(new long[] {1, 0}), tail.run(Map.of("x", new double[] {1, 2, 2, 5, 5, 5})).get("out"));
  }

  @Test
  void aNumberBehindAStepThatCouldFallToTheOtherSideIsUndecided() {
    TailFunction[] steps = {TailFunction.GREATER, TailFunction.SIGN, TailFunction.ROUND, TailFunction.FLOOR, TailFunction.NONZERO,
      TailFunction.THRESHOLDED_RELU};
    double[] near = {0.501, 0.001, 0.499, 0.999, 0.001, 0.499};
    double[] apart = {0.52, 0.02, 0.48, 0.98, 0.02, 0.48};
    for (int i = 0; i < steps.length; i++) {
      Postprocessing tail = new Postprocessing(List.of("x"), List.of(
          new TailNode(TailOp.FUNCTION, List.of("x"), "s", new long[] {steps[i].ordinal()}, new double[] {0.5, 0}, List.of()),
          TailNode.withNumbers(TailOp.AFFINE, "s", "y", 2, 1), TailNode.withIntegers(TailOp.ARGMAX, "x", "index", 3),
          TailNode.withIntegers(TailOp.ZIP_MAP, "y", "map", 5, 6, 7)), List.of("y", "x", "index", "map"));
      Map<String, Double> error = Map.of("x", 0.01);
      assertEquals(Set.of("y", "map"), tail.run(Map.of("x", new double[] {-9.3, near[i], 9.3}), error).undecided(), steps[i].name());
      assertEquals(Set.of(), tail.run(Map.of("x", new double[] {-9.3, apart[i], 9.3}), error).undecided(), steps[i].name());
      assertFalse(tail.runByMargins(Map.of("x", new double[] {-9.3, near[i], 9.3})).undecided().contains("y"), steps[i].name());
    }
  }

  @Test
  void scoresBeyondTheLimitOfAClipAreExactAndEqual() {
    Postprocessing clipped = new Postprocessing(List.of("x"), List.of(TailNode.withNumbers(TailOp.CLIP, "x", "p", -1, 1),
        TailNode.withIntegers(TailOp.LABEL, "p", "label", 5, 6, 7)), List.of("label", "p"));
    Map<String, Double> error = Map.of("x", 0.1);
    Postprocessing.Result both = clipped.run(Map.of("x", new double[] {-3, 1.2, 4}), error);
    assertEquals(new OutputValue.Integers(new long[] {6}), both.outputs().get("label"));
    assertEquals(Set.of(), both.undecided());
    assertEquals(0, both.errorBounds().get("p"));
    Postprocessing.Result near = clipped.run(Map.of("x", new double[] {-3, 1.05, 4}), error); // the first may be below the limit
    assertEquals(Set.of("label"), near.undecided());
    assertEquals(0.05, near.errorBounds().get("p"), 1e-12);
  }

  @Test
  void scoresThatAreEqualInSinglePrecisionAreUndecidedAndChooseTheFirst() {
    Postprocessing tail = new Postprocessing(List.of("x"), List.of(TailNode.of(TailOp.SIGMOID, "x", "p"),
        TailNode.of(TailOp.NORMALIZE_L1, "p", "q"), TailNode.withIntegers(TailOp.LABEL, "q", "label", 5, 6, 7)), List.of("label"));
    Postprocessing.Result saturated = tail.run(Map.of("x", new double[] {18.33, 105.2, -69.7}), Map.of("x", 1e-7));
    assertEquals(new OutputValue.Integers(new long[] {5}), saturated.outputs().get("label"));
    assertEquals(Set.of("label"), saturated.undecided());
    assertEquals(Set.of(), tail.run(Map.of("x", new double[] {8, 105.2, -69.7}), Map.of("x", 1e-7)).undecided());
    Postprocessing threshold = tail(new TailNode(
        TailOp.THRESHOLD_LABEL, List.of("x"), "out", new long[] {0, 1}, new double[] {0.5}, List.of()));
    Postprocessing.Result near = threshold.run(Map.of("x", new double[] {0.5 + 1e-9}), Map.of());
    assertEquals(new OutputValue.Integers(new long[] {0}), near.outputs().get("out"));
    assertEquals(Set.of("out"), near.undecided());
  }

  @Test
  void softmaxOfLargeScoresDoesNotOverflow() {
    Postprocessing tail = tail(TailNode.of(TailOp.SOFTMAX, "x", "out"));
    double[] p = tail.run(Map.of("x", new double[] {1000, 1000})).get("out").toNumbers();
    assertArrayEquals(new double[] {0.5, 0.5}, p);
  }

  @Test
  void binaryNodesGatherAndConcatWorkOnElements() {
    Postprocessing tail = tail(
        TailNode.of(TailOp.BINARY_PROBABILITIES, "x", "p"),
        TailNode.withIntegers(TailOp.GATHER, "p", "g", 1, 0, 1),
        new TailNode(TailOp.CONCAT, List.of("p", "g"), "out", new long[0], new double[0], List.of()));
    assertArrayEquals(
        new double[] {0.75, 0.25, 0.25, 0.75, 0.25}, tail.run(Map.of("x", new double[] {0.25})).get("out").toNumbers());
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(value = TailOp.class, names = {
    "AFFINE", "VECTOR_AFFINE", "SIGMOID", "TANH", "RELU", "EXP", "SOFTPLUS", "CLIP", "SOFTMAX", "LOG_SOFTMAX", "NORMALIZE_L1",
    "NORMALIZE_L2", "NORMALIZE_MAX", "IDENTITY"})
  void errorBoundsHoldForEveryPerturbation(TailOp op) {
    long seed = 7;
    Random random = new Random(seed);
    double[] numbers = switch (op) {
      case AFFINE -> new double[] {-3, 1};
      case CLIP -> new double[] {-0.5, 0.5};
      case VECTOR_AFFINE -> new double[] {1, -2, 3, 4, 5, 6};
      default -> new double[0];
    };
    Postprocessing tail = tail(TailNode.withNumbers(op, "x", "out", numbers));
    for (int trial = 0; trial < 2000; trial++) {
      double e = Math.pow(10, -random.nextInt(1, 5));
      double[] x = random.doubles(3, -4, 4).toArray();
      double[] moved = x.clone();
      for (int i = 0; i < 3; i++) {
        moved[i] += e * (random.nextInt(4) == 0 ? random.nextDouble(-1, 1) : random.nextBoolean() ? 1 : -1);
      }
      Postprocessing.Result result = tail.run(Map.of("x", x), Map.of("x", e));
      double[] y = result.outputs().get("out").toNumbers();
      double[] z = tail.run(Map.of("x", moved)).get("out").toNumbers();
      double bound = result.errorBounds().get("out");
      for (int i = 0; i < 3; i++) {
        double difference = Math.abs(y[i] - z[i]);
        assertTrue(difference <= bound * (1 + 1e-9) + 1e-12, "seed " + seed + " trial " + trial + ": " + difference + " > " + bound);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(TailFunction.class)
  void errorBoundsOfFunctionsHoldForEveryPerturbation(TailFunction function) {
    long seed = 11;
    Random random = new Random(seed);
    boolean positive = function == TailFunction.LOG || function == TailFunction.SQRT;
    double[] parameters = switch (function) {
      case POWER -> new double[] {3, 0};
      case SELU -> new double[] {1.6733, 1.0507};
      case HARD_SIGMOID -> new double[] {0.2, 0.5};
      case LEAKY_RELU -> new double[] {0.01, 0};
      default -> new double[] {1, 0};
    };
    Postprocessing tail = tail(
        new TailNode(TailOp.FUNCTION, List.of("x"), "out", new long[] {function.ordinal()}, parameters, List.of()));
    for (int trial = 0; trial < 5000; trial++) {
      double e = Math.pow(10, -random.nextInt(5));
      double x = positive ? e + random.nextDouble(4) : function == TailFunction.COUPLED ? random.nextDouble() : random.nextDouble(-4, 4);
      double moved = x + e * (random.nextBoolean() ? random.nextDouble(-1, 1) : random.nextBoolean() ? 1 : -1);
      Postprocessing.Result result = tail.run(Map.of("x", new double[] {x}), Map.of("x", e));
      double y = result.outputs().get("out").toNumbers()[0];
      double z = tail.run(Map.of("x", new double[] {moved})).get("out").toNumbers()[0];
      double bound = result.errorBounds().get("out");
      assertTrue(
          Math.abs(y - z) <= bound * (1 + 1e-9) + 1e-12,
          "seed " + seed + " trial " + trial + ": f(" + x + ") = " + y + ", f(" + moved + ") = " + z + ", bound " + bound);
    }
  }

  /** Expected values are the algorithm's for any number of classes, at two. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "1e-09, 1.00000009828e-07",
    "1e-05, 1.0000099996e-05",
    "0.002, 0.00200396795261",
    "0.05937, 0.0593700138868",
    "0.1, 0.100000119816",
    "0.3, 0.300000011104",
    "0.497, 0.5",
    "0.51, 0.510000081535",
    "0.7, 0.700000201737",
    "0.9975, 0.999981109463",
    "0.99999, 0.9999999997"
  })
  void probabilitiesOfTwoClassesAreCoupledByTheIteration(double x, double expected) {
    assertEquals(expected, TailFunction.COUPLED.apply(x, 0, 0), 1e-10);
  }

  @Test
  void graphsWithMissingOrRepeatedNamesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> tail(TailNode.of(TailOp.EXP, "nobody", "out")));
    assertThrows(IllegalArgumentException.class, () -> tail(TailNode.of(TailOp.EXP, "x", "x")));
    assertThrows(IllegalArgumentException.class, () -> tail(TailNode.of(TailOp.EXP, "x", "other")));
    assertThrows(IllegalArgumentException.class, () -> tail(
        TailNode.of(TailOp.ARGMAX, "x", "a"), TailNode.of(TailOp.EXP, "a", "out")));
    assertThrows(IllegalArgumentException.class, () -> TailNode.withNumbers(TailOp.AFFINE, "x", "out", 1));
    assertThrows(IllegalArgumentException.class, () -> TailNode.withIntegers(TailOp.ZIP_MAP, "x", "out", 1, 1));
  }

  private static Postprocessing tail(TailNode... nodes) {
    return new Postprocessing(List.of("x"), List.of(nodes), List.of("out"));
  }

  @Test
  void aLabelOfSomethingThatIsNotANumberIsUndecided() {
    List<TailNode> nodes =
        List.of(
            new TailNode(TailOp.DIV, List.of("z", "z"), "nan", new long[0], new double[0], List.of()),
            TailNode.withStrings(TailOp.LABEL, "nan", "label", List.of("a", "b")),
            TailNode.of(TailOp.ARGMAX, "nan", "index"));
    Postprocessing tail = new Postprocessing(List.of("z"), nodes, List.of("label", "index"));
    assertEquals(Set.of("label", "index"), tail.run(Map.of("z", new double[2]), Map.of()).undecided());
  }
}
