// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.KnownRows;
import dev.tacet.he.Program;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A program of the throughput packing, run in the clear on rows, with its rounded weights: what the host will compute, without
 * noise. Also the known rows' answers.
 */
final class BatchTrial {
  /** How many known rows every batch keeps. */
  private static final int KNOWN_ROWS = 16;

  /** The largest amplitude of known rows: they are no rows of data, and polynomials are steep where data is rare. */
  private static final double LARGEST_KNOWN = 0.25;

  /**
   * The part of a bound that known rows may use. Some models have all of it in use whatever the row: an activation that reads
   * padding alone has the same input, at the end of its interval, for every row.
   */
  private static final double[] KNOWN_SHARES = {0.5, 0.98, 1};

  /** The part of a guard's slot error by which the rounding of weights may take known rows beyond its bound; the rest is noise's. */
  private static final double ROUNDING_SHARE = 0.25;

  /** Where known rows are tried, in normalised units: many models see zeros at one end of their features' ranges. */
  private static final double[] KNOWN_CENTERS = {0, -0.5, 0.5, -0.9, 0.9};

  private static final int MAX_CHUNK = 256;

  private final Emission emission;
  private final Program program;
  private final List<double[]> answers = new ArrayList<>();

  /**
   * Runs the rows.
   *
   * @param guarded how many of the first rows must be inside every output's bound
   * @throws dev.tacet.compiler.UncompilableModelException if one of those is not
   */
  BatchTrial(Emission emission, List<double[]> rows, int guarded) {
    this.emission = emission;
    this.program = emission.program();
    for (int start = 0; start < rows.size(); start += MAX_CHUNK) {
      List<double[]> chunk = rows.subList(start, Math.min(rows.size(), start + MAX_CHUNK));
      List<double[][]> outputs = run(chunk);
      for (int r = 0; r < chunk.size(); r++) {
        answers.add(values(outputs, r));
        if (start + r < guarded) {
          requireGuards(outputs, r, start + r);
        }
      }
    }
  }

  /** Returns the decrypted values of each row. */
  List<double[]> outputs() {
    return answers;
  }

  /** Returns the largest difference to other values of the first rows. */
  double largestDifference(List<double[]> others) {
    double largest = 0;
    for (int r = 0; r < others.size(); r++) {
      for (int i = 0; i < others.get(r).length; i++) {
        largest = Math.max(largest, Math.abs(answers.get(r)[i] - others.get(r)[i]));
      }
    }
    return largest;
  }

  /**
   * Returns known rows, as far apart as guards and values stay well inside their bounds, around the middle of the features if they
   * can; nothing if no such rows do.
   *
   * @param described the emission's outputs, with the bounds that answers are checked with
   */
  Optional<KnownRows> knownRows(List<CipherOutput> described) {
    for (double share : KNOWN_SHARES) {
      for (double center : KNOWN_CENTERS) {
        for (double amplitude = Math.min(LARGEST_KNOWN, 1 - Math.abs(center)); amplitude > 1e-3; amplitude /= 2) {
          double size = amplitude;
          List<double[][]> outputs = evaluate((feature, row) -> KnownRows.feature(row, feature, center, size), KNOWN_ROWS);
          if (inside(described, outputs, share)) {
            return Optional.of(new KnownRows(KNOWN_ROWS, center, amplitude, answersOf(outputs)));
          }
        }
      }
    }
    return Optional.empty();
  }

  private static boolean inside(List<CipherOutput> described, List<double[][]> outputs, double share) {
    boolean inside = true;
    for (int o = 0; o < outputs.size(); o++) {
      CipherOutput output = described.get(o);
      boolean atItsEnd = share == 1 && output.kind() == CipherOutput.Kind.GUARD;
      double limit = share * output.bound() + (atItsEnd ? ROUNDING_SHARE * output.slotError() : 0);
      for (double[] element : outputs.get(o)) {
        for (int r = 0; r < KNOWN_ROWS; r++) {
          inside &= Math.abs(element[r]) <= limit;
        }
      }
    }
    return inside;
  }

  private List<double[]> answersOf(List<double[][]> outputs) {
    List<double[]> known = new ArrayList<>();
    for (int o = 0; o < outputs.size(); o++) {
      CipherOutput output = emission.outputs().get(o);
      if (output.kind() == CipherOutput.Kind.VALUE) {
        double[] all = new double[KNOWN_ROWS * output.count()];
        for (int r = 0; r < KNOWN_ROWS; r++) {
          for (int i = 0; i < output.count(); i++) {
            all[r * output.count() + i] = outputs.get(o)[i][r];
          }
        }
        known.add(all);
      }
    }
    return known;
  }

  private double[] values(List<double[][]> outputs, int row) {
    CipherOutput value = emission.outputs().get(0);
    double[] factor = value.factor();
    double[] offset = value.offset();
    double[] result = new double[value.count()];
    for (int i = 0; i < result.length; i++) {
      result[i] = factor[i] * outputs.get(0)[i][row] + offset[i];
    }
    return result;
  }

  private void requireGuards(List<double[][]> outputs, int slot, int row) {
    for (int o = 0; o < outputs.size(); o++) {
      CipherOutput output = emission.outputs().get(o);
      for (double[] element : outputs.get(o)) {
        if (!(Math.abs(element[slot]) <= output.bound() + output.slotError())) {
          throw Feasibility.sampleRow(output, row);
        }
      }
    }
  }

  private interface Features {
    double normalised(int feature, int row);
  }

  private List<double[][]> run(List<double[]> rows) {
    double[] center = new double[rows.get(0).length];
    double[] halfWidth = new double[center.length];
    int at = 0;
    for (SignatureInput input : emission.inputs()) {
      System.arraycopy(input.center(), 0, center, at, input.features());
      System.arraycopy(input.halfWidth(), 0, halfWidth, at, input.features());
      at += input.features();
    }
    return evaluate((f, r) -> r < rows.size() ? (rows.get(r)[f] - center[f]) / halfWidth[f] : 0, rows.size());
  }

  /** For each output of the signature, for each element of its array, one number per row. */
  private List<double[][]> evaluate(Features features, int rows) {
    int period = Math.min(program.parameters().slots(), Integer.highestOneBit(Math.max(1, 2 * rows - 1)));
    List<double[]> slots = new ArrayList<>();
    int total = emission.inputs().stream().mapToInt(SignatureInput::features).sum();
    for (int f = 0; f < total; f++) {
      double[] element = new double[period];
      for (int r = 0; r < rows; r++) {
        element[r] = features.normalised(f, r);
      }
      slots.add(element);
    }
    List<double[]> flat = ReferenceEvaluator.run(program, slots);
    List<double[][]> outputs = new ArrayList<>();
    for (CipherOutput output : emission.outputs()) {
      int start = 0;
      for (int o = 0; o < output.programOutput(); o++) {
        start += program.outputTypes().get(o).length();
      }
      outputs.add(flat.subList(start, start + output.count()).toArray(double[][]::new));
    }
    return outputs;
  }
}
