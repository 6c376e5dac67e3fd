// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import java.util.Arrays;

/**
 * A constant tensor: row-major values with a shape; numbers of every type are held as doubles, text as strings.
 *
 * <p>Integers beyond 2^53 lose low bits; ONNX uses such values (INT64_MAX) only as "to the end" of a slice.
 */
public final class Tensor {
  private final DataType type;
  private final int[] shape;
  private final double[] numbers;
  private final String[] texts;

  private Tensor(DataType type, int[] shape, double[] numbers, String[] texts) {
    this.type = type;
    this.shape = shape;
    this.numbers = numbers;
    this.texts = texts;
    int length = numbers == null ? texts.length : numbers.length;
    if (length != Shapes.size(shape)) {
      throw new IllegalArgumentException("a tensor of shape " + Arrays.toString(shape) + " needs " + Shapes.size(shape)
          + " values, got " + length);
    }
  }

  /**
   * Makes a tensor of numbers.
   *
   * @param type the element type, not {@link DataType#STRING}
   * @param shape dimensions, each at least 0; empty for a scalar
   * @param numbers row-major values
   */
  public static Tensor of(DataType type, int[] shape, double[] numbers) {
    return new Tensor(type, shape.clone(), numbers.clone(), null);
  }

  /**
   * Makes a tensor of text.
   *
   * @param shape dimensions
   * @param texts row-major values
   */
  public static Tensor ofTexts(int[] shape, String[] texts) {
    return new Tensor(DataType.STRING, shape.clone(), null, texts.clone());
  }

  /** Makes a vector of doubles. */
  public static Tensor vector(double... numbers) {
    return of(DataType.DOUBLE, new int[] {numbers.length}, numbers);
  }

  /** Makes a scalar double. */
  public static Tensor scalar(double number) {
    return of(DataType.DOUBLE, new int[0], new double[] {number});
  }

  /** Returns the element type. */
  public DataType type() {
    return type;
  }

  /** Returns a copy of the dimensions. */
  public int[] shape() {
    return shape.clone();
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** Returns the number of elements. */
  public int size() {
    return Shapes.size(shape);
  }

  /** Returns whether the elements are text. */
  public boolean isText() {
    return texts != null;
  }

  /**
   * Returns a copy of the numbers.
   *
   * @throws IllegalArgumentException if the elements are text
   */
  public double[] numbers() {
    if (numbers == null) {
      throw new IllegalArgumentException("a tensor of " + texts.length + " strings has no numbers");
    }
    return numbers.clone();
  }

  /** Returns the number at a row-major index. */
  public double number(int index) {
    if (numbers == null) {
      throw new IllegalArgumentException("a tensor of " + texts.length + " strings has no numbers");
    }
    return numbers[index];
  }

  /**
   * Returns a copy of the strings.
   *
   * @throws IllegalArgumentException if the elements are numbers
   */
  public String[] texts() {
    if (texts == null) {
      throw new IllegalArgumentException("a tensor of " + numbers.length + " numbers has no strings");
    }
    return texts.clone();
  }

  /**
   * Returns the numbers as integers; values beyond the int range are cut to it.
   */
  public int[] integers() {
    double[] values = numbers();
    int[] result = new int[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (int) values[i];
    }
    return result;
  }

  /** Returns the numbers as 64-bit integers. */
  public long[] wholes() {
    return Arrays.stream(numbers()).mapToLong(number -> (long) number).toArray();
  }

  /**
   * Returns the same values under another shape.
   *
   * @param newShape dimensions with the same number of elements
   */
  public Tensor reshape(int... newShape) {
    return new Tensor(type, newShape.clone(), numbers, texts);
  }

  /**
   * Returns the same values under another element type; no value is converted.
   *
   * @param newType a numeric type
   */
  public Tensor withType(DataType newType) {
    return new Tensor(newType, shape, numbers(), null);
  }

  /**
   * Returns the first index that holds NaN or an infinity, or -1.
   */
  public int firstNonFinite() {
    if (numbers != null) {
      for (int i = 0; i < numbers.length; i++) {
        if (!Double.isFinite(numbers[i])) {
          return i;
        }
      }
    }
    return -1;
  }

  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}
