// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.Constant;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Emits linear forms: one level, exact scales.
 *
 * <p>All terms are dropped to the level of the lowest, multiplied at the plaintext scale that brings each product to the same
 * exact scale, and added; one rescale brings the sum to the target. Where a matrix is wider than high, the squat diagonals'
 * partial sums are folded after the rescale, one level lower and so cheaper.
 */
final class FormEmitter {
  private final ProgramBuilder builder;
  private final Parameters parameters;
  private final NoiseModel noise;
  private final int babySteps;

  FormEmitter(ProgramBuilder builder, NoiseModel noise, int babySteps) {
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
    this.babySteps = babySteps;
  }

  /** Terms that share their input's period. */
  private record Partial(ProgramBuilder.Value sum, double variance, double common) {}

  /**
   * Emits rowFactor[i] * (form[i] - rowOffset[i]).
   *
   * @param signals the nodes' signals, by id
   * @param outPeriod the period of the result
   * @param target the exact scale of the result
   * @return a signal whose factor and offset undo the row factors and offsets
   */
  Signal emit(
      LinearForm form, Map<Integer, Signal> signals, double[] rowFactor, double[] rowOffset, int outPeriod, Scale target) {
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
      Partial partial = product(signal, weights, level, outPeriod, target);
      int key = weights.isDiagonal() ? outPeriod : Math.max(signal.period(), outPeriod);
      partials.merge(key, partial, (a, b) -> new Partial(
          builder.add(a.sum, b.sum), a.variance + b.variance, a.common + b.common));
    }
    ProgramBuilder.Value result = null;
    double variance = 0;
    double common = 0;
    double logScale = target.log2(parameters);
    for (Map.Entry<Integer, Partial> entry : partials.entrySet()) {
      ProgramBuilder.Value value = builder.rescale(entry.getValue().sum);
      common += entry.getValue().common;
      variance += entry.getValue().variance + square(noise.rescale(logScale));
      int count = entry.getKey() / outPeriod;
      if (count > 1) {
        value = builder.rotateSum(value, outPeriod, count);
        variance += count * (square(noise.keySwitch(level - 1, logScale)) + square(noise.rescale(logScale)));
      }
      result = result == null ? value : builder.add(result, value);
    }
    if (java.util.Arrays.stream(bias).anyMatch(b -> b != 0)) {
      result = builder.addPlain(result, new Constant.Vector(bias, outPeriod));
      common += square(noise.encode(outPeriod, logScale));
    }
    double[] factor = new double[rowFactor.length];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = 1 / rowFactor[i];
    }
    return new Signal(result, outPeriod, factor, rowOffset.clone(), Math.sqrt(variance), Math.sqrt(common));
  }

  private Partial product(Signal signal, Matrix weights, int level, int outPeriod, Scale target) {
    ProgramBuilder.Value x = builder.dropLevel(signal.value(), level);
    Scale plainScale = target.timesPrime(level, 1).dividedBy(x.scale());
    double logIn = x.scale().log2(parameters);
    double[] norms = new double[weights.rows()];
    weights.forEach((i, j, value) -> norms[i] += square(value));
    double rowNorm = java.util.Arrays.stream(norms).max().orElse(0);
    double rounding = square(noise.encode(Math.max(signal.period(), outPeriod), plainScale.log2(parameters)));
    if (weights.isDiagonal() && signal.period() == outPeriod) {
      Constant.Vector vector = new Constant.Vector(weights.diagonal(), outPeriod);
      return new Partial(builder.multiplyPlain(x, vector, plainScale), rowNorm * square(signal.deviation()),
          rowNorm * square(signal.common()) + rounding);
    }
    Constant.Matrix matrix = new Constant.Matrix(
        weights.rows(), weights.columns(), signal.period(), outPeriod, weights.toDense());
    int steps = Math.min(babySteps, matrix.diagonals());
    double rotation = matrix.diagonals() > 1 ? square(noise.keySwitch(level, logIn)) : 0;
    double variance = rowNorm * (square(signal.deviation()) + rotation)
        + square(noise.keySwitch(level, logIn + plainScale.log2(parameters))) * matrix.diagonals();
    return new Partial(builder.linearTransform(x, matrix, steps, plainScale), variance,
        rowNorm * square(signal.common()) + weights.columns() * rounding);
  }

  static double square(double value) {
    return value * value;
  }
}
