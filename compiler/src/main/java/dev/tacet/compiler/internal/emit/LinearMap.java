// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A model that is one linear map, from normalised features to values in units of what they can reach.
 *
 * <p>The unit of a value is what it can reach within the features' accepted bounds: every row that they accept has an answer. Where that
 * takes bits that are not there, it is what features reach that leave their range over the data by the range's width on each side; an
 * accepted row that reaches beyond ({@link FeatureBounds#LINEAR_WIDENING}) is refused by the check of q/8, and none can wrap around q to
 * below it.
 *
 * @param inputs features of each input
 * @param weights by value, one number per normalised feature over all inputs
 * @param bias by value
 * @param unit by value, its unit in output units
 */
public record LinearMap(int[] inputs, double[][] weights, double[] bias, double[] unit) {
  /** The part of the accepted bounds within which rows are answered at least. */
  private static final double INNER = (1 + 2 * FeatureBounds.WIDENING) / (1 + 2 * FeatureBounds.LINEAR_WIDENING);

  /** Room for the noise beside the largest value. */
  private static final double ROOM = 1.004;

  /** Weights beyond this many are left to other packings. */
  public static final long MAX_WEIGHTS = 1L << 23;

  /**
   * Returns the map of a plan whose network is linear.
   *
   * @param whole whether the unit is what all accepted rows reach
   */
  public static LinearMap of(Plan plan, boolean whole) {
    Network network = plan.fitted().network();
    LinearForm form = network.output();
    int features = network.features();
    double[][] weights = new double[form.size()][features];
    double[] center = plan.features().center();
    double[] halfWidth = plan.features().halfWidth();
    double[] bias = form.bias().clone();
    List<Node.Input> inputs = network.inputs();
    int[] start = new int[network.nodes().size()];
    int at = 0;
    for (Node.Input input : inputs) {
      start[input.id()] = at;
      at += input.size();
    }
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      int offset = start[term.getKey()];
      term.getValue().forEach((i, j, w) -> {
        weights[i][offset + j] += w * halfWidth[offset + j];
        bias[i] += w * center[offset + j];
      });
    }
    double inner = whole ? 1 : INNER;
    double[] unit = new double[form.size()];
    for (int i = 0; i < unit.length; i++) {
      bias[i] -= plan.outputCenter()[i];
      double reach = inner * Arrays.stream(weights[i]).map(Math::abs).sum() + Math.abs(bias[i]);
      unit[i] = ROOM * Math.max(reach, 2 * plan.outputReach()[i]);
      for (int j = 0; j < features; j++) {
        weights[i][j] /= unit[i];
      }
      bias[i] /= unit[i];
    }
    return new LinearMap(inputs.stream().mapToInt(Node::size).toArray(), weights, bias, unit);
  }

  /** Returns the number of values. */
  public int values() {
    return weights.length;
  }

  /** Returns the number of features over all inputs. */
  public int features() {
    return weights[0].length;
  }

  /** Returns the same map in units that are so many times as large. */
  LinearMap inUnits(double times) {
    double[][] smaller = new double[values()][];
    for (int i = 0; i < smaller.length; i++) {
      smaller[i] = Arrays.stream(weights[i]).map(w -> w / times).toArray();
    }
    return new LinearMap(inputs, smaller, Arrays.stream(bias).map(b -> b / times).toArray(),
        Arrays.stream(unit).map(u -> u * times).toArray());
  }

  /** Returns the root of the sum of all squared weights. */
  public double norm() {
    double sum = 0;
    for (double[] row : weights) {
      for (double w : row) {
        sum += w * w;
      }
    }
    return Math.sqrt(sum);
  }

  /**
   * Returns the most bits of a further digit: so many that what its rows can reach is half a unit, which is within q/8 whatever part
   * of a power of two q is.
   *
   * @param weightBits fractional bits of a digit's weights; a digit is half of the last bit of the one before at most
   */
  public int digitBits(int weightBits) {
    return (int) Math.floor(weightBits - Math.log(INNER * features()) / Math.log(2));
  }

  /**
   * Splits the weights into digits, each rounded to multiples of 2^-weightBits.
   *
   * @return by value and digit, one number per feature; digit d counts 2^(-digitBits * d)
   */
  public double[][][] digits(int weightBits, int digits, int digitBits) {
    double[][][] split = new double[values()][digits][features()];
    for (int i = 0; i < values(); i++) {
      for (int j = 0; j < features(); j++) {
        double rest = weights[i][j];
        for (int d = 0; d < digits; d++) {
          split[i][d][j] = Math.scalb(Math.rint(Math.scalb(rest, weightBits + digitBits * d)), -weightBits);
          rest -= Math.scalb(split[i][d][j], -digitBits * d);
        }
      }
    }
    return split;
  }

  /** Returns the values of rows in output units with other weights in the place of the exact ones. */
  public List<double[]> evaluate(Plan plan, double[][] others, List<double[]> rows) {
    double[] center = plan.features().center();
    double[] halfWidth = plan.features().halfWidth();
    List<double[]> values = new ArrayList<>();
    for (double[] row : rows) {
      double[] value = new double[values()];
      for (int i = 0; i < value.length; i++) {
        double sum = bias[i];
        for (int j = 0; j < row.length; j++) {
          sum += others[i][j] * ((row[j] - center[j]) / halfWidth[j]);
        }
        value[i] = unit[i] * sum + plan.outputCenter()[i];
      }
      values.add(value);
    }
    return values;
  }
}
