// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.List;

/** A node of a {@link Network}: a vector that is not a linear form of earlier ones. */
public sealed interface Node {
  /** Returns the node's id, its index in the network. */
  int id();

  /** Returns the name that reports and layers carry, taken from the model. */
  String name();

  /** Returns the number of elements. */
  int size();

  /** Returns the forms that the node reads. */
  List<LinearForm> arguments();

  /**
   * An input of the model.
   *
   * @param shape the dimensions without the batch
   */
  record Input(int id, String name, List<Integer> shape) implements Node {
    @Override
    public int size() {
      return shape.stream().reduce(1, Math::multiplyExact);
    }

    @Override
    public List<LinearForm> arguments() {
      return List.of();
    }
  }

  /** A function of one variable on each element of a form. */
  record Activation(int id, String name, Univariate function, LinearForm argument) implements Node {
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
  record Product(int id, String name, LinearForm left, LinearForm right) implements Node {
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
