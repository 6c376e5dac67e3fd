// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.pack.DiagonalMap;
import dev.tacet.compiler.internal.pack.SlotMap;
import dev.tacet.compiler.internal.pack.StepCosts;
import dev.tacet.compiler.internal.pack.StepSplit;
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
  private final Set<Integer> keys = new HashSet<>();

  FormEmitter(ProgramBuilder builder, NoiseModel noise) {
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
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
    int level = Integer.MAX_VALUE;
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
      double[] shift = new double[form.size()];
      term.getValue().multiplyAdd(signal.offset(), shift);
      for (int i = 0; i < bias.length; i++) {
        bias[i] += rowFactor[i] * shift[i];
      }
      Matrix weights = term.getValue().scaled(rowFactor, signal.factor());
      Partial partial = product(signal, weights, level, out, target);
      partials.merge(partial.fold, partial, (a, b) -> new Partial(
          a.fold, builder.add(a.sum, b.sum), a.variance + b.variance, a.common + b.common));
    }
    ProgramBuilder.Value sum = null;
    double variance = 0;
    double common = 0;
    double logScale = target.log2(parameters);
    for (Partial partial : partials.values()) {
      ProgramBuilder.Value value = partial.sum;
      variance += partial.variance;
      common += partial.common;
      if (partial.fold > 1) {
        variance += partial.fold * square(noise.keySwitch(level, value.scale().log2(parameters)));
        value = builder.rotateSum(value, out.period(), partial.fold);
      }
      sum = sum == null ? value : builder.add(sum, value);
    }
    ProgramBuilder.Value result = builder.rescale(sum);
    variance += square(noise.rescale(logScale));
    if (java.util.Arrays.stream(bias).anyMatch(b -> b != 0)) {
      result = builder.addPlain(result, new Constant.Vector(out.place(bias), out.period()));
      common += square(noise.encode(out.period(), logScale));
    }
    double[] factor = new double[rowFactor.length];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = 1 / rowFactor[i];
    }
    return new Signal(result, out, 0, factor, rowOffset.clone(), Math.sqrt(variance), Math.sqrt(common));
  }

  private Partial product(Signal signal, Matrix weights, int level, SlotMap out, Scale target) {
    ProgramBuilder.Value x = builder.dropLevel(signal.value(), level);
    Scale plainScale = target.timesPrime(level, 1).dividedBy(x.scale());
    double logIn = x.scale().log2(parameters);
    double logPlain = plainScale.log2(parameters);
    double[] norms = new double[weights.rows()];
    weights.forEach((i, j, value) -> norms[i] += square(value));
    double rowNorm = java.util.Arrays.stream(norms).max().orElse(0);
    if (weights.isDiagonal() && signal.copyShift() == 0 && signal.map().equals(out)) {
      Constant.Vector vector = new Constant.Vector(out.place(weights.diagonal()), out.period());
      return new Partial(1, builder.multiplyPlain(x, vector, plainScale), rowNorm * square(signal.deviation()),
          rowNorm * square(signal.common()) + square(noise.encode(out.period(), logPlain)));
    }
    DiagonalMap map = signal.copyShift() == 0
        ? DiagonalMap.between(weights, signal.map(), out)
        : DiagonalMap.fromShiftedCopies(weights, signal.map(), signal.copyShift(), out, parameters.slots());
    Diagonals diagonals = StepSplit.cheapest(map, new StepCosts(parameters, level), keys).apply(map, keys);
    double rotation = diagonals.rotations().isEmpty() ? 0 : square(noise.keySwitch(level, logIn));
    double variance = rowNorm * (square(signal.deviation()) + rotation)
        + square(noise.keySwitch(level, logIn + logPlain)) * diagonals.giantSteps().size() * map.fold();
    int read = Math.min(diagonals.terms().size() * map.fold(), weights.columns());  // slots beside the elements hold zeros
    double rounding = square(noise.encode(map.period(), logPlain)) * read;
    return new Partial(map.fold(), builder.linearTransform(x, diagonals, plainScale), variance,
        rowNorm * square(signal.common()) + rounding);
  }

  static double square(double value) {
    return value * value;
  }
}
