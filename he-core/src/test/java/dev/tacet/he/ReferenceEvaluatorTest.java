// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ProgramBuilder.Value;
import dev.tacet.he.internal.Engine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
class ReferenceEvaluatorTest {
  private static final Scale DELTA = Scale.powerOfTwo(32);

  private final RingType ring;

  ReferenceEvaluatorTest(RingType ring) {
    this.ring = ring;
  }

  @ParameterizedTest(name = "{0} x {1} in periods {3} -> {2}, baby steps {4}, seed {5}")
  @CsvSource({
    "1,1,1,1,1,1", "3,3,4,4,2,2", "5,3,8,4,3,3", "2,7,2,8,1,4", "1,16,1,16,1,5", "16,1,16,1,1,6", "13,11,16,16,4,7",
    "3,13,4,16,2,8", "10,2,16,2,2,9", "2,3,8,4,4,10", "2,3,4,8,4,11"
  })
  void diagonalsAndRotateSumAreTheMatrixProduct(int rows, int cols, int outPeriod, int inPeriod, int baby, long seed) {
    Parameters p = Samples.tiny(ring);
    Random random = new Random(seed);
    double[] w = random.doubles(rows * cols, -1, 1).toArray();
    double[] x = random.doubles(cols, -1, 1).toArray();
    ProgramBuilder b = new ProgramBuilder(p);
    Value z = b.linearTransform(b.input(6, DELTA), new Constant.Matrix(rows, cols, inPeriod, outPeriod, w), baby, Scale.prime(6, 1));
    Value y = b.rescale(z);
    if (outPeriod < inPeriod) {
      y = b.rotateSum(y, outPeriod, inPeriod / outPeriod);
    }
    b.output(y);
    double[] slots = new double[p.slots()];
    for (int j = 0; j < slots.length; j++) {
      slots[j] = j % inPeriod < cols ? x[j % inPeriod] : 0;
    }
    double[] expected = new double[p.slots()];
    for (int j = 0; j < expected.length; j++) {
      int row = j % outPeriod;
      for (int c = 0; row < rows && c < cols; c++) {
        expected[j] += w[row * cols + c] * x[c];
      }
    }
    assertArrayEquals(expected, ReferenceEvaluator.run(b.build(), List.of(slots)).get(0), 1e-12, "seed " + seed);
  }

  @Test
  void opsActSlotBySlot() {
    Parameters p = Samples.tiny(ring);
    ProgramBuilder b = new ProgramBuilder(p);
    Value x = b.input(6, DELTA);
    Value y = b.input(6, DELTA);
    b.output(b.add(x, y));
    b.output(b.sub(x, b.negate(y)));
    b.output(b.rotate(x, 1));
    b.output(b.rotate(x, -1));
    b.output(b.rotateSum(x, 4, 2));
    b.output(b.relinearize(b.multiply(x, y)));
    b.output(b.square(x));
    b.output(b.multiplyPlain(x, new Constant.Vector(new double[] {1, 2, 3}, 4), Scale.prime(6, 1)));
    b.output(b.addPlain(x, new Constant.Vector(new double[] {1, 2, 3}, 4)));
    b.output(b.addScalar(b.multiplyScalar(x, -2, Scale.ONE), 1));
    double[] xs = new Random(1).doubles(16).toArray();
    double[] ys = new Random(2).doubles(16).toArray();
    List<double[]> out = ReferenceEvaluator.run(b.build(), List.of(xs, ys));
    for (int j = 0; j < 16; j++) {
      double v = j % 4 < 3 ? j % 4 + 1 : 0;
      assertEquals(xs[j] + ys[j], out.get(0)[j], 1e-15);
      assertEquals(xs[j] + ys[j], out.get(1)[j], 1e-15);
      assertEquals(xs[(j + 1) % 16], out.get(2)[j]);
      assertEquals(xs[(j + 15) % 16], out.get(3)[j]);
      assertEquals(xs[j] + xs[(j + 4) % 16], out.get(4)[j], 1e-15);
      assertEquals(xs[j] * ys[j], out.get(5)[j], 1e-15);
      assertEquals(xs[j] * xs[j], out.get(6)[j], 1e-15);
      assertEquals(xs[j] * v, out.get(7)[j], 1e-15);
      assertEquals(xs[j] + v, out.get(8)[j], 1e-15);
      assertEquals(1 - 2 * xs[j], out.get(9)[j], 1e-15);
    }
  }

  @Test
  void arraysGoElementByElementAndMeetInAnAffineMap() {
    Parameters p = Samples.tiny(ring);
    ProgramBuilder b = new ProgramBuilder(p);
    Value x = b.input(ValueType.slots(6, DELTA).withLength(2));
    Value y = b.input(6, DELTA);
    b.output(b.matrixProduct(x, new Constant.Affine(3, 2, new double[] {1, 2, -3, 4, 0, 0.5}, new double[] {10, 20, 30}), DELTA));
    b.output(b.negate(y));
    b.output(b.add(x, x));
    double[] first = new Random(1).doubles(16).toArray();
    double[] second = new Random(2).doubles(4).toArray();
    List<Integer> seen = new ArrayList<>();
    List<double[]> out =
        ReferenceEvaluator.run(b.build(), List.of(first, second, new double[] {5}), (id, period) -> seen.add(id));
    assertEquals(6, out.size());
    for (int j = 0; j < 16; j++) {
      double u = first[j];
      double v = second[j % 4];
      assertEquals(u + 2 * v + 10, out.get(0)[j], 1e-14);
      assertEquals(-3 * u + 4 * v + 20, out.get(1)[j], 1e-14);
      assertEquals(0.5 * v + 30, out.get(2)[j], 1e-14);
      assertEquals(-5, out.get(3)[j]);
      assertEquals(2 * u, out.get(4)[j]);
      assertEquals(2 * v, out.get(5)[j]);
    }
    assertEquals(List.of(0, 0, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 6, 7, 7), seen);
  }

  @Test
  void aPolynomialAtManyPlacesIsBitForBitThatOfEach() {
    SplittableRandom random = new SplittableRandom(9);
    for (Constant.Basis basis : Constant.Basis.values()) {
      for (int length : new int[] {1, 2, 64, 1024}) {
        for (int degree : new int[] {0, 1, 2, 7, 63}) {
          Constant.Polynomial polynomial =
              new Constant.Polynomial(basis, random.doubles(degree + 1, -2, 2).toArray());
          double[] x = random.doubles(length, -1.25, 1.25).toArray();
          double[] result = new double[length];
          polynomial.evaluate(x, result);
          assertArrayEquals(Arrays.stream(x).map(polynomial::evaluate).toArray(), result, basis + " " + degree + " " + length);
        }
      }
    }
  }

  @Test
  void sparseRowsHaveTheSameBitsWithoutTheEngine() {
    Random random = new Random(8);
    List<Diagonals.Term> terms = new ArrayList<>();
    for (int step : new int[] {0, 1, 3, 5, 6, 9, 11, 14, 15}) {
      terms.add(new Diagonals.Term(0, step, new int[] {0, 2, 3, 7, 12}, random.doubles(5, -1, 1).toArray()));
    }
    SparseRows map = SparseRows.of(new Diagonals(16, terms));
    for (int rows : new int[] {2, 4, 8, 16, 32, 64}) {
      double[] x = random.doubles(32L * rows, -1, 1).toArray();
      double[] alone = new double[map.lengthOf(x, rows)];
      double[] product = alone.clone();
      Arrays.fill(alone, 7);
      Arrays.fill(product, 9);
      map.withoutEngine(alone, x, rows);
      map.product(x, product, rows);
      assertArrayEquals(alone, product, rows + " rows, whatever there was before");
    }
  }

  @Test
  void aSparseProductOfSizesThatDoNotFitIsRefused() {
    Engine.SparseMap map = new Engine.SparseMap(new int[] {0, 1, 1}, new int[] {3}, new double[] {2});
    double[] out = new double[8];
    Engine.sparseProduct(out, new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, map);
    assertArrayEquals(new double[] {14, 16, 0, 0, 6, 8, 0, 0}, out);
    assertThrows(IllegalArgumentException.class, () -> Engine.sparseProduct(out, new double[12], 2, map));
    assertThrows(IllegalArgumentException.class, () -> Engine.sparseProduct(out, new double[8], 3, map));
    assertThrows(IllegalArgumentException.class, () -> Engine.sparseProduct(new double[2], new double[8], 2, map));
    Engine.SparseMap missing = new Engine.SparseMap(new int[] {0, 1, 2}, new int[] {3}, new double[] {2});
    assertThrows(IllegalArgumentException.class, () -> Engine.sparseProduct(out, new double[8], 2, missing));
  }

  @Test
  void interleavedRowsHaveTheValuesOfEachToTheLastBit() {
    Random random = new Random(7);
    ProgramBuilder b = new ProgramBuilder(Samples.tiny(ring));
    Value x = b.input(6, DELTA);
    List<Diagonals.Term> terms = new ArrayList<>();
    for (int step : new int[] {0, 1, 3, 5, 6, 9, 11}) {
      terms.add(new Diagonals.Term(0, step, new int[] {0, 2, 3, 7}, random.doubles(4, -1, 1).toArray()));
    }
    Value y = b.rescale(b.linearTransform(x, new Diagonals(8, terms), Scale.prime(6, 1)));
    y = b.addPlain(b.rotate(y, 3), new Constant.Vector(new double[] {0.5, -0.5, 0.25}, 4));
    Value z = b.rescale(b.multiplyPlain(y, new Constant.Vector(new double[] {1, 2}, 2), Scale.prime(5, 1)));
    b.output(b.rotateSum(z, 4, 4));
    b.output(b.rescale(b.linearTransform(z, new Constant.Matrix(3, 5, 8, 4, random.doubles(15).toArray()), 2, Scale.prime(4, 1))));
    b.output(b.sub(b.dropLevel(b.negate(y), 4), b.rotate(z, 1)));
    b.output(b.polynomial(z, new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[] {0.5, -1, 2, 0.25}), DELTA));
    if (ring == RingType.STANDARD) {
      b.output(b.complex(z, b.rotate(z, 2)));
    }
    Program program = b.build();
    for (int rows : new int[] {2, 4, 8, 16, 32, 64}) {
      double[][] each = new double[rows][];
      double[] together = new double[16 * rows];
      for (int r = 0; r < rows; r++) {
        each[r] = random.doubles(16, -1, 1).toArray();
        for (int slot = 0; slot < 16; slot++) {
          together[slot * rows + r] = each[r][slot];
        }
      }
      List<double[]> all = new InterleavedEvaluator(program).ofRows(rows).run(List.of(together), null, null);
      for (int r = 0; r < rows; r++) {
        List<double[]> alone = ReferenceEvaluator.run(program, List.of(each[r]));
        for (int o = 0; o < alone.size(); o++) {
          for (int slot = 0; slot < alone.get(o).length; slot++) {
            assertEquals(alone.get(o)[slot], all.get(o)[slot * rows + r], "output " + o + ", row " + r + ", slot " + slot);
          }
        }
      }
    }
    assertThrows(IllegalArgumentException.class, () -> new InterleavedEvaluator(program).ofRows(3));
  }

  private static double noise(int id) {
    return id % 3 == 0 ? id : 0;
  }

  /** Rescales, dropped levels and the like share the array of their argument; arrays that are needed no more are used again. */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void aDisturbanceInPlaceReachesNoOtherValue(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ProgramBuilder b = new ProgramBuilder(Samples.tiny(ring));
    List<Value> values = new ArrayList<>(List.of(b.input(ValueType.slots(6, DELTA).withLength(2)), b.input(ValueType.slots(6, DELTA).withLength(2))));
    for (int k = 0; k < 24; k++) {
      Value x = values.get(random.nextInt(values.size()));
      values.add(switch (random.nextInt(6)) {
        case 0 -> b.negate(x);
        case 1 -> b.rotate(x, 1 + random.nextInt(7));
        case 2 -> b.rotateSum(x, 1, 4);
        case 3 -> b.addScalar(x, 0.5);
        default -> x.level() > 1 ? b.dropLevel(x, x.level() - 1) : b.negate(x);
      });
      if (random.nextInt(4) == 0) {
        b.output(values.get(random.nextInt(values.size())));
      }
    }
    b.output(values.get(values.size() - 1));
    Program program = b.build();
    List<double[]> inputs = random.ints(4).mapToObj(start -> new SplittableRandom(start).doubles(16, -1, 1).toArray()).toList();
    List<double[]> always = ReferenceEvaluator.run(program, inputs, null, (id, argument, exact, own) -> Arrays.stream(exact).map(v -> v + noise(id)).toArray());
    int[] inPlace = new int[1];
    List<double[]> where = ReferenceEvaluator.run(program, inputs, null, (id, argument, exact, own) -> {
      double[] result = own || noise(id) == 0 ? exact : exact.clone();
      for (int i = 0; i < result.length && noise(id) != 0; i++) {
        result[i] += noise(id);
      }
      inPlace[0] += own ? 1 : 0;
      return result;
    });
    for (int i = 0; i < always.size(); i++) {
      assertArrayEquals(always.get(i), where.get(i), "output " + i + ", seed " + seed);
    }
    assertTrue(inPlace[0] > 0);
  }

  @Test
  void polynomialsInBothBasesHaveTheirValue() {
    Constant.Polynomial chebyshev = new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[] {0.5, -1, 2, 0.25});
    Constant.Polynomial monomial = new Constant.Polynomial(Constant.Basis.MONOMIAL, new double[] {0.5, -1, 2, 0.25});
    for (double x = -1; x <= 1; x += 0.125) {
      double t = Math.acos(x);
      assertEquals(0.5 - x + 2 * Math.cos(2 * t) + 0.25 * Math.cos(3 * t), chebyshev.evaluate(x), 1e-12);
      assertEquals(0.5 - x + 2 * x * x + 0.25 * x * x * x, monomial.evaluate(x), 1e-12);
    }
    assertEquals(2, chebyshev.depth());
    assertEquals(6, new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[64]).depth());
    assertEquals(5, new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[32]).depth());
  }

  @Test
  void aSampleRunsFromFeaturesToOutputs() {
    ModelArtifact artifact = Samples.artifact(ring);
    int slots = artifact.parameters().slots();
    double[] packed = artifact.signature().inputs().get(0).pack(new double[] {0.1, 2.2, 15.5}, slots);
    double[] x = {0.1, 0.1, 0.1};
    double first = Math.pow(x[0] + 2 * x[1] + 3 * x[2] + 0.5, 2);
    double second = Math.pow(4 * x[0] + 5 * x[1] + 6 * x[2] - 0.5, 2);
    double[] out = ReferenceEvaluator.run(artifact.program(), List.of(packed)).get(0);
    assertEquals(first, out[0], 1e-12);
    assertEquals(second, out[1], 1e-12);
    assertEquals(first, out[slots - 4], 1e-12);
  }

  @Test
  void anotherNumberOrLengthOfInputsIsRefused() {
    Program program = Samples.program(Samples.parameters(ring));
    assertThrows(IllegalArgumentException.class, () -> ReferenceEvaluator.run(program, List.of()));
    assertThrows(IllegalArgumentException.class, () -> ReferenceEvaluator.run(program, List.of(new double[3])));
  }
}
