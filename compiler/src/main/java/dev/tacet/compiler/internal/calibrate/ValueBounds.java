// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.fit.Chebyshev;
import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Node;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * What interval arithmetic proves about every value, for any row inside the accepted bounds, as long as each activation's
 * input lies in its fitted interval.
 */
public final class ValueBounds {
  private final double[][] low;
  private final double[][] high;
  private final Map<LinearForm, Bounds> forms = new IdentityHashMap<>();

  private ValueBounds(int nodes) {
    low = new double[nodes][];
    high = new double[nodes][];
  }

  /** Bounds of a form's elements. */
  public record Bounds(double[] low, double[] high) {}

  /** Computes the bounds of all nodes. */
  public static ValueBounds of(FittedNetwork fitted, FeatureBounds features) {
    ValueBounds bounds = new ValueBounds(fitted.network().nodes().size());
    int offset = 0;
    for (Node node : fitted.network().nodes()) {
      int size = node.size();
      double[] low = new double[size];
      double[] high = new double[size];
      if (node instanceof Node.Input) {
        System.arraycopy(features.low(), offset, low, 0, size);
        System.arraycopy(features.high(), offset, high, 0, size);
        offset += size;
      } else if (node instanceof Node.Activation) {
        ActivationFit fit = fitted.fits().get(node.id());
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i <= 500; i++) {
          double p = Chebyshev.evaluate(fit.coefficients(), i / 250.0 - 1);
          least = Math.min(least, p);
          most = Math.max(most, p);
        }
        double slack = 0.01 * (most - least);
        for (int i = 0; i < size; i++) {
          double a = fit.outputScale()[i] * (least - slack) + fit.outputOffset();
          double b = fit.outputScale()[i] * (most + slack) + fit.outputOffset();
          low[i] = Math.min(a, b);
          high[i] = Math.max(a, b);
        }
      } else if (node instanceof Node.Product product) {
        Bounds left = bounds.of(product.left());
        Bounds right = bounds.of(product.right());
        for (int i = 0; i < size; i++) {
          double[] corners = {left.low[i] * right.low[i], left.low[i] * right.high[i], left.high[i] * right.low[i],
              left.high[i] * right.high[i]};
          low[i] = java.util.Arrays.stream(corners).min().orElseThrow();
          high[i] = java.util.Arrays.stream(corners).max().orElseThrow();
        }
      }
      bounds.low[node.id()] = low;
      bounds.high[node.id()] = high;
    }
    return bounds;
  }

  /** Returns the bounds of a form of the network, each of which is computed once; not to be changed. */
  public Bounds of(LinearForm form) {
    return forms.computeIfAbsent(form, this::compute);
  }

  private Bounds compute(LinearForm form) {
    double[] lower = form.bias().clone();
    double[] upper = form.bias().clone();
    for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
      Matrix matrix = term.getValue();
      double[] l = low[term.getKey()];
      double[] h = high[term.getKey()];
      matrix.forEach((i, j, w) -> {
        lower[i] += w > 0 ? w * l[j] : w * h[j];
        upper[i] += w > 0 ? w * h[j] : w * l[j];
      });
    }
    return new Bounds(lower, upper);
  }

  /** Returns the bounds of a node's value. */
  public Bounds of(int node) {
    return new Bounds(low[node].clone(), high[node].clone());
  }

  /**
   * Returns the largest |u| that an activation's normalised input can take.
   *
   * @return at most 1 if the bounds prove that it stays in its fitted interval
   */
  public double reach(Node.Activation activation, ActivationFit fit) {
    Bounds bounds = of(activation.argument());
    double reach = 0;
    for (int i = 0; i < activation.size(); i++) {
      double a = Math.abs(bounds.low[i] - fit.center()[i]) / fit.halfWidth()[i];
      double b = Math.abs(bounds.high[i] - fit.center()[i]) / fit.halfWidth()[i];
      reach = Math.max(reach, Math.max(a, b));
    }
    return reach;
  }
}
