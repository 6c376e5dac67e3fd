// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Arrays;
import java.util.Objects;

/**
 * What one encrypted output of a program means, and every check that a decrypted answer must pass before it is a number.
 *
 * <p>In the latency packing slots [0, count) of a VALUE hold the values, slots [count, period) are structural zeros, and the period
 * is repeated over all slots: the copies must agree. Where several rows lie side by side, value i of row r is slot i rows + r. In
 * the throughput packing an output is an array of count ciphertexts with one row a slot, its period is 1, and {@link BatchLayout}
 * checks it. In the coefficient packing values and structural zeros lie in coefficients, the period is 1, "slot" below means one of
 * these, and {@link CoefficientLayout} checks it. A ZERO_CHECK is zero everywhere. A GUARD stays within its bound everywhere, which
 * proves that an activation's input did not leave its fitted interval. An IMAGINARY_GUARD is one in the imaginary parts of another output's
 * slots: with it a ciphertext carries both.
 *
 * @param kind VALUE, ZERO_CHECK, GUARD or IMAGINARY_GUARD
 * @param programOutput number of the program's output
 * @param name name that the postprocessing refers to
 * @param count values; 1..period-1 for VALUE, 0..period otherwise; ciphertexts where the period is 1
 * @param period a power of two that divides the slots; 1 in the throughput and coefficient packings
 * @param rows rows that lie side by side in one ciphertext, a power of two; 1 but in the latency packing
 * @param level level of the answer
 * @param scale exact scale of the answer
 * @param factor real value i = factor[i] * slot i + offset[i]; count numbers for VALUE, none otherwise
 * @param offset see factor
 * @param bound largest |slot| of the true answer; for GUARD the proof's bound, noise included
 * @param slotError bound of the noise in one slot, in slot units; every check allows for it but the one of a guard's bound
 * @param errorBounds bound of the error of each value, in output units (approximation and noise together); count numbers for VALUE, none
 *     otherwise
 */
public record CipherOutput(
    Kind kind,
    int programOutput,
    String name,
    int count,
    int period,
    int rows,
    int level,
    Scale scale,
    double[] factor,
    double[] offset,
    double bound,
    double slotError,
    double[] errorBounds) {
  /** How many times wider than the error bound the tolerance of a single slot may be, where there is one copy. */
  static final int CHECK_SLACK = 4;

  /** Copies beyond this many do not widen the tolerance further. */
  static final int CHECK_COPIES = 16;

  /** The meanings of an encrypted output. The wire code is the ordinal. */
  public enum Kind {
    /** Numbers of the model. */
    VALUE,
    /** Zero in every slot. */
    ZERO_CHECK,
    /** Within the bound in every slot. */
    GUARD,
    /** A GUARD in the imaginary parts of the slots of another output's ciphertext, whose real parts that output describes. */
    IMAGINARY_GUARD;

    /** Returns whether it is a proof about an activation's input. */
    public boolean guards() {
      return this == GUARD || this == IMAGINARY_GUARD;
    }
  }

  /** Validates and copies. */
  public CipherOutput {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(scale, "scale");
    factor = factor.clone();
    offset = offset.clone();
    errorBounds = errorBounds.clone();
    Signature.requirePeriod("output " + name, period);
    Signature.require(
        programOutput >= 0 && programOutput < 0xffff, "output %s: program output %d is outside 0..65534", name, programOutput);
    Signature.require(
        level >= 0 && level < Parameters.MAX_CHAIN_LENGTH, "output %s: level %d is outside 0..%d",
        name, level, Parameters.MAX_CHAIN_LENGTH - 1);
    if (kind == Kind.VALUE) {
      Signature.require(
          count >= 1 && (count < period || period == 1),
          "output %s: %d values in a period of %d, at least one slot must be a structural zero", name, count, period);
    }
    Signature.require(
        count >= 0 && count <= (period == 1 ? ValueType.MAX_LENGTH : period), "output %s: count %d is outside 0..%d", name, count,
        period == 1 ? ValueType.MAX_LENGTH : period);
    Signature.requireRows("output " + name, rows, period);
    Signature.require(
        rows == 1 || (long) count * rows < period || kind != Kind.VALUE && (long) count * rows == period,
        "output %s: %d rows of %d values leave no structural zero in a period of %d", name, rows, count, period);
    int numbers = kind == Kind.VALUE ? count : 0;
    Signature.require(
        factor.length == numbers && offset.length == numbers && errorBounds.length == numbers,
        "output %s: %d factors, %d offsets and %d error bounds, a %s of %d needs %d",
        name, factor.length, offset.length, errorBounds.length, kind, count, numbers);
    for (int i = 0; i < numbers; i++) {
      Signature.require(
          Double.isFinite(factor[i]) && Double.isFinite(offset[i]), "output %s: factor %s and offset %s of value %d must be finite",
          name, factor[i], offset[i], i);
      Signature.require(
          Double.isFinite(errorBounds[i]) && errorBounds[i] >= 0, "output %s: error bound %s of value %d must be finite and not negative",
          name, errorBounds[i], i);
    }
    Signature.require(Double.isFinite(bound) && bound >= 0, "output %s: bound %s must be finite and not negative", name, bound);
    Signature.require(
        Double.isFinite(slotError) && slotError >= 0, "output %s: slot error %s must be finite and not negative", name, slotError);
  }

  /** Makes the description of an output whose values have one error bound; that of a check, which has no value, is 0. */
  public CipherOutput(
      Kind kind, int programOutput, String name, int count, int period, int rows, int level, Scale scale, double[] factor, double[] offset,
      double bound, double slotError, double errorBound) {
    this(kind, programOutput, name, count, period, rows, level, scale, factor, offset, bound, slotError, uniform(kind, name, count, errorBound));
  }

  /** As the constructor before, with one row a ciphertext. */
  public CipherOutput(
      Kind kind, int programOutput, String name, int count, int period, int level, Scale scale, double[] factor, double[] offset,
      double bound, double slotError, double errorBound) {
    this(kind, programOutput, name, count, period, 1, level, scale, factor, offset, bound, slotError, errorBound);
  }

  private static double[] uniform(Kind kind, String name, int count, double errorBound) {
    boolean value = kind == Kind.VALUE;
    Signature.require(value || errorBound == 0, "output %s: a %s has no value whose error bound could be %s", name, kind, errorBound);
    double[] bounds = new double[value ? Math.max(0, Math.min(count, Constant.MAX_PERIOD)) : 0];
    Arrays.fill(bounds, errorBound);
    return bounds;
  }

  /** Returns the same output with other bounds of its errors. */
  public CipherOutput withErrors(double newSlotError, double[] newErrorBounds) {
    return new CipherOutput(
        kind, programOutput, name, count, period, rows, level, scale, factor, offset, bound, newSlotError, newErrorBounds);
  }

  /** Returns the same output with another bound of its true slots. */
  public CipherOutput withBound(double newBound) {
    return new CipherOutput(
        kind, programOutput, name, count, period, rows, level, scale, factor, offset, newBound, slotError, errorBounds);
  }

  /** Returns the same output with another bound of the noise in a slot. */
  public CipherOutput withSlotError(double newSlotError) {
    return withErrors(newSlotError, errorBounds);
  }

  /**
   * Returns the largest |slot| that the check of the bound lets pass. Noise may bring a value beyond its bound; of a guard it must not hide
   * that a slot left its interval, where the function that was fitted to it is as large as it likes.
   */
  public double limit() {
    return kind.guards() ? bound : bound + slotError;
  }

  /** Returns the largest error bound of a value, in output units; 0 for checks. */
  public double errorBound() {
    return Arrays.stream(errorBounds).max().orElse(0);
  }

  /** Returns whether values have other error bounds than one another. */
  boolean hasErrorBoundsByValue() {
    return Arrays.stream(errorBounds).anyMatch(bound -> bound != errorBounds[0]);
  }

  @Override
  public double[] errorBounds() {
    return errorBounds.clone();
  }

  @Override
  public double[] factor() {
    return factor.clone();
  }

  @Override
  public double[] offset() {
    return offset.clone();
  }

  /**
   * Checks a decrypted answer and returns the values of one row in real units; the copies are averaged, which lowers the noise.
   *
   * <p>Checked: the largest coefficient is within q0/8; every slot is a number; imaginary parts are within slotError; copies
   * agree within twice that; |slot| is within {@link #limit}; structural zeros and ZERO_CHECK slots are within slotError.
   * The slots of other rows are not looked at.
   *
   * @param row 0..rows-1
   * @param real real parts of all slots
   * @param imaginary imaginary parts of all slots; null for a ring of real slots, and where they carry a guard: for that guard they
   *     are {@code real} ({@link Signature#unpack} does both)
   * @param coefficientFraction largest |coefficient| times 8 / q0
   * @return count values for VALUE, none for a check
   * @throws AnswerCheckException if a check fails; the message names the check, the slot and the bound
   */
  public double[] unpack(int row, double[] real, double[] imaginary, double coefficientFraction) {
    Signature.require(row >= 0 && row < rows, "output %s: row %d of %d", name, row, rows);
    Signature.require(
        real.length >= period && real.length % period == 0, "output %s: period %d does not divide %d slots",
        name, period, real.length);
    Signature.require(
        imaginary == null || imaginary.length == real.length, "output %s: %d real and %d imaginary parts",
        name, real.length, imaginary == null ? 0 : imaginary.length);
    requireInRange(coefficientFraction);
    int used = kind == Kind.VALUE ? count * rows : kind.guards() ? period : 0;
    double limit = limit();
    for (int j = row; j < real.length; j += rows) {
      int i = j & (period - 1);
      double allowed = i < used ? limit : slotError;
      if (!(Math.abs(real[j]) <= allowed)) {
        throw failed(
            i < used
                ? "slot " + j + " is beyond its bound " + limit
                : "slot " + j + " is a structural zero and is beyond the noise bound " + slotError);
      }
      if (!(Math.abs(real[j] - real[i]) <= 2 * slotError)) {
        throw failed("slot " + j + " differs from its copy in slot " + i + " by more than " + 2 * slotError);
      }
      if (imaginary != null && !(Math.abs(imaginary[j]) <= slotError)) {
        throw failed("the imaginary part of slot " + j + " is beyond the noise bound " + slotError);
      }
    }
    double[] values = new double[kind == Kind.VALUE ? count : 0];
    for (int i = 0; i < values.length; i++) {
      double sum = 0;
      for (int j = i * rows + row; j < real.length; j += period) {
        sum += real[j];
      }
      values[i] = factor[i] * (sum * period / real.length) + offset[i];
    }
    return values;
  }

  /**
   * As {@link #unpack(double[], double[], double)}, of the means over all copies in the place of the slots: {@link #slotError} is then that
   * of a mean.
   *
   * @param imaginary as there, not null where the ring has imaginary parts
   */
  double[] unpackMeans(double[] real, double[] imaginary, double coefficientFraction) {
    Signature.require(
        real.length >= period && real.length % period == 0, "output %s: period %d does not divide %d slots", name, period, real.length);
    return unpack(means(real), imaginary == null ? null : means(imaginary), coefficientFraction);
  }

  private double[] means(double[] slots) {
    double[] means = new double[period];
    for (int j = 0; j < slots.length; j++) {
      means[j & (period - 1)] += slots[j] * period / slots.length;
    }
    return means;
  }

  /**
   * Makes the one check that concerns all rows of a ciphertext.
   *
   * @param coefficientFraction largest |coefficient| times 8 / q0
   * @throws AnswerCheckException if it is above 1
   */
  public void requireInRange(double coefficientFraction) {
    if (!(coefficientFraction <= 1)) {
      throw failed("a decrypted coefficient exceeds q0/8: the key is wrong or the computation overflowed");
    }
  }

  /** As {@link #unpack(int, double[], double[], double)}, of the first row. */
  public double[] unpack(double[] real, double[] imaginary, double coefficientFraction) {
    return unpack(0, real, imaginary, coefficientFraction);
  }

  /**
   * Returns the slots that this describes of a program's output in the clear: one part of those that are complex.
   *
   * @param output as {@link ReferenceEvaluator#run} returns it
   * @param slots all slots
   */
  public double[] slotsOf(double[] output, int slots) {
    if (kind == Kind.IMAGINARY_GUARD) {
      return Arrays.copyOfRange(output, slots, 2 * slots);
    }
    return output.length > slots ? Arrays.copyOf(output, slots) : output;
  }

  /** Returns a value in output units. */
  double valueOf(int i, double slot) {
    return factor[i] * slot + offset[i];
  }

  AnswerCheckException failed(String text) {
    return new AnswerCheckException("output " + name + ": " + text + "; no answer is returned. " + (kind.guards()
        ? "A row unlike the sample rows may have driven an activation out of the interval that it was fitted on; if no row has an answer, check"
            + " that the key belongs to the request"
        : "Check that the key belongs to this request, else report the server"));
  }

  /**
   * Checks that the checks of {@link #unpack} mean something: a signature whose tolerances let anything pass is refused before it
   * is used.
   *
   * <p>The noise bound is at most a quarter of the values' bound (or of 1, if that is smaller, since slots are scaled to about 1);
   * bound and scale leave the 3 spare bits of q0; values are finite in real units; and the checks of single slots are at most
   * {@value #CHECK_SLACK} * sqrt(copies) times as wide as the error bound that the user is shown, which is for the mean of all
   * copies, whose noise is smaller by that root; of the copies at most {@value #CHECK_COPIES} count.
   *
   * @param copies how many copies of a value the answer holds
   * @throws IllegalArgumentException with the numbers, if not
   */
  void requireMeaningful(Parameters parameters, double copies) {
    double most = Math.max(1, bound) / 4;
    Signature.require(
        slotError <= most, "output %s: slot error %s would let any answer pass, at most %s is accepted for a bound of %s",
        name, slotError, most, bound);
    double log2Base = Math.log(parameters.modulus(0)) / Math.log(2);
    double log2Largest = Math.log(Math.max(bound, slotError)) / Math.log(2) + scale.log2(parameters);
    Signature.require(
        log2Largest <= log2Base - 3, "output %s: a slot at its bound %s and scale 2^%.2f is beyond q0/8 = 2^%.2f",
        name, bound, scale.log2(parameters), log2Base - 3);
    double slack = slack(copies);
    for (int i = 0; i < factor.length; i++) {
      Signature.require(
          Double.isFinite(Math.abs(factor[i]) * (bound + slotError) * 2 + Math.abs(offset[i])),
          "output %s: value %d overflows at factor %s, offset %s and bound %s", name, i, factor[i], offset[i], bound);
      Signature.require(
          Math.abs(factor[i]) * slotError <= slack * errorBounds[i] * (1 + 1e-9),
          "output %s: slot error %s times the factor %s of value %d is more than %s times the error bound %s",
          name, slotError, factor[i], i, slack, errorBounds[i]);
    }
  }

  private static double slack(double copies) {
    return CHECK_SLACK * Math.sqrt(Math.min(CHECK_COPIES, copies));
  }

  /** Returns the least error bound of each value for which the checks of single slots, of so many copies, are as narrow as the client demands. */
  public double[] leastErrorBounds(double copies) {
    return Arrays.stream(factor).map(unit -> Math.abs(unit) * slotError / slack(copies)).toArray();
  }

  void writeTo(BoundedWriter out) {
    out.u8(kind.ordinal()).u16(programOutput).string(name).u32(count).u32(period).u8(level);
    scale.writeTo(out);
    out.f64s(factor).f64s(offset).f64(bound).f64(slotError).f64(errorBound());
  }

  /** Writes what {@link #readErrorBounds} reads. */
  void writeErrorBounds(BoundedWriter out) {
    out.f64s(errorBounds);
  }

  /** Reads the error bounds of the values, the largest of which this output has already. */
  CipherOutput readErrorBounds(BoundedReader in) {
    CipherOutput read = withErrors(slotError, in.f64s("error bounds", errorBounds.length));
    Signature.require(
        read.errorBound() == errorBound(), "output %s: the largest error bound of its values is %s, said to be %s", name, read.errorBound(),
        errorBound());
    return read;
  }

  static CipherOutput readFrom(BoundedReader in, int rows) {
    Kind kind = Kind.values()[in.u8("output kind", 0, Kind.values().length - 1)];
    int programOutput = in.u16("program output");
    String name = in.string("output name");
    int count = in.u32("output count", 0, Constant.MAX_PERIOD);
    int period = in.u32("output period", 1, Constant.MAX_PERIOD);
    int level = in.u8("output level");
    Scale scale = Scale.readFrom(in);
    int numbers = kind == Kind.VALUE ? count : 0;
    return new CipherOutput(
        kind, programOutput, name, count, period, rows, level, scale, in.f64s("factor", numbers), in.f64s("offset", numbers),
        in.f64("bound"), in.f64("slot error"), in.f64("error bound"));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CipherOutput o
        && kind == o.kind
        && programOutput == o.programOutput
        && name.equals(o.name)
        && count == o.count
        && period == o.period
        && rows == o.rows
        && level == o.level
        && scale.equals(o.scale)
        && Arrays.equals(factor, o.factor)
        && Arrays.equals(offset, o.offset)
        && bound == o.bound
        && slotError == o.slotError
        && Arrays.equals(errorBounds, o.errorBounds);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, programOutput, name, count, period, level, scale, Arrays.hashCode(factor));
  }

  @Override
  public String toString() {
    return "CipherOutput[" + kind + " " + name + ", " + count + " of period " + period + ", level " + level + "]";
  }
}
