// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** The nodes of {@link Postprocessing} that combine two vectors element by element, or the elements of a group. */
final class TailPairs {
  private TailPairs() {}

  static Measured run(TailNode node, Measured x, Measured y) {
    int n = x.size();
    Signature.require(y.size() == n, "postprocessing %s combines %d and %d elements", node, n, y.size());
    double[] values = new double[n];
    double[] errors = new double[n];
    for (int i = 0; i < n; i++) {
      double a = x.values()[i];
      double b = y.values()[i];
      double ea = x.errors()[i];
      double eb = y.errors()[i];
      switch (node.op()) {
        case ADD -> set(values, errors, i, a + b, ea + eb);
        case SUB -> set(values, errors, i, a - b, ea + eb);
        case MUL -> set(values, errors, i, a * b, Math.abs(a) * eb + Math.abs(b) * ea + ea * eb);
        case DIV -> set(values, errors, i, a / b, quotientError(a, b, ea, eb));
        case MAX -> set(values, errors, i, Math.max(a, b), Math.max(ea, eb));
        case MIN -> set(values, errors, i, Math.min(a, b), Math.max(ea, eb));
        default -> throw new IllegalStateException(node.op() + " does not combine two vectors");
      }
    }
    return new Measured(values, errors);
  }

  /** |a/b - a'/b'| <= (ea + |a/b| eb) / (|b| - eb), unbounded where b could vanish. */
  private static double quotientError(double a, double b, double ea, double eb) {
    double error = ea + Math.abs(a / b) * eb;
    double rest = Math.abs(b) - eb;
    return error == 0 ? 0 : rest > 0 ? error / rest : Double.POSITIVE_INFINITY;
  }

  private static void set(double[] values, double[] errors, int i, double value, double error) {
    values[i] = value;
    errors[i] = error;
  }

  static Measured sum(TailNode node, Measured x) {
    int size = TailMath.groupSize(node, x);
    double[] values = new double[x.size() / size];
    double[] errors = new double[values.length];
    for (int i = 0; i < x.size(); i++) {
      values[i / size] += x.values()[i];
      errors[i / size] += x.errors()[i];
    }
    return new Measured(values, errors);
  }
}
