// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Arrays;
import java.util.Objects;

/**
 * One input of a model: its logical shape, the bounds of its features, and how they are laid out in slots.
 *
 * <p>In the latency packing place i of a period holds (x_i - center_i) / halfWidth_i for i in [0, features); places [features, period)
 * are zero. Slot i of copy k of the period holds place (i + k copyShift) modulo the period: with 0 all copies are alike, else they are
 * rotated against one another, so that a matrix takes fewer diagonals. Where several rows lie side by side, each place is as many
 * neighbouring slots, one of each row: place i of row r is slot i rows + r, and period and copy shift count slots. In the throughput
 * packing the period is 1 and element i of an array of ciphertexts holds this number, each row in its own slot (see {@link BatchLayout}). In the coefficient packing the period
 * is 1 as well, and the numbers lie in coefficients (see {@link CoefficientBlocks}).
 *
 * @param name the ONNX name
 * @param shape dimensions without the batch dimension; their product is features
 * @param features numbers in one row
 * @param period a power of two, at least features; 1 in the throughput and coefficient packings
 * @param copyShift 0..period-1, a multiple of rows
 * @param rows rows that lie side by side in one ciphertext, a power of two; 1 but in the latency packing
 * @param scale exact scale of the fresh ciphertext
 * @param level level of the fresh ciphertext
 * @param low smallest accepted value of each feature, raw units
 * @param high largest accepted value of each feature, raw units
 * @param center subtracted from each feature
 * @param halfWidth divides each feature after that; positive
 */
public record SignatureInput(
    String name,
    int[] shape,
    int features,
    int period,
    int copyShift,
    int rows,
    Scale scale,
    int level,
    double[] low,
    double[] high,
    double[] center,
    double[] halfWidth) {

  /** Validates and copies. */
  public SignatureInput {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(scale, "scale");
    shape = shape.clone();
    low = low.clone();
    high = high.clone();
    center = center.clone();
    halfWidth = halfWidth.clone();
    Signature.requirePeriod("input " + name, period);
    Signature.require(
        features >= 1 && (features <= period || period == 1 && features <= Constant.MAX_PERIOD),
        "input %s: %d features, must be in 1..%d (the period), or 1..%d with period 1", name, features, period,
        Constant.MAX_PERIOD);
    Signature.require(
        copyShift >= 0 && copyShift < period, "input %s: copy shift %d is outside 0..%d", name, copyShift, period - 1);
    Signature.requireRows("input " + name, rows, period);
    Signature.require(
        (long) features * rows <= period || rows == 1, "input %s: %d rows of %d features do not fit a period of %d", name, rows, features,
        period);
    Signature.require(copyShift % rows == 0, "input %s: copy shift %d is no multiple of %d rows", name, copyShift, rows);
    Signature.require(shape.length <= 8, "input %s: %d dimensions, at most 8", name, shape.length);
    long product = 1;
    for (int dimension : shape) {
      Signature.require(dimension >= 1, "input %s: dimension %d must be positive", name, dimension);
      product *= dimension;
      Signature.require(product <= features, "input %s: shape %s exceeds %d features", name, Arrays.toString(shape), features);
    }
    Signature.require(
        product == features, "input %s: shape %s has %d elements, there are %d features",
        name, Arrays.toString(shape), product, features);
    Signature.require(
        level >= 0 && level < Parameters.MAX_CHAIN_LENGTH, "input %s: level %d is outside 0..%d",
        name, level, Parameters.MAX_CHAIN_LENGTH - 1);
    for (double[] values : new double[][] {low, high, center, halfWidth}) {
      Signature.require(
          values.length == features, "input %s: %d bounds for %d features", name, values.length, features);
    }
    for (int i = 0; i < features; i++) {
      Signature.require(
          Double.isFinite(low[i]) && Double.isFinite(high[i]) && low[i] <= high[i],
          "input %s: bounds of feature %d are %s..%s", name, i, low[i], high[i]);
      Signature.require(
          Double.isFinite(center[i]) && Double.isFinite(halfWidth[i]) && halfWidth[i] > 0,
          "input %s: center %s and half width %s of feature %d must be finite, the latter positive",
          name, center[i], halfWidth[i], i);
    }
  }

  /** Makes an input of one row a ciphertext. */
  public SignatureInput(
      String name, int[] shape, int features, int period, int copyShift, Scale scale, int level, double[] low, double[] high,
      double[] center, double[] halfWidth) {
    this(name, shape, features, period, copyShift, 1, scale, level, low, high, center, halfWidth);
  }

  /** Makes an input of one row a ciphertext whose copies are alike. */
  public SignatureInput(
      String name, int[] shape, int features, int period, Scale scale, int level, double[] low, double[] high, double[] center,
      double[] halfWidth) {
    this(name, shape, features, period, 0, 1, scale, level, low, high, center, halfWidth);
  }

  @Override
  public int[] shape() {
    return shape.clone();
  }

  @Override
  public double[] low() {
    return low.clone();
  }

  @Override
  public double[] high() {
    return high.clone();
  }

  @Override
  public double[] center() {
    return center.clone();
  }

  @Override
  public double[] halfWidth() {
    return halfWidth.clone();
  }

  /** Lays one row out in slots, in the places of every row; see {@link #pack(double[][], int)}. */
  public double[] pack(double[] row, int slots) {
    return pack(new double[][] {row}, slots);
  }

  /**
   * Lays rows out in slots.
   *
   * @param given raw features of 1..rows rows; where they are fewer they are laid out again and again, since every slot that the
   *     program reads must hold a row
   * @param slots slots of the ring, a multiple of the period
   * @return slots numbers
   * @throws IllegalArgumentException if a row has another number of features, or there are too many
   * @throws FeatureOutOfBoundsException if a feature is not a number or outside its bounds
   */
  public double[] pack(double[][] given, int slots) {
    Signature.require(
        slots >= period && slots % period == 0 && features <= period,
        "input %s: %d features and period %d do not fit %d slots", name, features, period, slots);
    Signature.require(given.length >= 1 && given.length <= rows, "input %s: %d rows, must be 1..%d", name, given.length, rows);
    double[] packed = new double[slots];
    for (int r = 0; r < rows; r++) {
      double[] row = given[r % given.length];
      requireCount(row);
      for (int i = 0; i < features; i++) {
        packed[i * rows + r] = normalised(i, row[i]);
      }
    }
    for (int copy = 1; copy * period < slots; copy++) {
      int shift = (int) ((long) copy * copyShift % period);
      System.arraycopy(packed, shift, packed, copy * period, period - shift);
      System.arraycopy(packed, 0, packed, (copy + 1) * period - shift, shift);
    }
    return packed;
  }

  /** Returns (value - center_i) / halfWidth_i of feature i, whose bounds are checked. */
  double normalised(int i, double value) {
    if (!(value >= low[i] && value <= high[i])) {
      throw outside(value, i);
    }
    return (value - center[i]) / halfWidth[i];
  }

  /**
   * Moves each feature to the nearest accepted value.
   *
   * @return a new row; equal to the given one when nothing was outside
   * @throws FeatureOutOfBoundsException if a feature is not a number: there is no nearest value
   */
  public double[] clamp(double[] row) {
    requireCount(row);
    double[] clamped = row.clone();
    for (int i = 0; i < features; i++) {
      if (Double.isNaN(row[i])) {
        throw outside(row[i], i);
      }
      clamped[i] = Math.min(Math.max(row[i], low[i]), high[i]);
    }
    return clamped;
  }

  private void requireCount(double[] row) {
    Signature.require(row.length == features, "input %s: row has %d features, needs %d", name, row.length, features);
  }

  private FeatureOutOfBoundsException outside(double value, int i) {
    String what = Double.isNaN(value) ? "is not a number" : Double.isInfinite(value) ? "is infinite" : "is outside its bounds";
    return new FeatureOutOfBoundsException(
        "input " + name + ": feature " + i + " " + what + ", accepted are " + low[i] + ".." + high[i], i);
  }

  void writeTo(BoundedWriter out, boolean shifts) {
    out.string(name).u8(shape.length);
    for (int dimension : shape) {
      out.u32(dimension);
    }
    out.u32(features).u32(period);
    if (shifts) {
      out.u32(copyShift);
    }
    scale.writeTo(out);
    out.u8(level).f64s(low).f64s(high).f64s(center).f64s(halfWidth);
  }

  static SignatureInput readFrom(BoundedReader in, boolean shifts, int rows) {
    String name = in.string("input name");
    int[] shape = new int[in.u8("input rank", 0, 8)];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = in.u32("input dimension", 1, Constant.MAX_PERIOD);
    }
    int features = in.u32("features", 1, Constant.MAX_PERIOD);
    int period = in.u32("input period", 1, Constant.MAX_PERIOD);
    int copyShift = shifts ? in.u32("input copy shift", 0, Constant.MAX_PERIOD - 1) : 0;
    Scale scale = Scale.readFrom(in);
    int level = in.u8("input level");
    return new SignatureInput(
        name, shape, features, period, copyShift, rows, scale, level,
        in.f64s("low", features), in.f64s("high", features), in.f64s("center", features), in.f64s("half width", features));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SignatureInput i
        && name.equals(i.name)
        && Arrays.equals(shape, i.shape)
        && features == i.features
        && period == i.period
        && copyShift == i.copyShift
        && rows == i.rows
        && scale.equals(i.scale)
        && level == i.level
        && Arrays.equals(low, i.low)
        && Arrays.equals(high, i.high)
        && Arrays.equals(center, i.center)
        && Arrays.equals(halfWidth, i.halfWidth);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, features, period, scale, level, Arrays.hashCode(low), Arrays.hashCode(high));
  }

  @Override
  public String toString() {
    return "Input[" + name + " " + Arrays.toString(shape) + ", period " + period + ", level " + level + "]";
  }
}
