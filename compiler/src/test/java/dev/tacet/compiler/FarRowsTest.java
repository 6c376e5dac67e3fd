// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows much larger than all sample rows of a model whose errors grow with its values: a product of an exponential and a SiLU. What has an
 * answer is within the error bound, and no row's class is decided wrongly, those beside a decision included. So it is in linear models, whose
 * features may leave their range farthest.
 */
class FarRowsTest {
  private static final int FEATURES = 6;
  private static final int UNITS = 5;
  private static final int CLASSES = 3;
  private static final int LINES = 60;

  private interface Choosing {
    double[] scores(double[] row);

    default int best(double[] row) {
      double[] scores = scores(row);
      return IntStream.range(0, scores.length).reduce((i, j) -> scores[j] > scores[i] ? j : i).orElseThrow();
    }
  }

  /** exp(x A) silu(x B) C and its largest element. */
  private record Model(double[] a, double[] b, double[] c) implements Choosing {
    static Model of(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      return new Model(weights(random, FEATURES * UNITS, 1.9), weights(random, FEATURES * UNITS, 1.9), weights(random, UNITS * CLASSES, 1));
    }

    private static double[] weights(SplittableRandom random, int count, double size) {
      return random.doubles(count, -1, 1).map(w -> (float) (size * w)).toArray();
    }

    OnnxSource source() {
      return TestModels.of(FEATURES).constant("a", new long[] {FEATURES, UNITS}, a).constant("b", new long[] {FEATURES, UNITS}, b)
          .constant("c", new long[] {UNITS, CLASSES}, c)
          .node("MatMul", "x a", "p").node("Exp", "p", "e").node("MatMul", "x b", "q").node("Sigmoid", "q", "s").node("Mul", "q s", "g")
          .node("Mul", "e g", "h").node("MatMul", "h c", "z")
          .node("ArgMax", "z", "y", TestModels.integer("axis", 1), TestModels.integer("keepdims", 0)).source("y");
    }

    @Override
    public double[] scores(double[] row) {
      double[] p = TestModels.times(row, a, UNITS);
      double[] q = TestModels.times(row, b, UNITS);
      Arrays.setAll(p, k -> Math.exp(p[k]) * q[k] / (1 + Math.exp(-q[k])));
      return TestModels.times(p, c, CLASSES);
    }
  }

  /** h = (x A) sigmoid(x B), then (h C) tanh(h D) F and its largest element. */
  private record Gated(double[] a, double[] b, double[] c, double[] d, double[] f) implements Choosing {
    private static final int WIDE = 8;

    static Gated of(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      return new Gated(Model.weights(random, FEATURES * WIDE, 2), Model.weights(random, FEATURES * WIDE, 2), Model.weights(random, WIDE * WIDE, 2),
          Model.weights(random, WIDE * WIDE, 2), Model.weights(random, WIDE * CLASSES, 2));
    }

    OnnxSource source() {
      long[] first = {FEATURES, WIDE};
      long[] second = {WIDE, WIDE};
      return TestModels.of(FEATURES).constant("a", first, a).constant("b", first, b).constant("c", second, c).constant("d", second, d)
          .constant("f", new long[] {WIDE, CLASSES}, f)
          .node("MatMul", "x a", "p").node("MatMul", "x b", "q").node("Sigmoid", "q", "s").node("Mul", "p s", "h")
          .node("MatMul", "h c", "r").node("MatMul", "h d", "t").node("Tanh", "t", "u").node("Mul", "r u", "v").node("MatMul", "v f", "z")
          .node("ArgMax", "z", "y", TestModels.integer("axis", 1), TestModels.integer("keepdims", 0)).source("y");
    }

    @Override
    public double[] scores(double[] row) {
      double[] p = TestModels.times(row, a, WIDE);
      double[] q = TestModels.times(row, b, WIDE);
      Arrays.setAll(p, i -> p[i] / (1 + Math.exp(-q[i])));
      double[] r = TestModels.times(p, c, WIDE);
      double[] t = TestModels.times(p, d, WIDE);
      Arrays.setAll(r, i -> r[i] * Math.tanh(t[i]));
      return TestModels.times(r, f, CLASSES);
    }
  }

  /** x A and its largest element. */
  private record Linear(double[] a) implements Choosing {
    OnnxSource source(boolean choosing) {
      TestModels model = TestModels.of(FEATURES).constant("a", new long[] {FEATURES, CLASSES}, a).node("MatMul", "x a", "z");
      return choosing
          ? model.node("ArgMax", "z", "y", TestModels.integer("axis", 1), TestModels.integer("keepdims", 0)).source("y") : model.source("z");
    }

    @Override
    public double[] scores(double[] row) {
      return TestModels.times(row, a, CLASSES);
    }
  }

  /** The host rounds the weights of batches, by what the sample rows ask for: rows sixteen times as large err by as many times more. */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2})
  void rowsFarOutOfALinearModelsSampleAreWithinTheErrorBound(long seed) {
    Linear model = new Linear(Model.weights(new SplittableRandom(seed), FEATURES * CLASSES, 1));
    List<double[]> sample = TestModels.rows(60, FEATURES);
    ModelArtifact artifact = Compiler.compile(model.source(false), CompileOptions.defaults().withCalibration(sample)
        .withTask(ModelDescription.Task.REGRESSION).withPacking(CompileOptions.Packing.THROUGHPUT)).artifact();
    SplittableRandom random = new SplittableRandom(seed);
    List<double[]> far = random.longs(400).mapToObj(r -> far(artifact.signature().inputs().get(0), sample, random, 16)).toList();
    double[] bounds = artifact.signature().cipherOutputs().get(0).errorBounds();
    double[] ofSample = largestErrors(model, artifact, sample);
    double[] ofFar = largestErrors(model, artifact, far);
    for (int i = 0; i < CLASSES; i++) {
      assertTrue(ofFar[i] > 4 * ofSample[i], ofFar[i] + " is not much for score " + i + ", sample rows have " + ofSample[i]);
      assertTrue(bounds[i] >= ofFar[i], "score " + i + " is off by " + ofFar[i] + ", its error bound is " + bounds[i]);
    }
  }

  private static double[] largestErrors(Choosing model, ModelArtifact artifact, List<double[]> rows) {
    Simulator.Chunk chunk = Simulator.of(artifact, true, 7).run(0, rows.toArray(double[][]::new));
    assertEquals(Set.of(), chunk.unanswered());
    double[] largest = new double[CLASSES];
    for (int r = 0; r < rows.size(); r++) {
      double[] exact = model.scores(rows.get(r));
      double[] values = chunk.values().get(r).values().iterator().next();
      Arrays.setAll(largest, i -> Math.max(largest[i], Math.abs(values[i] - exact[i])));
    }
    return largest;
  }

  /** Margins' errors grow alike. */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {3, 6})
  void rowsFarOutOfALinearClassifiersSampleAreNotDecidedWrongly(long seed) {
    Linear model = new Linear(Model.weights(new SplittableRandom(seed), FEATURES * CLASSES, 1));
    List<double[]> sample = TestModels.rows(200, FEATURES);
    ModelArtifact artifact = Compiler.compile(model.source(true),
        CompileOptions.defaults().withCalibration(sample).withPacking(CompileOptions.Packing.THROUGHPUT)).artifact();
    List<double[]> far = besideDecisions(
        model, artifact.signature().inputs().get(0), sample, new SplittableRandom(seed), 16, 5e-4, 3e-4, 2e-4, 1e-4);
    Counts counts = run(model, artifact, far);
    assertEquals(far.size(), counts.answered);
    assertEquals(0, counts.wrong, counts + " of rows beside decisions");
  }

  @ParameterizedTest(name = "seed {0}, {1}")
  @CsvSource({"1, LATENCY", "2, LATENCY", "3, LATENCY", "4, LATENCY", "4, THROUGHPUT"})
  void whatHasAnAnswerIsRightOrUndecided(long seed, CompileOptions.Packing packing) {
    Model model = Model.of(seed);
    List<double[]> sample = TestModels.rows(200, FEATURES);
    ModelArtifact artifact = Compiler.compile(model.source(), CompileOptions.defaults().withCalibration(sample).withPacking(packing)).artifact();
    Counts ofSample = run(model, artifact, sample);
    assertEquals(0, ofSample.wrong);
    assertTrue(ofSample.decided >= 0.9 * sample.size(), ofSample + " of the sample rows");
    List<double[]> far = besideDecisions(
        model, artifact.signature().inputs().get(0), sample, new SplittableRandom(seed), 4.5, 1e-1, 1e-2, 1e-3, 1e-4);
    Counts ofFar = run(model, artifact, far);
    assertEquals(0, ofFar.wrong, ofFar + " of rows beside decisions");
    assertTrue(ofFar.answered > 0, "no far row has an answer");
  }

  /** Where a margin's bound for far rows would leave too many sample rows undecided, the report says what it leaves out. */
  @Test
  void aBoundThatFarRowsMayExceedIsTold() {
    String report = Compiler.compile(Model.of(2).source(),
        CompileOptions.defaults().withCalibration(TestModels.rows(200, FEATURES)).withPacking(CompileOptions.Packing.THROUGHPUT)).report().toText();
    assertTrue(report.contains("rows unlike all sample rows") && report.contains("be decided wrongly"), report);
  }

  /** Sixty rows that all lead by much say little of how many will not: fits are finer than they ask for. */
  @Test
  void fewSampleRowsDoNotLeaveManyOthersUndecided() {
    Gated model = Gated.of(2);
    List<double[]> rows = TestModels.rows(660, FEATURES);
    ModelArtifact artifact = Compiler.compile(model.source(), CompileOptions.defaults().withCalibration(rows.subList(0, 60))).artifact();
    Counts fresh = run(model, artifact, rows.subList(60, 660));
    assertEquals(0, fresh.wrong);
    assertTrue(fresh.decided >= 595, fresh + " of 600 fresh rows");
  }

  /** The errors of these scores are as large as the scores. */
  @Test
  void aModelWhoseSampleRowsStayUndecidedIsRefused() {
    String message = assertThrows(UncompilableModelException.class, () -> Compiler.compile(
        Model.of(5).source(), CompileOptions.defaults().withCalibration(TestModels.rows(60, FEATURES)).withMaxDegree(7))).getMessage();
    assertTrue(message.contains("of 60 sample rows") && message.contains("undecided") && message.contains("2 activations"), message);
  }

  /** Rows on both sides of the decisions between rows 1.5 to so many times as large as sample rows, nearer and nearer. */
  private static List<double[]> besideDecisions(
      Choosing model, SignatureInput input, List<double[]> sample, SplittableRandom random, double most, double... apart) {
    List<double[]> rows = new ArrayList<>();
    while (rows.size() < 2 * apart.length * LINES) {
      double[] one = far(input, sample, random, most);
      double[] other = far(input, sample, random, most);
      double low = 0;
      double high = 1;
      int left = model.best(one);
      if (left == model.best(other)) {
        continue;
      }
      for (int i = 0; i < 30; i++) {
        double middle = (low + high) / 2;
        if (model.best(between(one, other, middle)) == left) {
          low = middle;
        } else {
          high = middle;
        }
      }
      for (double beside : apart) {
        rows.add(between(one, other, Math.max(0, low - beside)));
        rows.add(between(one, other, Math.min(1, high + beside)));
      }
    }
    return rows;
  }

  private static double[] far(SignatureInput input, List<double[]> sample, SplittableRandom random, double most) {
    double[] low = input.low();
    double[] high = input.high();
    double[] row = sample.get(random.nextInt(sample.size())).clone();
    double times = random.nextDouble(1.5, most);
    Arrays.setAll(row, j -> Math.max(low[j], Math.min(high[j], times * row[j])));
    return row;
  }

  private static double[] between(double[] one, double[] other, double t) {
    return IntStream.range(0, one.length).mapToDouble(j -> one[j] + t * (other[j] - one[j])).toArray();
  }

  private record Counts(int answered, int decided, int wrong) {}

  private static Counts run(Choosing model, ModelArtifact artifact, List<double[]> rows) {
    Simulator simulator = Simulator.of(artifact, true, 7);
    Postprocessing tail = artifact.signature().tail();
    CipherOutput output = artifact.signature().cipherOutputs().get(0);
    int answered = 0;
    int decided = 0;
    int wrong = 0;
    for (int first = 0; first < rows.size(); first += Simulator.MAX_CHUNK) {
      List<double[]> some = rows.subList(first, Math.min(rows.size(), first + Simulator.MAX_CHUNK));
      Simulator.Chunk chunk = simulator.run(first, some.toArray(double[][]::new));
      for (int r = 0; r < some.size(); r++) {
        if (chunk.unanswered().contains(r)) {
          continue;
        }
        answered++;
        double[] exact = model.scores(some.get(r));
        double[] values = chunk.values().get(r).get(output.name());
        for (int i = 0; i < CLASSES; i++) {
          assertEquals(exact[i], values[i], output.errorBounds()[i], "score " + i + " of row " + (first + r));
        }
        Postprocessing.Result result = tail.runMeasured(chunk.values().get(r), Map.of(output.name(), output.errorBounds()));
        long label = ((OutputValue.Integers) result.outputs().values().iterator().next()).values()[0];
        boolean open = !result.undecided().isEmpty();
        decided += open ? 0 : 1;
        wrong += !open && label != model.best(some.get(r)) ? 1 : 0;
      }
    }
    return new Counts(answered, decided, wrong);
  }
}
