// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Arrays;

/**
 * An exact scale, 2^a times the product of q_i^e_i over the modulus chain, |a| <= 65536 and |e_i| <= 2048.
 *
 * <p>Two scales are equal exactly when their exponents are; nothing is rounded. Wire form: {@code i32 a | u8 count |
 * count x (u8 primeIndex, i16 exponent)} with ascending indices and nonzero exponents.
 */
public final class Scale {
  /** Largest |a|. */
  public static final int MAX_LOG2 = 65536;

  /** Largest |e_i|. */
  public static final int MAX_EXPONENT = 2048;

  /** The scale 1. */
  public static final Scale ONE = new Scale(0, new int[0]);

  private final int log2;
  /** Exponent of q_i at index i, without trailing zeros. */
  private final int[] exponents;

  private Scale(int log2, int[] exponents) {
    if (Math.abs((long) log2) > MAX_LOG2) {
      throw new IllegalArgumentException("scale's power of two " + log2 + " is outside -" + MAX_LOG2 + ".." + MAX_LOG2);
    }
    int length = exponents.length;
    while (length > 0 && exponents[length - 1] == 0) {
      length--;
    }
    for (int i = 0; i < length; i++) {
      if (Math.abs((long) exponents[i]) > MAX_EXPONENT) {
        throw new IllegalArgumentException(
            "scale's exponent " + exponents[i] + " of q_" + i + " is outside -" + MAX_EXPONENT + ".." + MAX_EXPONENT);
      }
    }
    this.log2 = log2;
    this.exponents = Arrays.copyOf(exponents, length);
  }

  /** Returns 2^exponent. */
  public static Scale powerOfTwo(int exponent) {
    return new Scale(exponent, new int[0]);
  }

  /** Returns q_index^exponent. */
  public static Scale prime(int index, int exponent) {
    if (index < 0 || index >= Parameters.MAX_CHAIN_LENGTH) {
      throw new IllegalArgumentException("prime index " + index + " is outside 0.." + (Parameters.MAX_CHAIN_LENGTH - 1));
    }
    int[] exponents = new int[index + 1];
    exponents[index] = exponent;
    return new Scale(0, exponents);
  }

  /** Returns the exponent of two. */
  public int log2Exponent() {
    return log2;
  }

  /** Returns the exponent of q_index, 0 when it does not occur. */
  public int primeExponent(int index) {
    return index < exponents.length ? exponents[index] : 0;
  }

  /** Returns one more than the largest prime index that occurs; 0 for a power of two. */
  public int primeLimit() {
    return exponents.length;
  }

  /** Returns this times other. */
  public Scale times(Scale other) {
    return combine(other, 1);
  }

  /** Returns this divided by other. */
  public Scale dividedBy(Scale other) {
    return combine(other, -1);
  }

  /** Returns this times q_index^exponent. */
  public Scale timesPrime(int index, int exponent) {
    return times(prime(index, exponent));
  }

  /** Returns log2 of the scale under these parameters. */
  public double log2(Parameters parameters) {
    requirePrimesOf(parameters);
    double sum = log2;
    for (int i = 0; i < exponents.length; i++) {
      if (exponents[i] != 0) {
        sum += exponents[i] * (Math.log(parameters.modulus(i)) / Math.log(2));
      }
    }
    return sum;
  }

  /**
   * Returns the scale as the double nearest to within a few units in the last place.
   *
   * @throws ArithmeticException if it is outside the range of normal doubles
   */
  public double toDouble(Parameters parameters) {
    requirePrimesOf(parameters);
    double mantissa = 1;
    long exponent = log2;
    for (int i = 0; i < exponents.length; i++) {
      double q = parameters.modulus(i);
      int shift = Math.getExponent(q);
      double factor = Math.scalb(q, -shift);
      for (int k = 0; k < Math.abs(exponents[i]); k++) {
        mantissa = exponents[i] > 0 ? mantissa * factor : mantissa / factor;
        int e = Math.getExponent(mantissa);
        mantissa = Math.scalb(mantissa, -e);
        exponent += e + (exponents[i] > 0 ? shift : -shift);
      }
    }
    if (exponent < Double.MIN_EXPONENT || exponent > Double.MAX_EXPONENT) {
      throw new ArithmeticException("scale 2^" + exponent + " is outside the range of a double");
    }
    return Math.scalb(mantissa, (int) exponent);
  }

  /**
   * Checks that only primes of the chain occur.
   *
   * @throws IllegalArgumentException if a prime index is beyond the chain
   */
  public void requirePrimesOf(Parameters parameters) {
    if (exponents.length > parameters.maxLevel() + 1) {
      throw new IllegalArgumentException(
          "scale uses q_" + (exponents.length - 1) + ", the chain ends at q_" + parameters.maxLevel());
    }
  }

  /** Writes the canonical form. */
  public void writeTo(BoundedWriter out) {
    int count = 0;
    for (int exponent : exponents) {
      count += exponent != 0 ? 1 : 0;
    }
    out.i32(log2).u8(count);
    for (int i = 0; i < exponents.length; i++) {
      if (exponents[i] != 0) {
        out.u8(i).i16(exponents[i]);
      }
    }
  }

  /**
   * Reads the canonical form.
   *
   * @throws MalformedException if it is out of range or not canonical
   */
  public static Scale readFrom(BoundedReader in) {
    int log2 = in.i32("scale's power of two");
    int count = in.u8("scale's prime count", 0, Parameters.MAX_CHAIN_LENGTH);
    int[] exponents = new int[Parameters.MAX_CHAIN_LENGTH];
    int last = -1;
    for (int k = 0; k < count; k++) {
      int index = in.u8("scale's prime index", 0, Parameters.MAX_CHAIN_LENGTH - 1);
      if (index <= last) {
        throw in.malformed("scale's prime index " + index + " follows " + last + ", must ascend");
      }
      exponents[index] = in.i16("scale's exponent");
      if (exponents[index] == 0) {
        throw in.malformed("scale's exponent of q_" + index + " is 0, which is not canonical");
      }
      last = index;
    }
    try {
      return new Scale(log2, exponents);
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Scale s && log2 == s.log2 && Arrays.equals(exponents, s.exponents);
  }

  @Override
  public int hashCode() {
    return 31 * log2 + Arrays.hashCode(exponents);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("2^").append(log2);
    for (int i = 0; i < exponents.length; i++) {
      if (exponents[i] != 0) {
        text.append(" q").append(i);
        if (exponents[i] != 1) {
          text.append('^').append(exponents[i]);
        }
      }
    }
    return text.toString();
  }

  private Scale combine(Scale other, int sign) {
    int[] sum = Arrays.copyOf(exponents, Math.max(exponents.length, other.exponents.length));
    for (int i = 0; i < other.exponents.length; i++) {
      sum[i] += sign * other.exponents[i];
    }
    return new Scale(Math.addExact(log2, sign * other.log2), sum);
  }
}
