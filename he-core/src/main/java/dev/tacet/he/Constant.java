// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Arrays;

/**
 * Weights of a program in logical form, with the recipe of their layout; they are encoded when the model is loaded.
 *
 * <p>Wire form: {@code u8 kind} (0 vector, 1 matrix, 2 polynomial, 3 affine map, 4 diagonals, 5 indexes,
 * 6 diagonals in pairs) and the fields of the kind. All numbers are finite.
 */
public sealed interface Constant permits Constant.Vector, Constant.Matrix, Constant.Polynomial, Constant.Affine, Diagonals, Indexes {
  /** Largest period: the slots of the largest ring. */
  int MAX_PERIOD = 1 << 16;

  /** Largest polynomial degree. */
  int MAX_DEGREE = 1023;

  /** Basis of a polynomial's coefficients. */
  enum Basis {
    /** c_i multiplies x^i. */
    MONOMIAL,
    /** c_i multiplies T_i(x), the Chebyshev polynomial of the first kind on [-1, 1]. */
    CHEBYSHEV
  }

  /** Writes the wire form. */
  void writeTo(BoundedWriter out);

  /**
   * A vector of {@code values.length <= period} numbers, zero padded to the period and tiled over the slots.
   *
   * @param values the numbers; at least one
   * @param period a power of two, at most the slots; in coefficients the ring degree
   */
  record Vector(double[] values, int period) implements Constant {
    /** Validates and copies. */
    public Vector {
      values = ConstantChecks.finite("vector", values);
      ConstantChecks.requirePeriod("vector", "values", values.length, period);
    }

    @Override
    public double[] values() {
      return values.clone();
    }

    /** Returns the number at slot j of a period, 0 beyond the values. */
    public double at(int slot) {
      int index = slot & (period - 1);
      return index < values.length ? values[index] : 0;
    }

    @Override
    public void writeTo(BoundedWriter out) {
      out.u8(0).u32(values.length).u32(period).f64s(values);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Vector v && period == v.period && Arrays.equals(values, v.values);
    }

    @Override
    public int hashCode() {
      return 31 * period + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return "Vector[" + values.length + " values, period " + period + "]";
    }
  }

  /**
   * A rows x cols matrix, row major, zero padded to outPeriod x inPeriod.
   *
   * @param rows 1..outPeriod
   * @param cols 1..inPeriod
   * @param inPeriod period of the operand's slots, a power of two
   * @param outPeriod period of the product's slots, a power of two
   * @param values rows*cols numbers, row major
   */
  record Matrix(int rows, int cols, int inPeriod, int outPeriod, double[] values) implements Constant {
    /** Validates and copies. */
    public Matrix {
      values = ConstantChecks.finite("matrix", values);
      ConstantChecks.requirePeriod("matrix", "rows", rows, outPeriod);
      ConstantChecks.requirePeriod("matrix", "columns", cols, inPeriod);
      if ((long) rows * cols != values.length) {
        throw new IllegalArgumentException(
            "matrix of " + rows + " x " + cols + " needs " + (long) rows * cols + " values, has " + values.length);
      }
    }

    @Override
    public double[] values() {
      return values.clone();
    }

    /** Returns the number of diagonals, min(inPeriod, outPeriod). */
    public int diagonals() {
      return Math.min(inPeriod, outPeriod);
    }

    /** Returns W[row][col], zero in the padding. */
    public double at(int row, int col) {
      return row < rows && col < cols ? values[row * cols + col] : 0;
    }

    @Override
    public void writeTo(BoundedWriter out) {
      out.u8(1).u32(rows).u32(cols).u32(inPeriod).u32(outPeriod).f64s(values);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Matrix m
          && rows == m.rows
          && cols == m.cols
          && inPeriod == m.inPeriod
          && outPeriod == m.outPeriod
          && Arrays.equals(values, m.values);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * rows + cols) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return "Matrix[" + rows + " x " + cols + ", periods " + inPeriod + " -> " + outPeriod + "]";
    }
  }

  /**
   * A polynomial of degree coefficients.length - 1.
   *
   * @param basis basis of the coefficients
   * @param coefficients c_0..c_degree, degree 0..1023
   */
  record Polynomial(Basis basis, double[] coefficients) implements Constant {
    /** Places that are evaluated together: their sums stay in the first cache. */
    private static final int BLOCK = 256;

    /** Validates and copies. */
    public Polynomial {
      coefficients = ConstantChecks.finite("polynomial", coefficients);
      if (coefficients.length > MAX_DEGREE + 1) {
        throw new IllegalArgumentException(
            "polynomial of degree " + (coefficients.length - 1) + ", at most " + MAX_DEGREE + " is allowed");
      }
      if (basis == null) {
        throw new IllegalArgumentException("polynomial has no basis");
      }
    }

    @Override
    public double[] coefficients() {
      return coefficients.clone();
    }

    /** Returns the degree. */
    public int degree() {
      return coefficients.length - 1;
    }

    /** Returns the levels that its evaluation takes, ceil(log2(degree+1)). */
    public int depth() {
      return 32 - Integer.numberOfLeadingZeros(degree());
    }

    /** Returns the value at x (Horner, or Clenshaw for Chebyshev). */
    public double evaluate(double x) {
      double b1 = 0;
      double b2 = 0;
      if (basis == Basis.MONOMIAL) {
        for (int i = coefficients.length - 1; i >= 0; i--) {
          b1 = b1 * x + coefficients[i];
        }
        return b1;
      }
      for (int i = coefficients.length - 1; i >= 1; i--) {
        double b0 = coefficients[i] + 2 * x * b1 - b2;
        b2 = b1;
        b1 = b0;
      }
      return coefficients[0] + x * b1 - b2;
    }

    /** Evaluates at many places as {@link #evaluate(double)} does at one, with the same rounding. */
    void evaluate(double[] x, double[] result) {
      for (int at = 0; at < x.length; at += BLOCK) {
        double[] part = Arrays.copyOfRange(x, at, Math.min(x.length, at + BLOCK));
        System.arraycopy(basis == Basis.MONOMIAL ? horner(part) : clenshaw(part), 0, result, at, part.length);
      }
    }

    private double[] horner(double[] x) {
      double[] sum = new double[x.length];
      for (int i = coefficients.length - 1; i >= 0; i--) {
        for (int k = 0; k < x.length; k++) {
          sum[k] = sum[k] * x[k] + coefficients[i];
        }
      }
      return sum;
    }

    private double[] clenshaw(double[] x) {
      double[] twice = new double[x.length];
      Arrays.setAll(twice, k -> 2 * x[k]);
      double[] b1 = new double[x.length];
      double[] b2 = new double[x.length];
      for (int i = coefficients.length - 1; i >= 1; i--) {
        for (int k = 0; k < x.length; k++) {
          b2[k] = coefficients[i] + twice[k] * b1[k] - b2[k];
        }
        double[] next = b2;
        b2 = b1;
        b1 = next;
      }
      for (int k = 0; k < x.length; k++) {
        b2[k] = coefficients[0] + x[k] * b1[k] - b2[k];
      }
      return b2;
    }

    @Override
    public void writeTo(BoundedWriter out) {
      out.u8(2).u8(basis.ordinal()).u16(degree()).f64s(coefficients);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Polynomial p && basis == p.basis && Arrays.equals(coefficients, p.coefficients);
    }

    @Override
    public int hashCode() {
      return 31 * basis.ordinal() + Arrays.hashCode(coefficients);
    }

    @Override
    public String toString() {
      return "Polynomial[" + basis + ", degree " + degree() + "]";
    }
  }

  /**
   * An affine map between arrays of ciphertexts: y = W x + b in every slot.
   *
   * @param rows ciphertexts of the result, 1..4096
   * @param cols ciphertexts of the operand, 1..4096
   * @param weights rows*cols numbers, row major
   * @param bias one number a row
   */
  record Affine(int rows, int cols, double[] weights, double[] bias) implements Constant {
    /** Validates and copies. */
    public Affine {
      if (rows < 1 || rows > ValueType.MAX_LENGTH || cols < 1 || cols > ValueType.MAX_LENGTH) {
        throw new IllegalArgumentException(
            "affine map from " + cols + " to " + rows + ", both must be in 1.." + ValueType.MAX_LENGTH);
      }
      weights = ConstantChecks.finite("affine map", weights);
      bias = ConstantChecks.finite("affine map's bias", bias);
      if (weights.length != rows * cols || bias.length != rows) {
        throw new IllegalArgumentException(
            "affine map from " + cols + " to " + rows + " needs " + rows * cols + " weights and " + rows + " biases, has "
                + weights.length + " and " + bias.length);
      }
    }

    @Override
    public double[] weights() {
      return weights.clone();
    }

    @Override
    public double[] bias() {
      return bias.clone();
    }

    /** Returns the weight W[row][col]. */
    public double weightAt(int row, int col) {
      return weights[row * cols + col];
    }

    /** Returns the bias of a row. */
    public double biasAt(int row) {
      return bias[row];
    }

    @Override
    public void writeTo(BoundedWriter out) {
      out.u8(3).u16(rows).u16(cols).f64s(weights).f64s(bias);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Affine a
          && rows == a.rows
          && cols == a.cols
          && Arrays.equals(weights, a.weights)
          && Arrays.equals(bias, a.bias);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * rows + cols) + Arrays.hashCode(weights) + Arrays.hashCode(bias);
    }

    @Override
    public String toString() {
      return "Affine[" + cols + " -> " + rows + "]";
    }
  }

  /**
   * Reads the wire form.
   *
   * @throws MalformedException if it is out of range or not finite
   */
  static Constant readFrom(BoundedReader in) {
    int kind = in.u8("constant kind", 0, 6);
    try {
      switch (kind) {
        case 0: {
          int length = in.u32("vector length", 1, MAX_PERIOD);
          int period = in.u32("vector period", 1, MAX_PERIOD);
          return new Vector(in.f64s("vector", length), period);
        }
        case 1: {
          int rows = in.u32("matrix rows", 1, MAX_PERIOD);
          int cols = in.u32("matrix columns", 1, MAX_PERIOD);
          int inPeriod = in.u32("matrix input period", 1, MAX_PERIOD);
          int outPeriod = in.u32("matrix output period", 1, MAX_PERIOD);
          in.needItems("matrix", (long) rows * cols, 8);
          return new Matrix(rows, cols, inPeriod, outPeriod, in.f64s("matrix", rows * cols));
        }
        case 3: {
          int rows = in.u16("affine rows", 1, ValueType.MAX_LENGTH);
          int cols = in.u16("affine columns", 1, ValueType.MAX_LENGTH);
          in.needItems("affine map", (long) rows * cols + rows, 8);
          return new Affine(rows, cols, in.f64s("affine weights", rows * cols), in.f64s("affine bias", rows));
        }
        case 4:
          return Diagonals.readFrom(in, false);
        case 5:
          return Indexes.readFrom(in);
        case 6:
          return Diagonals.readFrom(in, true);
        default: {
          Basis basis = Basis.values()[in.u8("polynomial basis", 0, 1)];
          int degree = in.u16("polynomial degree", 0, MAX_DEGREE);
          return new Polynomial(basis, in.f64s("polynomial", degree + 1));
        }
      }
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }
}
