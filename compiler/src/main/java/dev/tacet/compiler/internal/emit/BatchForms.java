// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.Constant;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import java.util.Arrays;
import java.util.Map;

/**
 * Emits linear forms of the throughput packing as matrix products of arrays.
 *
 * <p>The weights of the program are those of the model rounded to multiples of one unit, so that the host's integers are exactly the
 * program's weights. What rounding does to the mean of the sample rows is put into the bias; only what it does to their spread is left.
 */
final class BatchForms {
  /** Coefficient products of one machine instruction a second, over those that take two: measured, see docs/performance.md. */
  private static final double GENERAL_COST = 1.65;

  private final ProgramBuilder builder;
  private final Parameters parameters;
  private final NoiseModel noise;
  private final BatchPlan plan;
  private double work;
  private double smallProducts;
  private double allProducts;

  BatchForms(ProgramBuilder builder, NoiseModel noise, BatchPlan plan) {
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
    this.plan = plan;
  }

  /** A value of the program with what it means; see {@link dev.tacet.compiler.internal.emit.Signal}. */
  record Value(ProgramBuilder.Value value, boolean owing, double[] factor, double[] offset, double deviation) {}

  /** The products of coefficients in all matrix products, those of large primes counted more. */
  double work() {
    return work;
  }

  /** The part of the products of coefficients that take one instruction. */
  double smallShare() {
    return allProducts == 0 ? 0 : smallProducts / allProducts;
  }

  /**
   * Emits rowFactor[i] * (form[i] - rowOffset[i]) as a relinearized and rescaled array.
   *
   * @param values the nodes' values, by id
   * @param target the exact scale of the result
   */
  Value emit(LinearForm form, Map<Integer, Value> values, double[] rowFactor, double[] rowOffset, Scale target) {
    int level = Integer.MAX_VALUE;
    boolean owing = false;
    for (int node : form.terms().keySet()) {
      level = Math.min(level, values.get(node).value().level());
      owing |= values.get(node).owing();
    }
    double[] bias = new double[form.size()];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = rowFactor[i] * (form.bias()[i] - rowOffset[i]);
    }
    Scale sumScale = owing ? target.timesPrime(level, 1) : target;
    double[][] rounded = new double[form.terms().size()][];
    double variance = 0;
    int t = 0;
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      Value x = values.get(term.getKey());
      double[] shift = new double[form.size()];
      term.getValue().multiplyAdd(x.offset(), shift);
      for (int i = 0; i < bias.length; i++) {
        bias[i] += rowFactor[i] * shift[i];
      }
      double unit = 1 / sumScale.dividedBy(x.value().scale()).toDouble(parameters);
      Matrix weights = term.getValue().scaled(rowFactor, x.factor());
      rounded[t] = round(weights, unit, term.getKey(), x, bias);
      double norm = rowNorm(rounded[t], weights.columns());
      variance += norm * x.deviation() * x.deviation();
      t++;
    }
    ProgramBuilder.Value sum = products(form, values, rounded, bias, level, sumScale);
    if (sum.components() == 3) {
      variance += square(noise.keySwitch(level, sumScale.log2(parameters)));
      sum = builder.relinearize(sum);
    }
    if (owing) {
      variance += square(noise.rescale(target.log2(parameters)));
      sum = builder.rescale(sum);
    }
    double[] factor = Arrays.stream(rowFactor).map(f -> 1 / f).toArray();
    return new Value(sum, false, factor, rowOffset.clone(), Math.sqrt(variance));
  }

  private ProgramBuilder.Value products(LinearForm form, Map<Integer, Value> values, double[][] rounded, double[] bias, int level,
      Scale sumScale) {
    ProgramBuilder.Value sum = null;
    int t = 0;
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      ProgramBuilder.Value x = builder.dropLevel(values.get(term.getKey()).value(), level);
      Scale plainScale = sumScale.dividedBy(x.scale());
      if (t == 0) {
        keepAlive(rounded[0], term.getValue().columns(), 1 / plainScale.toDouble(parameters));
      }
      count(rounded[t], plainScale, x);
      double[] own = t == 0 ? bias : new double[bias.length];
      ProgramBuilder.Value product =
          builder.matrixProduct(x, new Constant.Affine(form.size(), term.getValue().columns(), rounded[t], own), plainScale);
      sum = sum == null ? product : builder.add(sum, product);
      t++;
    }
    return sum;
  }

  /** Rounds weights to multiples of the unit and puts what that does to the mean of the sample rows into the bias. */
  private double[] round(Matrix weights, double unit, int node, Value x, double[] bias) {
    double[] dense = weights.toDense();
    int columns = weights.columns();
    for (int j = 0; j < columns; j++) {
      double mean = (plan.mean()[node][j] - x.offset()[j]) / x.factor()[j];
      for (int i = 0; i < weights.rows(); i++) {
        double w = dense[i * columns + j];
        double near = Math.rint(w / unit) * unit;
        bias[i] += (w - near) * mean;
        dense[i * columns + j] = near;
      }
    }
    return dense;
  }

  /** A row of zeros would give a ciphertext that hides nothing; it gets the smallest weight there is. */
  private static void keepAlive(double[] weights, int columns, double unit) {
    for (int start = 0; start < weights.length; start += columns) {
      boolean zero = true;
      for (int j = 0; j < columns; j++) {
        zero &= weights[start + j] == 0;
      }
      if (zero) {
        weights[start] = unit;
      }
    }
  }

  private static double rowNorm(double[] weights, int columns) {
    double largest = 0;
    for (int start = 0; start < weights.length; start += columns) {
      double norm = 0;
      for (int j = 0; j < columns; j++) {
        norm += square(weights[start + j]);
      }
      largest = Math.max(largest, norm);
    }
    return largest;
  }

  private void count(double[] weights, Scale plainScale, ProgramBuilder.Value x) {
    double scale = plainScale.toDouble(parameters);
    double low = 0;
    double high = 0;
    long terms = 0;
    for (double w : weights) {
      low = Math.min(low, w);
      high = Math.max(high, w);
      terms += w == 0 ? 0 : 1;
    }
    double words = Math.rint((high - low) * scale) + 1;
    for (int i = 0; i <= x.level(); i++) {
      boolean small = words < 0x1p32 && words * (parameters.modulus(i) - 1) < 0x1p52;
      double products = (double) terms * x.components() * parameters.ringDegree();
      smallProducts += small ? products : 0;
      allProducts += products;
      work += products * (small ? 1 : GENERAL_COST);
    }
  }

  static double square(double value) {
    return value * value;
  }
}
