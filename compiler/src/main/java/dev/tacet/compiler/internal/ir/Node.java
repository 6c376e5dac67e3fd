// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.Arrays;
import java.util.List;

/** A node of a {@link Network}: a vector that is not a linear form of earlier ones. */
public sealed interface Node {
  /** Returns the node's id, its index in the network. */
  int id();

  /** Returns the name that reports and layers carry, taken from the model. */
  String name();

  /**
   * Returns the dimensions of the value in the model, without the batch: [features], [channels, length] or
   * [channels, height, width]. Elements lie row-major in them; their product is the size.
   */
  int[] shape();

  /** Returns the forms that the node reads. */
  List<LinearForm> arguments();

  /** Returns the number of elements. */
  default int size() {
    return Arrays.stream(shape()).reduce(1, Math::multiplyExact);
  }

  /** An input of the model. */
  record Input(int id, String name, int[] shape) implements Node {
    /** Makes the input; the shape is copied. */
    public Input {
      shape = shape.clone();
    }

    @Override
    public int[] shape() {
      return shape.clone();
    }

    @Override
    public List<LinearForm> arguments() {
      return List.of();
    }
  }

  /**
   * A function of one variable on each element of a form.
   *
   * @param channelAxes the axes of the shape that count channels, ascending: elements of one channel come from the same weights
   */
  record Activation(int id, String name, int[] shape, int[] channelAxes, Univariate function, LinearForm argument) implements Node {
    /** Makes the activation; the arrays are copied. */
    public Activation {
      shape = shape.clone();
      channelAxes = channelAxes.clone();
    }

    @Override
    public int[] channelAxes() {
      return channelAxes.clone();
    }

    @Override
    public int[] shape() {
      return shape.clone();
    }

    @Override
    public int size() {
      return argument.size();
    }

    @Override
    public List<LinearForm> arguments() {
      return List.of(argument);
    }
  }

  /** The element-wise product of two forms of the same size. */
  record Product(int id, String name, int[] shape, LinearForm left, LinearForm right) implements Node {
    /** Makes the product; the shape is copied. */
    public Product {
      shape = shape.clone();
    }

    @Override
    public int[] shape() {
      return shape.clone();
    }

    @Override
    public int size() {
      return left.size();
    }

    @Override
    public List<LinearForm> arguments() {
      return List.of(left, right);
    }
  }
}
