// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import dev.tacet.he.MalformedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads little-endian fields and checks the length before each one. Every failure is a {@link MalformedException} that names
 * the object, the field and the numbers.
 */
public final class BoundedReader {
  private final ByteBuffer in;
  private final String object;

  /**
   * Reads the rest of a buffer; the buffer's own position is not moved.
   *
   * @param object what is read, for messages
   */
  public BoundedReader(String object, ByteBuffer bytes) {
    this.object = object;
    this.in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns the bytes left. */
  public int remaining() {
    return in.remaining();
  }

  /** Reads an unsigned byte. */
  public int u8(String field) {
    need(1, field);
    return Byte.toUnsignedInt(in.get());
  }

  /** Reads an unsigned byte in [min, max]. */
  public int u8(String field, int min, int max) {
    return range(field, u8(field), min, max);
  }

  /** Reads an unsigned 16-bit integer. */
  public int u16(String field) {
    need(2, field);
    return Short.toUnsignedInt(in.getShort());
  }

  /** Reads an unsigned 16-bit integer in [min, max]. */
  public int u16(String field, int min, int max) {
    return range(field, u16(field), min, max);
  }

  /** Reads a signed 16-bit integer. */
  public int i16(String field) {
    need(2, field);
    return in.getShort();
  }

  /** Reads a signed 32-bit integer. */
  public int i32(String field) {
    need(4, field);
    return in.getInt();
  }

  /** Reads an unsigned 32-bit integer. */
  public long u32(String field) {
    need(4, field);
    return Integer.toUnsignedLong(in.getInt());
  }

  /** Reads an unsigned 32-bit integer in [min, max]. */
  public int u32(String field, int min, int max) {
    long value = u32(field);
    if (value < min || value > max) {
      throw malformed(field + " is " + value + ", must be in " + min + ".." + max);
    }
    return (int) value;
  }

  /** Reads a 64-bit integer. */
  public long u64(String field) {
    need(8, field);
    return in.getLong();
  }

  /** Reads a finite double. */
  public double f64(String field) {
    need(8, field);
    double value = in.getDouble();
    if (!Double.isFinite(value)) {
      throw malformed(field + " is not finite");
    }
    return value;
  }

  /** Reads count finite doubles. */
  public double[] f64s(String field, int count) {
    need(8L * count, field);
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = in.getDouble();
      if (!Double.isFinite(values[i])) {
        throw malformed(field + "[" + i + "] is not finite");
      }
    }
    return values;
  }

  /** Reads a u16 length and that many bytes of UTF-8. */
  public String string(String field) {
    byte[] bytes = bytes(field, u16(field + " length"));
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw malformed(field + " is not UTF-8 (" + bytes.length + " bytes)");
    }
  }

  /** Reads count bytes. */
  public byte[] bytes(String field, int count) {
    need(count, field);
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  /** Returns a view of the next count bytes and skips them. */
  public ByteBuffer view(String field, long count) {
    need(count, field);
    ByteBuffer view = in.slice(in.position(), (int) count).order(ByteOrder.LITTLE_ENDIAN);
    in.position(in.position() + (int) count);
    return view;
  }

  /** Checks that count items of at least bytesEach can still follow, before anything is allocated for them. */
  public void needItems(String field, long count, int bytesEach) {
    if (count < 0 || count > in.remaining() / Math.max(1, bytesEach)) {
      throw malformed(
          count + " items of " + field + " need at least " + bytesEach + " bytes each, " + in.remaining() + " are left");
    }
  }

  /** Checks that nothing is left. */
  public void end() {
    if (in.remaining() != 0) {
      throw malformed(in.remaining() + " bytes follow its end");
    }
  }

  /** Makes the exception for a fault in this object. */
  public MalformedException malformed(String text) {
    return new MalformedException(object + ": " + text);
  }

  private int range(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw malformed(field + " is " + value + ", must be in " + min + ".." + max);
    }
    return value;
  }

  private void need(long count, String field) {
    if (count < 0 || count > in.remaining()) {
      throw malformed(field + " needs " + count + " bytes, " + in.remaining() + " are left");
    }
  }
}
