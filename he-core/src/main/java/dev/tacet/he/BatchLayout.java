// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.ArrayList;
import java.util.List;

/**
 * The throughput packing of one signature: row r of a batch lies in slot r of every ciphertext, feature f of an input in element f
 * of its array; the slots behind the rows hold {@link KnownRows}. Immutable.
 */
public final class BatchLayout {
  private final Signature signature;
  private final KnownRows known;
  private final int slots;

  /**
   * Makes the layout.
   *
   * @throws IllegalArgumentException if the signature's packing is another, or it does not match the parameters
   */
  public BatchLayout(Signature signature, Parameters parameters) {
    signature.requireMatches(parameters);
    Signature.require(
        signature.packing() == RowPacking.THROUGHPUT, "model %s has packing %s, not THROUGHPUT", signature.model(),
        signature.packing());
    this.signature = signature;
    this.known = signature.knownRows().orElseThrow();
    this.slots = parameters.slots();
  }

  /** Returns the most rows of one batch: the slots less the known rows. */
  public int capacity() {
    return slots - known.rows();
  }

  /**
   * Lays one feature of all rows out in slots.
   *
   * @param input number of the input
   * @param feature number of the feature within the input
   * @param rows 1..capacity rows, each with the features of all inputs
   * @return one number per slot
   * @throws IllegalArgumentException if there are too many rows
   * @throws FeatureOutOfBoundsException if the feature of a row is not a number or outside its bounds
   */
  public double[] element(int input, int feature, double[][] rows) {
    requireRows(rows.length);
    SignatureInput described = signature.inputs().get(input);
    int at = feature;
    for (int i = 0; i < input; i++) {
      at += signature.inputs().get(i).features();
    }
    double[] packed = new double[slots];
    for (int r = 0; r < rows.length; r++) {
      packed[r] = described.normalised(feature, rows[r][at]);
    }
    for (int r = rows.length; r < slots; r++) {
      packed[r] = known.feature(r % known.rows(), at);
    }
    return packed;
  }

  private void requireRows(int rows) {
    Signature.require(rows >= 1 && rows <= capacity(), "a batch of %d rows, must be 1..%d", rows, capacity());
  }

  /** Starts the checks of the answer to a batch of so many rows. */
  public Answer answer(int rows) {
    requireRows(rows);
    return new Answer(rows);
  }

  /**
   * The decrypted answer to one batch, checked element by element. A fault that concerns the whole batch throws; what concerns one
   * row alone, a value or a guard out of its bounds, is kept with the row.
   */
  public final class Answer {
    private final double[][][] values;
    private final AnswerCheckException[] failures;
    private final int[] valueNumbers;
    private final int rows;

    private Answer(int rows) {
      this.rows = rows;
      this.valueNumbers = new int[signature.cipherOutputs().size()];
      this.failures = new AnswerCheckException[rows];
      this.values = new double[signature.cipherOutputs().size()][][];
      for (int o = 0; o < values.length; o++) {
        CipherOutput output = signature.cipherOutputs().get(o);
        if (o > 0) {
          valueNumbers[o] = valueNumbers[o - 1] + (signature.cipherOutputs().get(o - 1).kind() == CipherOutput.Kind.VALUE ? 1 : 0);
        }
        values[o] = new double[output.kind() == CipherOutput.Kind.VALUE ? rows : 0][output.count()];
      }
    }

    /**
     * Checks one decrypted element of an output and keeps its values.
     *
     * <p>Checked: the largest coefficient is within q0/8; every known row has its answer within the noise bound, and stays within
     * a guard's bound; every slot of a ZERO_CHECK is within the noise bound; imaginary parts, where the ring has them, are.
     *
     * @param output number of the output in the signature
     * @param element number of the element in the output's array
     * @param real one number per slot
     * @param imaginary the same, or null for a ring of real slots
     * @param coefficientFraction largest |coefficient| times 8 / q0
     * @throws AnswerCheckException if a check fails that concerns every row
     */
    public void add(int output, int element, double[] real, double[] imaginary, double coefficientFraction) {
      CipherOutput described = signature.cipherOutputs().get(output);
      Signature.require(
          real.length == slots && (imaginary == null || imaginary.length == slots), "output %s: %d slots, needs %d",
          described.name(), real.length, slots);
      if (!(coefficientFraction <= 1)) {
        throw described.failed("a decrypted coefficient of element " + element
            + " exceeds q0/8: the key is wrong or the computation overflowed");
      }
      double error = described.slotError();
      double limit = described.kind() == CipherOutput.Kind.ZERO_CHECK ? error : described.limit();
      double ofKnown = described.kind() == CipherOutput.Kind.ZERO_CHECK ? error : described.bound() + error;  // what they are is known
      for (int j = 0; j < slots; j++) {
        if (imaginary != null && !(Math.abs(imaginary[j]) <= error)) {
          throw described.failed("the imaginary part of slot " + j + " of element " + element + " is beyond the noise bound " + error);
        }
        boolean inside = Math.abs(real[j]) <= (j >= rows ? ofKnown : limit);
        if (j >= rows) {
          requireKnown(described, output, element, j, real[j], inside);
        } else if (!inside) {
          AnswerCheckException failure =
              described.failed("element " + element + " of the row in slot " + j + " is beyond its bound " + limit);
          if (described.kind() == CipherOutput.Kind.ZERO_CHECK) {
            throw failure;
          }
          failures[j] = failures[j] == null ? failure : failures[j];
        } else if (described.kind() == CipherOutput.Kind.VALUE) {
          values[output][j][element] = described.valueOf(element, real[j]);
        }
      }
    }

    private void requireKnown(CipherOutput described, int output, int element, int slot, double value, boolean inside) {
      double error = described.slotError();
      if (!inside) {
        throw described.failed("the known row in slot " + slot + " is beyond its bound in element " + element);
      }
      if (described.kind() == CipherOutput.Kind.VALUE) {
        double expected = known.answer(valueNumbers[output], slot % known.rows(), element);
        if (!(Math.abs(value - expected) <= error)) {
          throw described.failed("the known row in slot " + slot + " got another answer in element " + element
              + " than it must, by more than the noise bound " + error);
        }
      }
    }

    /** Returns the values of one row of a VALUE output, in output units. */
    public double[] values(int output, int row) {
      return values[output][row].clone();
    }

    /** Returns why a row has no answer; null where it has one. */
    public AnswerCheckException failure(int row) {
      return failures[row];
    }

    /** Returns the rows that have no answer. */
    public List<Integer> failedRows() {
      List<Integer> failed = new ArrayList<>();
      for (int r = 0; r < rows; r++) {
        if (failures[r] != null) {
          failed.add(r);
        }
      }
      return failed;
    }
  }
}
