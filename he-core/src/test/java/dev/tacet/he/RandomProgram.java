// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A random well-typed program over all implemented ops, with inputs in [-1, 1], one of them an array.
 *
 * <p>Every value carries a bound on its slots, so that messages stay within the three spare bits, and the period of its slots, so
 * that matrices meet the vectors that they are for. A product is always relinearized and rescaled at once.
 */
final class RandomProgram {
  private static final double LARGEST = 8;

  private final Random random;
  private final Parameters parameters;
  private final ProgramBuilder builder;
  private final List<Sized> values = new ArrayList<>();
  final List<double[]> inputs = new ArrayList<>();
  final Program program;

  private record Sized(ProgramBuilder.Value value, double bound, int period) {
    boolean likes(Sized other) {
      return value.length() == other.value.length();
    }
  }

  RandomProgram(Parameters parameters, long seed, int operations) {
    this.parameters = parameters;
    random = new Random(seed);
    builder = new ProgramBuilder(parameters);
    builder.layer("inputs");
    for (int i = 0; i < 3; i++) {
      int length = i < 2 ? 1 : 2 + random.nextInt(4);
      int period = parameters.slots() >> random.nextInt(4);
      for (int e = 0; e < length; e++) {
        double[] once = random.doubles(period, -1, 1).toArray();
        double[] slots = new double[parameters.slots()];
        Arrays.setAll(slots, j -> once[j % period]);
        inputs.add(slots);
      }
      ValueType type = ValueType.slots(parameters.maxLevel(), Scale.powerOfTwo(parameters.logScale()));
      values.add(new Sized(builder.input(type.withLength(length)), 1, period));
    }
    for (int i = 0; i < operations; i++) {
      if (i % 4 == 0) {
        builder.layer("layer " + i / 4);
      }
      Sized next = step(values.get(random.nextInt(values.size())));
      if (next != null && next.bound() <= LARGEST) {
        values.add(next);
      }
    }
    builder.layer("outputs");
    for (int i = Math.max(0, values.size() - 3); i < values.size(); i++) {
      builder.output(values.get(i).value());
    }
    program = builder.build();
  }

  private Sized step(Sized a) {
    return switch (random.nextInt(14)) {
      case 0 -> sum(a, true);
      case 1 -> sum(a, false);
      case 2 -> product(a, values.get(random.nextInt(values.size())));
      case 3 -> a.bound * a.bound > LARGEST ? null : finished(
          a.value.level() == 0 ? null : builder.square(a.value), a.bound * a.bound, a.period);
      case 4 -> new Sized(
          builder.addPlain(a.value, vector()), a.bound + 1, parameters.slots());
      case 5 -> new Sized(builder.addScalar(a.value, random.nextDouble() - 0.5), a.bound + 0.5, a.period);
      case 6 -> new Sized(builder.negate(a.value), a.bound, a.period);
      case 7 -> timesPlain(a);
      case 8 -> timesScalar(a);
      case 9 -> rotated(a);
      case 10 -> linear(a);
      case 11 -> affine(a);
      case 12 -> diagonals(a);
      default -> polynomial(a);
    };
  }

  private Constant.Vector vector() {
    int period = parameters.slots();
    return new Constant.Vector(random.doubles(1 + random.nextInt(period), -1, 1).toArray(), period);
  }

  /** Adds or subtracts a value of the same scale, after dropping the higher one's level. */
  private Sized sum(Sized a, boolean add) {
    for (Sized b : values) {
      if (b != a && a.likes(b) && b.value.scale().equals(a.value.scale()) && a.bound + b.bound <= LARGEST) {
        int level = Math.min(a.value.level(), b.value.level());
        ProgramBuilder.Value u = builder.dropLevel(a.value, level);
        ProgramBuilder.Value v = builder.dropLevel(b.value, level);
        return new Sized(add ? builder.add(u, v) : builder.sub(u, v), a.bound + b.bound, Math.max(a.period, b.period));
      }
    }
    return null;
  }

  private Sized product(Sized a, Sized b) {
    int level = Math.min(a.value.level(), b.value.level());
    if (level == 0 || a.bound * b.bound > LARGEST || !a.likes(b)) {
      return null;
    }
    ProgramBuilder.Value product =
        builder.multiply(builder.dropLevel(a.value, level), builder.dropLevel(b.value, level));
    return finished(product, a.bound * b.bound, Math.max(a.period, b.period));
  }

  private Sized finished(ProgramBuilder.Value product, double bound, int period) {
    return product == null ? null : new Sized(builder.rescale(builder.relinearize(product)), bound, period);
  }

  private Sized timesPlain(Sized a) {
    if (a.value.level() == 0) {
      return null;
    }
    Scale plain = Scale.prime(a.value.level(), 1);
    return new Sized(
        builder.rescale(builder.multiplyPlain(a.value, vector(), plain)), a.bound, parameters.slots());
  }

  private Sized timesScalar(Sized a) {
    if (random.nextBoolean() || a.value.level() == 0) {
      int factor = random.nextInt(5) - 2;
      return new Sized(builder.multiplyScalar(a.value, factor, Scale.ONE), a.bound * Math.max(1, Math.abs(factor)), a.period);
    }
    double factor = random.nextDouble() * 2 - 1;
    Scale plain = Scale.prime(a.value.level(), 1);
    return new Sized(builder.rescale(builder.multiplyScalar(a.value, factor, plain)), a.bound, a.period);
  }

  private Sized rotated(Sized a) {
    switch (random.nextInt(4)) {
      case 3:
        return new Sized(builder.rotateMean(a.value, Math.min(a.period, parameters.slots())), a.bound, a.period);
      case 0:
        int count = 1 << random.nextInt(3);
        return a.bound * count > LARGEST
            ? null
            : new Sized(builder.rotateSum(a.value, 1 << random.nextInt(3), count), a.bound * count, a.period);
      case 1:
        return parameters.ringType() == RingType.STANDARD
            ? new Sized(builder.conjugate(a.value), a.bound, a.period)
            : null;
      default:
        ProgramBuilder.Value first = builder.rotate(a.value, random.nextInt(2 * parameters.slots()) - parameters.slots());
        values.add(new Sized(first, a.bound, a.period));
        return new Sized(builder.rotate(a.value, random.nextInt(parameters.slots())), a.bound, a.period);
    }
  }

  /** A matrix with rows of 1-norm at most 1, of any shape that fits the periods, narrow, square or wide. */
  private Sized linear(Sized a) {
    if (a.value.level() == 0) {
      return null;
    }
    int inPeriod = a.period;
    int outPeriod = Math.max(1, Math.min(parameters.slots(), (inPeriod << random.nextInt(3)) >> random.nextInt(4)));
    int rows = 1 + random.nextInt(outPeriod);
    int columns = 1 + random.nextInt(inPeriod);
    double[] weights = random.doubles((long) rows * columns, -1.0 / columns, 1.0 / columns).toArray();
    Constant.Matrix matrix = new Constant.Matrix(rows, columns, inPeriod, outPeriod, weights);
    int babySteps = 1 + random.nextInt(matrix.diagonals());
    Scale plain = Scale.prime(a.value.level(), 1);
    ProgramBuilder.Value product = builder.rescale(builder.linearTransform(a.value, matrix, babySteps, plain));
    if (outPeriod < inPeriod) {
      product = builder.rotateSum(product, outPeriod, inPeriod / outPeriod);
    }
    return new Sized(product, a.bound, outPeriod);
  }

  /** Sparse diagonals of steps of either sign, whose absolute values add up to at most 1 in every slot. */
  private Sized diagonals(Sized a) {
    if (a.value.level() == 0) {
      return null;
    }
    int slots = parameters.slots();
    int period = 1 << random.nextInt(Integer.numberOfTrailingZeros(slots) + 1);
    int giants = 1 + random.nextInt(3);
    int babies = 1 + random.nextInt(3);
    int distance = 1 + random.nextInt(slots / 8);
    int start = random.nextInt(3) - 1;
    List<Diagonals.Term> terms = new ArrayList<>();
    for (int g = 0; g < giants; g++) {
      for (int b = 0; b < babies; b++) {
        int[] places = IntStream.range(0, period).filter(slot -> slot == period / 2 || random.nextBoolean()).toArray();
        double most = 1.0 / (giants * babies);
        terms.add(new Diagonals.Term((start + g) * distance, 2 * b - 1, places,
            random.doubles(places.length, -most, most).toArray()));
      }
    }
    boolean paired = parameters.ringType() == RingType.STANDARD && random.nextBoolean();
    Diagonals map = new Diagonals(period, paired ? distance * (1 + random.nextInt(2)) : 0, terms);
    ProgramBuilder.Value product = builder.rescale(builder.linearTransform(a.value, map, Scale.prime(a.value.level(), 1)));
    return new Sized(product, a.bound, Math.max(period, a.period));
  }

  /** A map between arrays: rows of 1-norm at most 1 at the scale of a prime, or integers of at most 1 at scale 1. */
  private Sized affine(Sized a) {
    int columns = a.value.length();
    int rows = 1 + random.nextInt(5);
    double[] bias = random.doubles(rows, -0.5, 0.5).toArray();
    if (random.nextBoolean() || a.value.level() == 0) {
      if (a.bound * columns + 0.5 > LARGEST) {
        return null;
      }
      double[] ternary = random.ints((long) rows * columns, -1, 2).asDoubleStream().toArray();
      Constant.Affine map = new Constant.Affine(rows, columns, ternary, bias);
      return new Sized(builder.matrixProduct(a.value, map, Scale.ONE), a.bound * columns + 0.5, a.period);
    }
    double[] weights = random.doubles((long) rows * columns, -1.0 / columns, 1.0 / columns).toArray();
    Constant.Affine map = new Constant.Affine(rows, columns, weights, bias);
    Scale plain = Scale.prime(a.value.level(), 1);
    return new Sized(builder.rescale(builder.matrixProduct(a.value, map, plain)), a.bound + 0.5, a.period);
  }

  /** Coefficients of 1-norm 1, on values within [-1, 1]. */
  private Sized polynomial(Sized a) {
    int level = a.value.level();
    if (a.bound > 1 || level == 0) {
      return null;
    }
    int degree = 1 + random.nextInt((1 << Math.min(level, 4)) - 1);
    double[] coefficients = random.doubles(degree + 1, -1.0 / (degree + 1), 1.0 / (degree + 1)).toArray();
    Constant.Basis basis = random.nextBoolean() ? Constant.Basis.CHEBYSHEV : Constant.Basis.MONOMIAL;
    return new Sized(
        builder.polynomial(
            a.value, new Constant.Polynomial(basis, coefficients), Scale.powerOfTwo(parameters.logScale())),
        1,
        a.period);
  }
}
