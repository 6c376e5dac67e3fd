// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A function of one real variable, as a tree: what an activation computes on each element, composed across the nodes of
 * the model (GELU is one tree, whether the file has one node or six).
 */
public sealed interface Univariate {
  /** The variable. */
  Univariate X = new Variable();

  /** Returns the function's value. */
  double at(double x);

  /** Returns the function's degree if it is a polynomial, else -1. */
  int degree();

  /**
   * Counts the steps that a value of a function takes: the nodes of the tree, those of a part that is read twice counted twice.
   *
   * @return the number, or atMost + 1 if there are more
   */
  static int steps(Univariate function, int atMost) {
    return steps(function, atMost, new IdentityHashMap<>());
  }

  private static int steps(Univariate function, int atMost, Map<Univariate, Integer> counted) {
    Integer known = counted.get(function);
    if (known != null) {
      return known;
    }
    long steps = 1;
    for (Univariate part : function.parts()) {
      steps += steps(part, atMost, counted);
    }
    counted.put(function, (int) Math.min(steps, atMost + 1L));
    return counted.get(function);
  }

  /** Returns the trees that this one is a function of. */
  default List<Univariate> parts() {
    return List.of();
  }

  /** Returns the function f with the variable replaced by g. */
  Univariate of(Univariate g);

  /** The variable itself. */
  record Variable() implements Univariate {
    @Override
    public double at(double x) {
      return x;
    }

    @Override
    public int degree() {
      return 1;
    }

    @Override
    public Univariate of(Univariate g) {
      return g;
    }
  }

  /** A constant. */
  record Constant(double value) implements Univariate {
    @Override
    public double at(double x) {
      return value;
    }

    @Override
    public int degree() {
      return 0;
    }

    @Override
    public Univariate of(Univariate g) {
      return this;
    }
  }

  /**
   * A function of a tree.
   *
   * @param a the first parameter, where the function has one (the slope of LEAKY_RELU)
   * @param b the second parameter, where the function has two
   */
  record Unary(UnaryFunction function, double a, double b, Univariate argument) implements Univariate {
    @Override
    public double at(double x) {
      return function.apply(argument.at(x), a, b);
    }

    @Override
    public List<Univariate> parts() {
      return List.of(argument);
    }

    @Override
    public int degree() {
      return argument.degree() == 0 ? 0 : -1;
    }

    @Override
    public Univariate of(Univariate g) {
      return new Unary(function, a, b, argument.of(g));
    }
  }

  /** A function of two trees. */
  record Binary(BinaryFunction function, Univariate left, Univariate right) implements Univariate {
    @Override
    public double at(double x) {
      return function.apply(left.at(x), right.at(x));
    }

    @Override
    public List<Univariate> parts() {
      return List.of(left, right);
    }

    @Override
    public int degree() {
      int l = left.degree();
      int r = right.degree();
      if (l == 0 && r == 0) {
        return 0;
      }
      if (l < 0 || r < 0) {
        return -1;
      }
      return switch (function) {
        case ADD, SUB -> Math.max(l, r);
        case MUL -> l + r;
        case DIV -> r == 0 ? l : -1;
        case POW -> power(l, right);
        default -> -1;
      };
    }

    private static int power(int degree, Univariate exponent) {
      double e = exponent instanceof Constant ? exponent.at(0) : -1;
      return e >= 0 && e == Math.rint(e) && e * degree < 1000 ? (int) e * degree : -1;
    }

    @Override
    public Univariate of(Univariate g) {
      return new Binary(function, left.of(g), right.of(g));
    }
  }

  /** A choice: where the condition is not 0, then the first tree, else the second. */
  record Choice(Univariate condition, Univariate then, Univariate otherwise) implements Univariate {
    @Override
    public double at(double x) {
      return condition.at(x) != 0 ? then.at(x) : otherwise.at(x);
    }

    @Override
    public List<Univariate> parts() {
      return List.of(condition, then, otherwise);
    }

    @Override
    public int degree() {
      return -1;
    }

    @Override
    public Univariate of(Univariate g) {
      return new Choice(condition.of(g), then.of(g), otherwise.of(g));
    }
  }
}
