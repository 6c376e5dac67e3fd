// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.ir;

/** Element-wise functions of two reals; comparisons give 1 or 0. */
public enum BinaryFunction {
  /** Sum. */
  ADD,
  /** Difference. */
  SUB,
  /** Product. */
  MUL,
  /** Quotient. */
  DIV,
  /** Power. */
  POW,
  /** The larger. */
  MAX,
  /** The smaller. */
  MIN,
  /** Whether the first is greater. */
  GREATER,
  /** Whether the first is less. */
  LESS,
  /** Whether the first is greater or equal. */
  GREATER_EQUAL,
  /** Whether the first is less or equal. */
  LESS_EQUAL,
  /** Whether they are equal. */
  EQUAL,
  /** Whether both are not 0. */
  AND,
  /** Whether one is not 0. */
  OR;

  /** Returns the function's value. */
  public double apply(double left, double right) {
    return switch (this) {
      case ADD -> left + right;
      case SUB -> left - right;
      case MUL -> left * right;
      case DIV -> left / right;
      case POW -> Math.pow(left, right);
      case MAX -> Math.max(left, right);
      case MIN -> Math.min(left, right);
      case GREATER -> left > right ? 1 : 0;
      case LESS -> left < right ? 1 : 0;
      case GREATER_EQUAL -> left >= right ? 1 : 0;
      case LESS_EQUAL -> left <= right ? 1 : 0;
      case EQUAL -> left == right ? 1 : 0;
      case AND -> left != 0 && right != 0 ? 1 : 0;
      case OR -> left != 0 || right != 0 ? 1 : 0;
    };
  }
}
