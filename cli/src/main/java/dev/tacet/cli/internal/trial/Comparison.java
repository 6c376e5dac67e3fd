// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.he.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Decrypted outputs beside the clear ones of the same rows.
 *
 * <p>A row of a classifier agrees if its class (the label; else the position of the largest of several numbers; else, for one
 * probability, the side of 1/2) is the clear model's, as are all its labels where an output has several, and is decided. A row of a
 * regressor agrees if every number is within 1 % of the range of the clear output over all rows, and no step is undecided. A classifier's numbers beside a class
 * that agrees may be further away, but not far: scores of another formula or another order would hide behind a right class.
 *
 * @param kind classifier or regressor
 * @param rows how many were compared
 * @param agreement share of rows that agree, in [0, 1]
 * @param maxError largest absolute difference of two numbers that are no labels; 0 if there are none
 * @param undecided rows whose class the error bound leaves open, from 0
 * @param disagreeing rows that do not agree, from 0, the undecided ones included
 * @param far rows of a classifier that agree, from 0, with a number further away than {@link #FAR} of its range
 */
public record Comparison(
    Kind kind, int rows, double agreement, double maxError, List<Integer> undecided, List<Integer> disagreeing, List<Integer> far) {
  /** What a model answers. */
  public enum Kind {
    /** A class. */
    CLASSIFIER,
    /** Quantities. */
    REGRESSOR
  }

  /** A regressor's row agrees within this share of the clear output's range. */
  public static final double REGRESSOR_TOLERANCE = 0.01;

  /** The share of rows that must agree: classifiers. */
  public static final double CLASSIFIER_TARGET = 0.98;

  /** The share of a number's clear range beyond which a classifier's number is far away. */
  public static final double FAR = 0.1;

  /** Whether the target is met: 98 % of a classifier's rows agree and have no number far away; all of a regressor's agree. */
  public boolean meetsTarget() {
    return kind == Kind.REGRESSOR ? disagreeing.isEmpty() : classesMeetTarget() && numbersMeetTarget();
  }

  private boolean classesMeetTarget() {
    return agreement >= CLASSIFIER_TARGET;
  }

  private boolean numbersMeetTarget() {
    return far.size() <= (1 - CLASSIFIER_TARGET) * rows;
  }

  /**
   * One line that says how the target was missed.
   *
   * @param unanswered how many rows have no answer, of those that do not agree
   */
  public String miss(int unanswered) {
    if (unanswered > 0) {
      int others = disagreeing.size() - unanswered;
      return String.format(Locale.ROOT, "the accuracy target was missed: %d of %d rows have no answer%s", unanswered, rows,
          others == 0 ? "" : ", " + others + " more do not agree");
    }
    return classesMeetTarget() && !numbersMeetTarget()
        ? String.format(Locale.ROOT, "%d of %d rows have the clear model's class, but a number further than %.0f %% of its range from the"
            + " clear model's", far.size(), rows, 100 * FAR)
        : "the accuracy target was missed";
  }

  /** The largest error as JSON has it: null where it is not finite. */
  public Double finiteMaxError() {
    return Double.isFinite(maxError) ? maxError : null;
  }

  /** The kind of a model by its signature: a classifier's tail chooses a label, or the class of scores. */
  public static Kind kindOf(Signature signature) {
    return signature.tail().chooses() ? Kind.CLASSIFIER : Kind.REGRESSOR;
  }

  /**
   * Compares row by row.
   *
   * @param samples clear outputs of other rows of the same kind, which count in the ranges of a classifier's numbers; may be empty
   * @param undecided per row, whether the client reported the class as undecided
   */
  public static Comparison of(OutputTable encrypted, OutputTable clear, OutputTable samples, boolean[] undecided, Kind kind) {
    if (encrypted.rows() != clear.rows() || !encrypted.outputs().keySet().equals(clear.outputs().keySet())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%d rows of %s cannot be compared with %d rows of %s",
              encrypted.rows(), encrypted.outputs().keySet(), clear.rows(), clear.outputs().keySet()));
    }
    double maxError = 0;
    int answers = 0;
    List<double[]> clearNumbers = new ArrayList<>();
    List<double[]> encryptedNumbers = new ArrayList<>();
    List<Map<String, List<Object>>> clearRows = new ArrayList<>();
    List<Map<String, List<Object>>> encryptedRows = new ArrayList<>();
    for (int r = 0; r < clear.rows(); r++) {
      clearRows.add(labelledAs(clear.row(r), encrypted.row(r)));
      encryptedRows.add(labelledAs(encrypted.row(r), clear.row(r)));
      clearNumbers.add(numbers(clearRows.get(r)));
      encryptedNumbers.add(numbers(encryptedRows.get(r)));
    }
    double[] tolerance = tolerances(kind, clearNumbers, samples);
    List<Integer> open = new ArrayList<>();
    List<Integer> far = new ArrayList<>();
    List<Integer> disagreeing = new ArrayList<>();
    for (int r = 0; r < clear.rows(); r++) {
      double[] expected = clearNumbers.get(r);
      double[] actual = encryptedNumbers.get(r);
      boolean close = answered(encryptedRows.get(r)) && actual.length == expected.length;
      if (close) {
        answers++;
        for (int i = 0; i < expected.length; i++) {
          double error = Math.abs(actual[i] - expected[i]);
          maxError = Math.max(maxError, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
          close &= error <= tolerance[i];
        }
      }
      if (undecided[r]) {
        open.add(r);
      }
      Map<String, List<Object>> given = encryptedRows.get(r);
      boolean same = kind == Kind.REGRESSOR ? close
          : classOf(given).equals(classOf(clearRows.get(r))) && sameIntegers(given, clearRows.get(r));
      boolean agrees = same && !undecided[r];
      if (!agrees) {
        disagreeing.add(r);
      } else if (!close) {
        far.add(r);
      }
    }
    double agreement = (double) (clear.rows() - disagreeing.size()) / clear.rows();
    return new Comparison(kind, clear.rows(), agreement, answers == 0 ? Double.POSITIVE_INFINITY : maxError, open, disagreeing, far);
  }

  /** A row with a whole number as the label that the other has there: a model may give labels in a tensor of reals. */
  private static Map<String, List<Object>> labelledAs(Map<String, List<Object>> row, Map<String, List<Object>> other) {
    Map<String, List<Object>> labelled = new LinkedHashMap<>(row);
    labelled.replaceAll((name, values) -> {
      boolean whole = values.size() == 1 && values.get(0) instanceof Double number && number == Math.rint(number) && Math.abs(number) < 1L << 53;
      List<Object> theirs = other.get(name);
      return whole && theirs.size() == 1 && theirs.get(0) instanceof Long ? List.of(((Double) values.get(0)).longValue()) : values;
    });
    return labelled;
  }

  /**
   * The class of one row's outputs: its label if it has one, else that of the first output of several numbers, else that of the
   * last output's number; a text if there is no answer.
   */
  public static Object classOf(Map<String, List<Object>> row) {
    List<Object> last = List.of();
    for (List<Object> values : row.values()) {
      if (values.stream().anyMatch(Objects::isNull)) {
        return "no answer";
      }
      if (isLabel(values)) {
        return values.get(0);
      }
      last = last.size() > 1 ? last : values;
    }
    if (last.size() == 1) {
      return ((Number) last.get(0)).doubleValue() >= 0.5 ? 1L : 0L;
    }
    int best = 0;
    for (int i = 1; i < last.size(); i++) {
      if (((Number) last.get(i)).doubleValue() > ((Number) last.get(best)).doubleValue()) {
        best = i;
      }
    }
    return (long) best;
  }

  /** Whether integers of the clear model are the same: labels of several classes at once, which no largest number stands for. */
  private static boolean sameIntegers(Map<String, List<Object>> row, Map<String, List<Object>> clear) {
    return clear.entrySet().stream()
        .filter(output -> !output.getValue().isEmpty() && output.getValue().stream().allMatch(Long.class::isInstance))
        .allMatch(output -> sameIntegers(row.get(output.getKey()), output.getValue()));
  }

  private static boolean sameIntegers(List<Object> values, List<Object> clear) {
    for (int i = 0; i < clear.size(); i++) {
      if (values.size() != clear.size() || ((Number) values.get(i)).doubleValue() != (Long) clear.get(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether there is an answer: one that failed a check has none. */
  private static boolean answered(Map<String, List<Object>> row) {
    return row.values().stream().flatMap(List::stream).noneMatch(Objects::isNull);
  }

  /** A single integer or text is a label. */
  static boolean isLabel(List<Object> values) {
    return values.size() == 1 && (values.get(0) instanceof Long || values.get(0) instanceof String);
  }

  private static double[] numbers(Map<String, List<Object>> row) {
    return row.values().stream()
        .filter(values -> !isLabel(values))
        .flatMap(List::stream)
        .mapToDouble(value -> value == null ? Double.NaN : ((Number) value).doubleValue())
        .toArray();
  }

  /**
   * For each number, the share of its clear range that a row may be away; of its magnitude where it does not vary; of the widest range of
   * the others where it is always 0, the score of a class of reference.
   */
  private static double[] tolerances(Kind kind, List<double[]> rows, OutputTable samples) {
    List<double[]> all = new ArrayList<>(rows);
    for (int r = 0; kind == Kind.CLASSIFIER && r < samples.rows(); r++) {
      double[] sample = numbers(samples.row(r));
      if (Arrays.stream(sample).allMatch(Double::isFinite)) {
        all.add(sample);
      }
    }
    double share = kind == Kind.CLASSIFIER ? FAR : REGRESSOR_TOLERANCE;
    double[] tolerance = new double[rows.get(0).length];
    double widest = Double.MIN_NORMAL;
    for (int i = 0; i < tolerance.length; i++) {
      double low = Double.POSITIVE_INFINITY;
      double high = Double.NEGATIVE_INFINITY;
      for (double[] row : all) {
        low = Math.min(low, row[i]);
        high = Math.max(high, row[i]);
      }
      tolerance[i] = share * (high > low ? high - low : Math.abs(high));
      widest = Math.max(widest, tolerance[i]);
    }
    for (int i = 0; i < tolerance.length; i++) {
      tolerance[i] = tolerance[i] > 0 ? tolerance[i] : widest;
    }
    return tolerance;
  }
}
