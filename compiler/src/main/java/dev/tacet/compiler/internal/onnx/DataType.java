// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

/** Element types of ONNX tensors that the compiler reads, with the codes of TensorProto.DataType. */
public enum DataType {
  /** IEEE binary32. */
  FLOAT(1, 4, true),
  /** Unsigned byte. */
  UINT8(2, 1, false),
  /** Signed byte. */
  INT8(3, 1, false),
  /** Unsigned 16-bit integer. */
  UINT16(4, 2, false),
  /** Signed 16-bit integer. */
  INT16(5, 2, false),
  /** Signed 32-bit integer. */
  INT32(6, 4, false),
  /** Signed 64-bit integer. */
  INT64(7, 8, false),
  /** UTF-8 text. */
  STRING(8, 0, false),
  /** One byte, 0 or 1. */
  BOOL(9, 1, false),
  /** IEEE binary16. */
  FLOAT16(10, 2, true),
  /** IEEE binary64. */
  DOUBLE(11, 8, true),
  /** Unsigned 32-bit integer. */
  UINT32(12, 4, false),
  /** Unsigned 64-bit integer. */
  UINT64(13, 8, false),
  /** Upper half of a binary32. */
  BFLOAT16(16, 2, true);

  private final int code;
  private final int width;
  private final boolean real;

  DataType(int code, int width, boolean real) {
    this.code = code;
    this.width = width;
    this.real = real;
  }

  /** Returns the code of TensorProto.DataType. */
  public int code() {
    return code;
  }

  /** Returns the bytes of one element in raw data; 0 for {@link #STRING}. */
  public int width() {
    return width;
  }

  /** Returns whether the type is a floating-point type. */
  public boolean isReal() {
    return real;
  }

  /**
   * Returns whether the type holds a number, its fraction cut off where the type is whole, without wrapping around. The largest number of 64
   * bits reads as the power of two above it.
   */
  public boolean holds(double value) {
    if (real || this == STRING) {
      return real;
    }
    if (this == BOOL) {
      return value == 0 || value == 1;
    }
    boolean signed = this == INT8 || this == INT16 || this == INT32 || this == INT64;
    double limit = Math.scalb(1.0, 8 * width - (signed ? 1 : 0));
    double whole = value < 0 ? Math.ceil(value) : Math.floor(value);
    return whole >= (signed ? -limit : 0) && (width == Long.BYTES ? whole <= limit : whole < limit);
  }

  /** Returns the nearest number of a floating-point type, to even; an infinity beyond its range. */
  public double rounded(double value) {
    int digits = this == FLOAT16 ? 11 : this == BFLOAT16 ? 8 : 0;
    if (digits == 0 || value == 0 || !Double.isFinite(value)) {
      return this == FLOAT ? (float) value : value;
    }
    int least = this == FLOAT16 ? -14 : Float.MIN_EXPONENT;
    double unit = Math.scalb(1.0, Math.max(Math.getExponent(value), least) - digits + 1);
    double nearest = Math.rint(value / unit) * unit;
    double beyond = this == FLOAT16 ? 65536 : Math.scalb(1.0, Float.MAX_EXPONENT + 1);
    return Math.abs(nearest) < beyond ? nearest : Math.copySign(Double.POSITIVE_INFINITY, value);
  }

  /**
   * Returns the type with this code, or null if the compiler does not read it.
   *
   * @param code a code of TensorProto.DataType
   */
  public static DataType ofCode(int code) {
    for (DataType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    return null;
  }
}
