// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.CostProfile;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.pack.DiagonalMap;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.pack.SideBySide;
import dev.tacet.compiler.internal.pack.SlotMap;
import dev.tacet.compiler.internal.pack.StepCosts;
import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Emits linear forms: one level, exact scales.
 *
 * <p>All terms are dropped to the level of the lowest, multiplied at the plaintext scale that brings each product to the same
 * exact scale, and added; one rescale brings the sum to the target. Where a matrix is wider than high, its partial sums are
 * folded before the rescale: there the noise of a rotation is below the scale by the bits of a prime more.
 */
final class FormEmitter {
  private final ProgramBuilder builder;
  private final Parameters parameters;
  private final NoiseModel noise;
  private final Layout layout;
  private final SideBySide rows;
  private final boolean outline;
  private final double keyPrice;
  private final boolean pairs;
  private final CostProfile profile;
  private final Set<Integer> keys = new HashSet<>();

  /**
   * Makes an emitter.
   *
   * @param outline whether diagonals stand without their values
   */
  FormEmitter(ProgramBuilder builder, NoiseModel noise, Plan plan, boolean outline) {
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
    this.layout = plan.layout();
    this.rows = new SideBySide(plan.rows());
    this.keyPrice = plan.keyPrice();
    this.pairs = plan.pairs();
    this.profile = plan.costs();
    this.outline = outline;
  }

  /** Terms that are folded alike. */
  private record Partial(int fold, ProgramBuilder.Value sum, double variance, double common) {}

  /**
   * Emits rowFactor[i] * (form[i] - rowOffset[i]).
   *
   * @param signals the nodes' signals, by id
   * @param out where the result lies
   * @param target the exact scale of the result
   * @return a signal whose factor and offset undo the row factors and offsets
   */
  Signal emit(
      LinearForm form, Map<Integer, Signal> signals, double[] rowFactor, double[] rowOffset, SlotMap out, Scale target) {
    return rescaled(sum(form, signals, rowFactor, rowOffset, out, target, Integer.MAX_VALUE));
  }

  /**
   * A form before its rescale and without its constants.
   *
   * @param variance of the noise that is drawn anew for every slot, as of a {@link Signal}
   * @param common the same of the rounding of constants
   */
  record Sum(ProgramBuilder.Value value, double[] bias, double[] rowFactor, double[] rowOffset, SlotMap out, double variance, double common) {
    /** Returns the sum as something else holds it. */
    Sum with(ProgramBuilder.Value other, double itsVariance, double itsCommon) {
      return new Sum(other, bias, rowFactor, rowOffset, out, itsVariance, itsCommon);
    }
  }

  /**
   * Emits all of {@link #emit} but what follows the products.
   *
   * @param most the highest level at which it may be done
   */
  Sum sum(
      LinearForm form, Map<Integer, Signal> signals, double[] rowFactor, double[] rowOffset, SlotMap out, Scale target, int most) {
    int level = most;
    for (int node : form.terms().keySet()) {
      level = Math.min(level, signals.get(node).value().level());
    }
    double[] bias = new double[form.size()];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = rowFactor[i] * (form.bias()[i] - rowOffset[i]);
    }
    Map<Integer, Partial> partials = new TreeMap<>();
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      Signal signal = signals.get(term.getKey());
      if (java.util.Arrays.stream(signal.offset()).anyMatch(offset -> offset != 0)) {
        double[] shift = new double[form.size()];
        term.getValue().multiplyAdd(signal.offset(), shift);
        for (int i = 0; i < bias.length; i++) {
          bias[i] += rowFactor[i] * shift[i];
        }
      }
      Partial partial = product(signal, term.getValue(), rowFactor, level, out, target);
      partials.merge(partial.fold, partial, (a, b) -> new Partial(
          a.fold, builder.add(a.sum, b.sum), a.variance + b.variance, a.common + b.common));
    }
    ProgramBuilder.Value sum = null;
    double variance = 0;
    double common = 0;
    for (Partial partial : partials.values()) {
      ProgramBuilder.Value value = partial.sum;
      variance += partial.variance;
      common += partial.common;
      if (partial.fold > 1) {
        variance += partial.fold * square(noise.keySwitch(level, value.scale().log2(parameters)));
        value = folded(value, out.period(), partial.fold, level);
      }
      sum = sum == null ? value : builder.add(sum, value);
    }
    return new Sum(sum, bias, rowFactor, rowOffset, out, variance, common);
  }

  /** The rescale of a form, and its constants. */
  Signal rescaled(Sum sum) {
    ProgramBuilder.Value result = builder.rescale(sum.value);
    double logScale = result.scale().log2(parameters);
    double variance = sum.variance + square(noise.rescale(logScale));
    double common = sum.common;
    if (java.util.Arrays.stream(sum.bias).anyMatch(b -> b != 0)) {
      result = builder.addPlain(result, rows.spread(new Constant.Vector(sum.out.place(sum.bias), sum.out.period())));
      common += square(noise.encode(sum.out.period(), logScale));
    }
    double[] factor = new double[sum.rowFactor.length];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = 1 / sum.rowFactor[i];
    }
    return new Signal(result, sum.out, 0, factor, sum.rowOffset.clone(), Math.sqrt(variance), Math.sqrt(common));
  }

  /** The sum of a value rotated by the first {@code count} multiples of a step: by doubling, or one after another with a single key. */
  private ProgramBuilder.Value folded(ProgramBuilder.Value value, int step, int count, int level) {
    StepCosts costs = new StepCosts(profile, parameters, level);
    int doublings = Integer.numberOfTrailingZeros(count);
    int missing = 0;
    for (int i = 0; i < doublings; i++) {
      missing += keys.contains(step << i) ? 0 : 1;
    }
    double price = keyPrice * costs.newKey();
    double doubled = doublings * costs.rotation() + missing * price;
    double oneByOne = (count - 1) * costs.rotation() + (keys.contains(step) ? 0 : price);
    if (doubled <= oneByOne) {
      for (int i = 0; i < doublings; i++) {
        keys.add(step << i);
      }
      return builder.rotateSum(value, rows.step(step), count);
    }
    keys.add(step);
    ProgramBuilder.Value sum = value;
    for (int i = 1; i < count; i++) {
      sum = builder.add(builder.rotate(sum, rows.step(step)), value);
    }
    return sum;
  }

  private Partial product(Signal signal, Matrix matrix, double[] rowFactor, int level, SlotMap out, Scale target) {
    ProgramBuilder.Value x = builder.dropLevel(signal.value(), level);
    Scale plainScale = target.timesPrime(level, 1).dividedBy(x.scale());
    double logIn = x.scale().log2(parameters);
    double logPlain = plainScale.log2(parameters);
    double[] norms = matrix.squaredRowNorms(signal.factor());
    double rowNorm = 0;
    for (int i = 0; i < norms.length; i++) {
      rowNorm = Math.max(rowNorm, norms[i] * square(rowFactor[i]));
    }
    if (matrix.isDiagonal() && signal.copyShift() == 0 && signal.map().equals(out)) {
      Constant.Vector vector = new Constant.Vector(out.place(matrix.scaled(rowFactor, signal.factor()).diagonal()), out.period());
      return new Partial(1, builder.multiplyPlain(x, rows.spread(vector), plainScale), rowNorm * square(signal.deviation()),
          rowNorm * square(signal.common()) + square(noise.encode(out.period(), logPlain)));
    }
    DiagonalMap map = layout.diagonals(matrix, signal.map(), signal.copyShift(), out, parameters.slots() / rows.rows());
    Matrix weights = outline ? null : matrix.scaled(rowFactor, signal.factor());
    Diagonals diagonals = map.splits().cheapest(weights, new StepCosts(profile, parameters, level), pairs, keys, keyPrice);
    double rotation = diagonals.rotations().isEmpty() ? 0 : square(noise.keySwitch(level, logIn));
    int parts = diagonals.pair() == 0 ? 1 : 2;  // a pair's real part has the noise of both parts of its operand
    int sums = diagonals.firstGiantSteps().size() + parts - 1;
    double variance = rowNorm * (parts * square(signal.deviation()) + parts * rotation)
        + square(noise.keySwitch(level, logIn + logPlain)) * sums * map.fold();
    int read = Math.min(map.size() * map.fold(), matrix.columns());  // slots beside the elements hold zeros
    double rounding = square(parts * noise.encode(map.period(), logPlain)) * read;
    return new Partial(map.fold(), builder.linearTransform(x, rows.spread(diagonals), plainScale), variance,
        rowNorm * square(signal.common()) + rounding);
  }

  static double square(double value) {
    return value * value;
  }
}
