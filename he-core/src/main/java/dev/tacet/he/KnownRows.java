// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of no meaning that fill up every batch of the throughput packing, with the answers they must get: the proof that the
 * other rows of the batch were computed as they should be.
 *
 * <p>Feature f (from 0, over all inputs) of known row k is center + amplitude * (2 * frac((k + 1) * (f + 1) * 0.6180339887498949) - 1) in
 * normalised units, so that no two features or rows are alike and an exchange of array elements is seen.
 *
 * @param rows how many there are, 1..1024; every batch keeps at least so many slots for them
 * @param center what features lie around, so that the rows are inside the model's intervals
 * @param amplitude how far from it, above 0; |center| + amplitude is at most 1
 * @param answers for each VALUE output, in the signature's order, the slots of row after row
 */
public record KnownRows(int rows, double center, double amplitude, List<double[]> answers) {
  /** Most known rows. */
  public static final int MAX_ROWS = 1024;

  private static final double GOLDEN = 0.6180339887498949;

  /** Validates and copies. */
  public KnownRows {
    answers = answers.stream().map(double[]::clone).toList();
    Signature.require(rows >= 1 && rows <= MAX_ROWS, "%d known rows, must be 1..%d", rows, MAX_ROWS);
    Signature.require(
        amplitude > 0 && Math.abs(center) + amplitude <= 1, "known rows of amplitude %s around %s, must be above 0 and inside [-1, 1]",
        amplitude, center);
    for (double[] answer : answers) {
      for (double value : answer) {
        Signature.require(Double.isFinite(value), "a known row's answer %s must be finite", value);
      }
    }
  }

  @Override
  public List<double[]> answers() {
    return answers.stream().map(double[]::clone).toList();
  }

  /** Returns a normalised feature of a known row. */
  public double feature(int row, int feature) {
    return feature(row, feature, center, amplitude);
  }

  /** Returns a normalised feature of the known row of this center and amplitude. */
  public static double feature(int row, int feature, double center, double amplitude) {
    double turns = (row + 1.0) * (feature + 1.0) * GOLDEN;
    return center + amplitude * (2 * (turns - Math.floor(turns)) - 1);
  }

  double answer(int output, int row, int element) {
    double[] all = answers.get(output);
    return all[row * (all.length / rows) + element];
  }

  /** Checks the number and size of the answers against the VALUE outputs. */
  void requireFor(List<CipherOutput> values) {
    Signature.require(
        answers.size() == values.size(), "known rows have answers of %d outputs, the signature has %d VALUE outputs",
        answers.size(), values.size());
    for (int i = 0; i < values.size(); i++) {
      CipherOutput output = values.get(i);
      Signature.require(
          answers.get(i).length == rows * output.count(), "output %s: %d answers of known rows, needs %d",
          output.name(), answers.get(i).length, rows * output.count());
      for (double value : answers.get(i)) {
        Signature.require(
            Math.abs(value) <= output.bound(), "output %s: a known row's answer %s is beyond the bound %s",
            output.name(), value, output.bound());
      }
    }
  }

  void writeTo(BoundedWriter out) {
    out.u16(rows).f64(center).f64(amplitude);
    answers.forEach(out::f64s);
  }

  static KnownRows readFrom(BoundedReader in, List<CipherOutput> outputs) {
    int rows = in.u16("known rows", 1, MAX_ROWS);
    double center = in.f64("center of known rows");
    double amplitude = in.f64("amplitude of known rows");
    List<double[]> answers = new ArrayList<>();
    for (CipherOutput output : outputs) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        answers.add(in.f64s("answers of known rows", Math.multiplyExact(rows, output.count())));
      }
    }
    return new KnownRows(rows, center, amplitude, answers);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KnownRows k
        && rows == k.rows
        && center == k.center
        && amplitude == k.amplitude
        && Arrays.deepEquals(answers.toArray(), k.answers.toArray());
  }

  @Override
  public int hashCode() {
    return 31 * rows + Arrays.deepHashCode(answers.toArray());
  }

  @Override
  public String toString() {
    return "KnownRows[" + rows + " around " + center + ", amplitude " + amplitude + "]";
  }
}
