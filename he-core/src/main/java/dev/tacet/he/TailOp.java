// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** The operations of {@link Postprocessing}, all on one row. Codes are stable: the ordinal is the byte of the wire format. */
public enum TailOp {
  /** x. */
  IDENTITY,
  /** a*x + b element by element; numbers {a, b}. */
  AFFINE,
  /** a_i*x_i + b_i; numbers a_0.. then b_0.., twice as many as elements. */
  VECTOR_AFFINE,
  /** 1 / (1 + exp(-x)). */
  SIGMOID,
  /** tanh(x). */
  TANH,
  /** max(x, 0). */
  RELU,
  /** exp(x). */
  EXP,
  /** log(1 + exp(x)). */
  SOFTPLUS,
  /** min(max(x, lo), hi); numbers {lo, hi}. */
  CLIP,
  /** exp(x_i) / sum exp(x_j) over groups; integers {group size}, none for one group. */
  SOFTMAX,
  /** log of the softmax; integers as there. */
  LOG_SOFTMAX,
  /** x_i / sum |x_j| over groups, unchanged where the sum is 0; integers as there. */
  NORMALIZE_L1,
  /** x_i / sqrt(sum x_j^2) over groups, unchanged where the sum is 0; integers as there. */
  NORMALIZE_L2,
  /** x_i / max x_j over groups, unchanged where the maximum is 0; integers as there. */
  NORMALIZE_MAX,
  /** p becomes 1-p, p; one element. */
  BINARY_PROBABILITIES,
  /** s becomes -s, s; one element. */
  BINARY_SCORES,
  /** x[integers[i]]. */
  GATHER,
  /** All inputs one after the other. */
  CONCAT,
  /**
   * Index of the largest over groups; integers none, {group size} or {group size, 1 for the last of equals, 0 for the first};
   * numbers none, or {bound of the error of a difference of two elements that are close}. Gives integers.
   */
  ARGMAX,
  /** Index of the smallest over groups; integers and numbers as for ARGMAX. Gives integers. */
  ARGMIN,
  /** The label at the index of the largest; integers or strings, one per element; numbers as for ARGMAX. Gives a label. */
  LABEL,
  /**
   * The second label where x > numbers[0], else the first; one element; two integers or strings; numbers[1], if given, bounds the
   * error of x where it is close to numbers[0]. Gives a label.
   */
  THRESHOLD_LABEL,
  /** A map from class to number; integers or strings, one per element. Gives a map. */
  ZIP_MAP,
  /** x + y element by element. */
  ADD,
  /** x - y element by element. */
  SUB,
  /** x * y element by element. */
  MUL,
  /** x / y element by element. */
  DIV,
  /** The larger of x and y element by element. */
  MAX,
  /** The smaller of x and y element by element. */
  MIN,
  /** The sum of each group; integers as for SOFTMAX. */
  SUM,
  /** A function of each element; integers {code of {@link TailFunction}}, numbers {a, b}. */
  FUNCTION,
  /** The best elements of each group, best first; integers {group size, how many, 1 for the largest, 0 for the smallest}. */
  TOP_VALUES,
  /**
   * Where those elements lie in their group, the first of equals first; integers as for TOP_VALUES, numbers as for ARGMAX. Gives
   * integers.
   */
  TOP_INDICES;

  /** Returns whether the result is a choice, which an error of the scores can change. */
  public boolean chooses() {
    return terminal() && this != ZIP_MAP;
  }

  /** Returns whether the result is an output of the model that no further node can take (labels, indices, maps). */
  public boolean terminal() {
    return switch (this) {
      case ARGMAX, ARGMIN, LABEL, THRESHOLD_LABEL, ZIP_MAP, TOP_INDICES -> true;
      default -> false;
    };
  }
}
