// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import dev.tacet.he.Postprocessing;
import java.util.List;

/**
 * A model in the compiler's own form: nodes in order, one form that stacks every value that the client needs, and the tail
 * that makes the model's named outputs from it.
 *
 * @param nodes node i has id i and reads only earlier nodes; inputs first
 * @param output the values that leave the host; at least one element
 * @param outputName the name by which the tail knows the output form's value
 * @param tail the client's part
 */
public record Network(List<Node> nodes, LinearForm output, String outputName, Postprocessing tail) {
  /** Makes the network and checks it; see {@link NetworkChecker}. */
  public Network {
    nodes = List.copyOf(nodes);
    NetworkChecker.check(nodes, output);
  }

  /** Returns the inputs, in the model's order. */
  public List<Node.Input> inputs() {
    return nodes.stream().filter(Node.Input.class::isInstance).map(Node.Input.class::cast).toList();
  }

  /** Returns the activations, in order. */
  public List<Node.Activation> activations() {
    return nodes.stream().filter(Node.Activation.class::isInstance).map(Node.Activation.class::cast).toList();
  }

  /** Returns whether the output is a linear form of the inputs. */
  public boolean isLinear() {
    return nodes.stream().allMatch(Node.Input.class::isInstance);
  }

  /** Returns whether an input is an image or a series: features in rows and columns, or channels over time. */
  public boolean takesImages() {
    return inputs().stream().anyMatch(input -> input.shape().length >= 2);
  }

  /** Returns the multiplications by weights that one row takes in the clear. */
  public long work() {
    long work = output.nonzeros();
    for (Node node : nodes) {
      work += node.arguments().stream().mapToLong(LinearForm::nonzeros).sum();
    }
    return work;
  }

  /** Returns the same with activations as polynomials of a degree, those that are polynomials themselves left out. */
  public long work(int degree) {
    return work() + activations().stream().filter(a -> a.function().degree() < 0).mapToLong(a -> (long) degree * a.size()).sum();
  }

  /** Returns the number of features of one row over all inputs. */
  public int features() {
    return inputs().stream().mapToInt(Node::size).sum();
  }

  /**
   * Splits a row into the values of the inputs.
   *
   * @param row features in the model's input order
   * @return an array with one place per node, filled for the inputs
   */
  public double[][] place(double[] row) {
    if (row.length != features()) {
      throw new IllegalArgumentException("a row has " + row.length + " features, the model takes " + features());
    }
    double[][] values = new double[nodes.size()][];
    int offset = 0;
    for (Node.Input input : inputs()) {
      values[input.id()] = java.util.Arrays.copyOfRange(row, offset, offset + input.size());
      offset += input.size();
    }
    return values;
  }

  /** What computes an activation's values from those of its argument, in their place. */
  @FunctionalInterface
  public interface ActivationValues {
    /** Replaces the values of one row. */
    void apply(Node.Activation activation, double[] values);
  }

  /** Computes an activation exactly. */
  private static void exact(Node.Activation activation, double[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = activation.function().at(values[i]);
    }
  }

  /**
   * Computes the value of every node in the clear, with the exact activations.
   *
   * @param row features in the model's input order
   */
  public double[][] evaluate(double[] row) {
    return evaluateAll(List.of(row)).get(0);
  }

  /** The same for many rows, on all cores. */
  public List<double[][]> evaluateAll(List<double[]> rows) {
    return evaluateAll(rows, Network::exact);
  }

  /** The same with other functions in the place of the activations. */
  public List<double[][]> evaluateAll(List<double[]> rows, ActivationValues functions) {
    List<double[][]> values = rows.stream().map(this::place).toList();
    for (Node node : nodes) {
      if (node instanceof Node.Activation activation) {
        List<double[]> results = activation.argument().evaluateAll(values);
        results.parallelStream().forEach(result -> functions.apply(activation, result));
        set(values, node, results);
      } else if (node instanceof Node.Product product) {
        List<double[]> results = product.left().evaluateAll(values);
        List<double[]> right = product.right().evaluateAll(values);
        for (int r = 0; r < results.size(); r++) {
          for (int i = 0; i < results.get(r).length; i++) {
            results.get(r)[i] *= right.get(r)[i];
          }
        }
        set(values, node, results);
      }
    }
    return values;
  }

  private static void set(List<double[][]> values, Node node, List<double[]> results) {
    for (int r = 0; r < results.size(); r++) {
      values.get(r)[node.id()] = results.get(r);
    }
  }
}
