// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.Tensor;
import dev.tacet.he.TailNode;

/** What a name of the ONNX graph stands for while the graph is executed on symbols, for one row (batch 1). */
sealed interface Symbol {
  /** Returns the dimensions, the batch dimension included as 1. */
  int[] shape();

  /** A constant. */
  record Known(Tensor tensor) implements Symbol {
    @Override
    public int[] shape() {
      return tensor.shape();
    }
  }

  /**
   * An encrypted vector: a function of each element of a root's form.
   *
   * @param name the node that made it, for layer names
   */
  record Hidden(int[] shape, Root root, Univariate function, String name) implements Symbol {
    /** The most steps of a function, each counted as often as it is read. */
    private static final int MOST_STEPS = 2_000;

    public Hidden {
      if (Univariate.steps(function, MOST_STEPS) > MOST_STEPS) {
        throw new Refusal("with the element-wise nodes before it, it is a function of more than " + MOST_STEPS
            + " steps, a value that several steps read counted each time", "use fewer element-wise nodes in a row");
      }
    }
  }

  /** A vector of numbers on the client. */
  record Clear(int[] shape, String name) implements Symbol {}

  /**
   * The index of the largest or smallest element of a client's vector.
   *
   * @param scores the vector; groups of consecutive elements are compared
   */
  record Index(int[] shape, Clear scores, int group, boolean largest) implements Symbol {}

  /** A label or a map, which no arithmetic follows; the node's output name is set when it becomes an output. */
  record Terminal(int[] shape, TailNode node) implements Symbol {}

  /** A value that could not be lowered; the reason is among the problems. */
  record Failed() implements Symbol {
    @Override
    public int[] shape() {
      return new int[0];
    }
  }

  /** The form at the root of a chain of element-wise functions, with the shape in which it was made; compared by identity. */
  final class Root {
    private final int[] shape;
    private final LinearForm form;
    private int[] channelAxes;

    Root(int[] shape, LinearForm form) {
      this.shape = shape.clone();
      this.form = form;
    }

    int[] shape() {
      return shape;
    }

    LinearForm form() {
      return form;
    }

    /** Says which axes of the shape count channels, ascending; who made the root knows it. */
    void setChannelAxes(int[] axes) {
      channelAxes = channelAxes == null ? axes : channelAxes;
    }

    /** Returns the axes of channels; axis 1 where nobody said it and there is one. */
    int[] channelAxes() {
      return channelAxes != null ? channelAxes : new int[] {Math.max(0, Math.min(1, shape.length - 1))};
    }
  }
}
