// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A vector that depends linearly on the values of nodes: the sum over k of terms[k] * value(k), plus the bias.
 *
 * @param terms by node id, the matrix that multiplies the node's value; no zero matrices
 * @param bias the constant part; its length is the form's size
 */
public record LinearForm(Map<Integer, Matrix> terms, double[] bias) {
  /** Fewer rows than this are evaluated one by one. */
  private static final int FEWEST_LANES = 4;

  /** Makes the form; the map is copied, zero matrices are left out, sizes are checked. */
  public LinearForm {
    TreeMap<Integer, Matrix> kept = new TreeMap<>();
    for (Map.Entry<Integer, Matrix> term : terms.entrySet()) {
      if (term.getValue().rows() != bias.length) {
        throw new IllegalArgumentException("a form of size " + bias.length + " has a term of "
            + term.getValue().rows() + " rows for node " + term.getKey());
      }
      if (!term.getValue().isZero()) {
        kept.put(term.getKey(), term.getValue());
      }
    }
    terms = Collections.unmodifiableMap(kept);
  }

  /** Returns the form that has no terms. */
  public static LinearForm constant(double... bias) {
    return new LinearForm(Map.of(), bias);
  }

  /** Returns the form that is the value of one node. */
  public static LinearForm of(int node, int size) {
    return new LinearForm(Map.of(node, Matrix.identity(size)), new double[size]);
  }

  /** Returns the number of elements. */
  public int size() {
    return bias.length;
  }

  /** Returns the number of weights that are not zero. */
  public long nonzeros() {
    return terms.values().stream().mapToLong(Matrix::nonzeros).sum();
  }

  /** Returns whether the form depends on no node. */
  public boolean isConstant() {
    return terms.isEmpty();
  }

  /** Returns whether the form is exactly one node's value. */
  public boolean isNode(int node, int nodeSize) {
    if (terms.size() != 1 || !terms.containsKey(node) || size() != nodeSize) {
      return false;
    }
    Matrix matrix = terms.get(node);
    if (!matrix.isDiagonal()) {
      return false;
    }
    for (int i = 0; i < nodeSize; i++) {
      if (bias[i] != 0 || matrix.get(i, i) != 1) {
        return false;
      }
    }
    return true;
  }

  /** Returns this + factor * other. */
  public LinearForm plus(LinearForm other, double factor) {
    Map<Integer, Matrix> sum = new TreeMap<>(terms);
    double[] factors = new double[size()];
    Arrays.fill(factors, factor);
    other.terms.forEach((node, matrix) -> sum.merge(node, matrix.scaled(factors, null), Matrix::plus));
    double[] newBias = bias.clone();
    for (int i = 0; i < newBias.length; i++) {
      newBias[i] += factor * other.bias[i];
    }
    return new LinearForm(sum, newBias);
  }

  /** Returns the form with element i multiplied by factors[i] and offsets[i] added; null offsets are zeros. */
  public LinearForm scaled(double[] factors, double[] offsets) {
    Map<Integer, Matrix> scaled = new TreeMap<>();
    terms.forEach((node, matrix) -> scaled.put(node, matrix.scaled(factors, null)));
    double[] newBias = bias.clone();
    for (int i = 0; i < newBias.length; i++) {
      newBias[i] = newBias[i] * factors[i] + (offsets == null ? 0 : offsets[i]);
    }
    return new LinearForm(scaled, newBias);
  }

  /** Returns matrix * this. */
  public LinearForm mapped(Matrix matrix) {
    Map<Integer, Matrix> mapped = new TreeMap<>();
    terms.forEach((node, term) -> mapped.put(node, term.multipliedBy(matrix)));
    double[] newBias = new double[matrix.rows()];
    matrix.multiplyAdd(bias, newBias);
    return new LinearForm(mapped, newBias);
  }

  /** Returns the form of the elements at these indexes, in this order. */
  public LinearForm select(int[] indexes) {
    double[] ones = new double[indexes.length];
    Arrays.fill(ones, 1);
    return mapped(Matrix.picking(size(), indexes, ones));
  }

  /** Returns the forms one below the other. */
  public static LinearForm stack(List<LinearForm> forms) {
    if (forms.size() == 1) {
      return forms.get(0);
    }
    int size = forms.stream().mapToInt(LinearForm::size).sum();
    double[] bias = new double[size];
    int offset = 0;
    Map<Integer, Integer> columns = new TreeMap<>();
    for (LinearForm form : forms) {
      form.terms.forEach((node, matrix) -> columns.put(node, matrix.columns()));
      System.arraycopy(form.bias, 0, bias, offset, form.size());
      offset += form.size();
    }
    Map<Integer, Matrix> terms = new TreeMap<>();
    columns.forEach((node, width) -> terms.put(node, Matrix.stack(forms.stream()
        .map(form -> form.terms.getOrDefault(node, Matrix.zero(form.size(), width))).toList())));
    return new LinearForm(terms, bias);
  }

  /**
   * Returns the form's value for each of several rows, the same as {@link #evaluate} gives, several times faster.
   *
   * @param rows for each row, the values of the nodes by id
   */
  public List<double[]> evaluateAll(List<double[][]> rows) {
    double[][] results = new double[rows.size()][];
    int blocks = (rows.size() + Matrix.LANES - 1) / Matrix.LANES;
    IntStream.range(0, blocks).parallel().forEach(block -> {
      int from = block * Matrix.LANES;
      evaluateBlock(rows.subList(from, Math.min(rows.size(), from + Matrix.LANES)), results, from);
    });
    return Arrays.asList(results);
  }

  private void evaluateBlock(List<double[][]> rows, double[][] results, int from) {
    if (rows.size() < FEWEST_LANES) {
      for (int l = 0; l < rows.size(); l++) {
        results[from + l] = evaluate(rows.get(l));
      }
      return;
    }
    int lanes = Math.max(8, Integer.highestOneBit(2 * rows.size() - 1));  // whole vectors of any machine
    double[] sums = new double[size() * lanes];
    for (int i = 0; i < size(); i++) {
      Arrays.fill(sums, i * lanes, (i + 1) * lanes, bias[i]);
    }
    terms.forEach((node, matrix) -> {
      double[] x = new double[matrix.columns() * lanes];
      for (int l = 0; l < rows.size(); l++) {
        double[] value = rows.get(l)[node];
        for (int j = 0; j < value.length; j++) {
          x[j * lanes + l] = value[j];
        }
      }
      matrix.multiplyAddLanes(x, sums, lanes);
    });
    for (int l = 0; l < rows.size(); l++) {
      double[] result = new double[size()];
      for (int i = 0; i < result.length; i++) {
        result[i] = sums[i * lanes + l];
      }
      results[from + l] = result;
    }
  }

  /** Returns the form's value where the nodes have these values, by id. */
  public double[] evaluate(double[][] values) {
    double[] result = bias.clone();
    terms.forEach((node, matrix) -> matrix.multiplyAdd(values[node], result));
    return result;
  }
}
