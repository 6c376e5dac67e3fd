// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes little-endian fields into a growing array; refuses values that do not fit their field. */
public final class BoundedWriter {
  private ByteBuffer out = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

  /** Writes an unsigned byte. */
  public BoundedWriter u8(int value) {
    fits(value, 0xff);
    room(1).put((byte) value);
    return this;
  }

  /** Writes an unsigned 16-bit integer. */
  public BoundedWriter u16(int value) {
    fits(value, 0xffff);
    room(2).putShort((short) value);
    return this;
  }

  /** Writes a signed 16-bit integer. */
  public BoundedWriter i16(int value) {
    if (value != (short) value) {
      throw new IllegalArgumentException(value + " does not fit 16 signed bits");
    }
    room(2).putShort((short) value);
    return this;
  }

  /** Writes an unsigned 32-bit integer. */
  public BoundedWriter u32(long value) {
    fits(value, 0xffffffffL);
    room(4).putInt((int) value);
    return this;
  }

  /** Writes a signed 32-bit integer. */
  public BoundedWriter i32(int value) {
    room(4).putInt(value);
    return this;
  }

  /** Writes a 64-bit integer. */
  public BoundedWriter u64(long value) {
    room(8).putLong(value);
    return this;
  }

  /** Writes a double. */
  public BoundedWriter f64(double value) {
    room(8).putDouble(value);
    return this;
  }

  /** Writes doubles without a count. */
  public BoundedWriter f64s(double[] values) {
    room(Math.multiplyExact(8, values.length));
    for (double value : values) {
      out.putDouble(value);
    }
    return this;
  }

  /** Writes bytes without a count. */
  public BoundedWriter bytes(byte[] bytes) {
    room(bytes.length).put(bytes);
    return this;
  }

  /** Writes a u16 length and the string in UTF-8. */
  public BoundedWriter string(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return u16(bytes.length).bytes(bytes);
  }

  /** Returns what was written. */
  public byte[] toBytes() {
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void fits(long value, long max) {
    if (value < 0 || value > max) {
      throw new IllegalArgumentException(value + " is outside 0.." + max);
    }
  }

  private ByteBuffer room(int count) {
    if (out.remaining() < count) {
      long size = Math.max(2L * out.capacity(), (long) out.position() + count);
      out =
          ByteBuffer.allocate((int) Math.min(Math.max(size, out.position() + (long) count), Integer.MAX_VALUE - 8))
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(out.flip());
    }
    return out;
  }
}
