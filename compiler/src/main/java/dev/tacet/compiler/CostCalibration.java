// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.compiler.internal.cost.ProgramWork;
import dev.tacet.compiler.internal.cost.Work;
import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Programs whose layers are single operations, to be run on a machine, and the rates that explain the times of the layers best.
 *
 * <p>The parameters are unchecked: they are chosen for their shapes, no data is ever encrypted under them.
 */
public final class CostCalibration {
  /** The ring degrees that are measured, as log2. */
  public static final List<Integer> LOG_RING_DEGREES = List.of(12, 13, 14, 15, 16);

  /** Primes of the chain, by ring degree: as many as models of that size have, fewer where keys are large. */
  private static final int[] LIMBS = {4, 7, 10, 10, 7};

  /** That of models which are one linear map. */
  private static final int SMALLEST_LOG_DEGREE = 11;

  private static final int LOG_SCALE = 30;
  private static final int LOG_ARRAY_SCALE = 20;
  private static final int BASE_BITS = 40;
  private static final int SPECIAL_BITS = 44;
  private static final int BABIES = 4;
  private static final int GIANTS = 8;

  /** Baby steps, and giant steps, of the transforms by which products with diagonals are measured. */
  private static final int SIDE = 16;

  /** The highest level of those. */
  private static final int PRODUCTS_LEVEL = 2;

  /** Layers of many diagonals, and of {@link #FEW} under the same rotations: what one takes more than the other is what the diagonals take. */
  private static final String PRODUCTS = "products at ";

  private static final String FEW = "few ";

  /** Bits of weights with which a product of a matrix product takes one multiplication. */
  private static final int SMALL_WEIGHT_BITS = 8;

  /** How much a rate's distance from the one expected counts beside a measured time's from the one predicted. */
  private static final double PRIOR = 0.005;

  private static final int ROUNDS = 4000;

  private CostCalibration() {}

  /** Returns the programs of a ring degree: rotations and products under keys of one and of three primes a digit, and arrays. */
  public static List<Program> programs(int logRingDegree) {
    int limbs = LIMBS[Math.min(Math.max(logRingDegree, 12), 16) - 12];
    return List.of(chain(logRingDegree, limbs, 1), chain(logRingDegree, limbs, 3), arrays(logRingDegree));
  }

  /** Returns a program whose operations take next to nothing: what a run takes beside them is measured with it. */
  public static Program smallest() {
    ProgramBuilder b = new ProgramBuilder(parameters(SMALLEST_LOG_DEGREE, 1, 1));
    ProgramBuilder.Value v = b.layer("input").input(0, Scale.powerOfTwo(LOG_SCALE));
    b.layer("output").output(b.add(b.negate(v), v));
    return b.build();
  }

  private static Parameters parameters(int logRingDegree, int limbs, int digit) {
    return ModulusChain.select(logRingDegree, RingType.STANDARD, BASE_BITS, LOG_SCALE, limbs - 1, SPECIAL_BITS, digit)
        .digitSize(digit).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  }

  /** One operation after another, at most levels, so that each has the machine to itself. */
  private static Program chain(int logRingDegree, int limbs, int digit) {
    Parameters parameters = parameters(logRingDegree, limbs, digit);
    ProgramBuilder b = new ProgramBuilder(parameters);
    b.layer("input");
    ProgramBuilder.Value v = b.input(limbs - 1, Scale.powerOfTwo(LOG_SCALE));
    for (int level = limbs - 1; level >= 3; level = v.level() - 1) {
      v = b.layer("drop to " + level).dropLevel(v, level);
      v = b.layer("rotate at " + level).rotate(v, 1);
      v = b.layer("baby steps at " + level).linearTransform(v, diagonals(1), Scale.powerOfTwo(LOG_SCALE));
      v = b.layer("rescale at " + level).rescale(v);
      v = b.layer("giant steps at " + v.level()).linearTransform(v, diagonals(GIANTS), Scale.powerOfTwo(0));
      if (v.level() <= PRODUCTS_LEVEL) {  // where rotations take least beside them, and keys too
        int low = v.level();
        v = b.layer(PRODUCTS + low).linearTransform(v, square(true), Scale.powerOfTwo(0));
        v = b.layer(FEW + PRODUCTS + low).linearTransform(v, square(false), Scale.powerOfTwo(0));
      }
      v = b.layer("add at " + v.level()).add(v, v);
      ProgramBuilder.Value square = b.layer("square at " + v.level()).relinearize(b.square(v));
      v = b.rescale(square);
    }
    b.layer("output").output(v);
    return b.build();
  }

  private static Diagonals diagonals(int giants) {
    List<Diagonals.Term> terms = new ArrayList<>();
    for (int giant = 0; giant < giants; giant++) {
      for (int baby = 0; baby < BABIES; baby++) {
        terms.add(term(giant * BABIES, baby));
      }
    }
    return new Diagonals(2, terms);
  }

  /** As many giant steps as baby steps, with a diagonal for each two of them or just as many as take all rotations. */
  private static Diagonals square(boolean all) {
    List<Diagonals.Term> terms = new ArrayList<>();
    for (int giant = 0; giant < SIDE; giant++) {
      for (int baby = 0; baby < SIDE; baby++) {
        if (all || giant == 0 || baby == 0) {
          terms.add(term(giant * SIDE, baby));
        }
      }
    }
    return new Diagonals(2, terms);
  }

  private static Diagonals.Term term(int giant, int baby) {
    return new Diagonals.Term(giant, baby, new int[] {0, 1}, new double[] {1, -1});
  }

  /** A square of every element between two matrix products, the first by small weights. */
  private static Program arrays(int logRingDegree) {
    int length = 32;
    Parameters parameters = parameters(logRingDegree, 3, 1);
    ProgramBuilder b = new ProgramBuilder(parameters);
    b.layer("input");
    ProgramBuilder.Value v = b.input(ValueType.slots(2, Scale.powerOfTwo(LOG_ARRAY_SCALE)).withLength(length));
    SplittableRandom random = new SplittableRandom(1);
    double[] weights = new double[length * length];
    Arrays.setAll(weights, i -> random.nextDouble(-1, 1));
    Constant.Affine affine = new Constant.Affine(length, length, weights, new double[length]);
    v = b.layer("small products").matrixProduct(v, affine, Scale.powerOfTwo(SMALL_WEIGHT_BITS));
    v = b.layer("sums").add(v, v);
    v = b.layer("squares").rescale(b.relinearize(b.square(v)));
    v = b.layer("products").matrixProduct(v, affine, Scale.powerOfTwo(LOG_SCALE));
    v = b.layer("rescale").rescale(v);
    b.layer("output").output(v);
    return b.build();
  }

  private static double[] difference(double[] amounts, double[] less, double time) {
    double[] row = new double[amounts.length];
    Arrays.setAll(row, k -> (amounts[k] - less[k]) / time);
    return row;
  }

  /**
   * Fits rates to times, by least squares of the relative errors; a rate that the programs say little of stays near the one expected.
   *
   * @param programs of one ring degree
   * @param nanos of each program, the wall time of each layer
   * @param expected rates of some machine, whose proportions stand in where the times say nothing
   */
  public static CostProfile.Rates fit(List<Program> programs, List<double[]> nanos, CostProfile.Rates expected) {
    List<double[]> rows = new ArrayList<>();
    double[] prior = expected.toArray();
    double logRatio = 0;
    for (int p = 0; p < programs.size(); p++) {
      Work[] layers = ProgramWork.byLayer(programs.get(p));
      for (int l = 0; l < layers.length; l++) {
        double predicted = layers[l].nanos(expected);
        if (predicted > 0 && nanos.get(p)[l] > 0) {
          double time = nanos.get(p)[l];
          rows.add(Arrays.stream(layers[l].amounts()).map(amount -> amount / time).toArray());
          logRatio += Math.log(time / predicted);
          int few = programs.get(p).layers().indexOf(FEW + programs.get(p).layers().get(l));
          if (few >= 0 && nanos.get(p)[few] > 0 && nanos.get(p)[few] < time) {
            rows.add(difference(layers[l].amounts(), layers[few].amounts(), time - nanos.get(p)[few]));
          }
        }
      }
    }
    double ratio = Math.exp(logRatio / Math.max(1, rows.size()));
    double[] rates = new double[Work.KINDS];
    double[] scaled = new double[Work.KINDS];
    Arrays.setAll(scaled, k -> Math.max(prior[k] * ratio, 1e-6));
    Arrays.setAll(rates, k -> scaled[k]);
    for (int round = 0; round < ROUNDS; round++) {
      for (int k = 0; k < Work.KINDS; k++) {
        double numerator = PRIOR / scaled[k];
        double denominator = PRIOR / (scaled[k] * scaled[k]);
        for (double[] row : rows) {
          double others = -1;
          for (int j = 0; j < Work.KINDS; j++) {
            others += j == k ? 0 : row[j] * rates[j];
          }
          numerator -= row[k] * others;
          denominator += row[k] * row[k];
        }
        rates[k] = Math.max(0, numerator / denominator);
      }
    }
    rates[0] = Math.max(rates[0], 1e-6);
    return CostProfile.Rates.of(rates);
  }
}
