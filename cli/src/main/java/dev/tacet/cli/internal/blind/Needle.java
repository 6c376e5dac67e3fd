// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.Set;

/**
 * A run of bytes to search for, kept masked (every byte XORed with a constant), so that the searcher's own copy is
 * never what it finds.
 *
 * @param subject what it is part of: "features", "answers", "secret key", "planted"
 * @param form how it is written: "float64", "text", "seed", ...
 */
public record Needle(String subject, String form, byte[] masked) {
  /** What each byte is XORed with. */
  static final byte MASK = (byte) 0xA5;

  /** A needle is never shorter: 32 bytes of a secret do not occur by chance. */
  public static final int LEAST_BYTES = 32;

  /** Longer values are represented by their most varied window of this many bytes: whoever holds the whole holds it. */
  public static final int WINDOW_BYTES = 64;

  private static final int LEAST_DISTINCT = 4;

  /** Checks the length. */
  public Needle {
    if (masked.length < LEAST_BYTES) {
      throw new IllegalArgumentException("a needle of " + masked.length + " bytes, at least " + LEAST_BYTES + " are needed");
    }
  }

  /**
   * The most varied {@value #WINDOW_BYTES} bytes of {@code values} as consecutive little-endian float64, or null if
   * there is no window with at least four different numbers other than 0 and 1 (such a window proves nothing).
   */
  public static Needle ofDoubles(String subject, double[] values) {
    return ofWords(subject, "float64", values.length, 8, i -> Double.doubleToRawLongBits(values[i]), true);
  }

  /** As {@link #ofDoubles}, each number rounded to float32 (twice as many numbers in the window). */
  public static Needle ofFloats(String subject, double[] values) {
    return ofWords(
        subject, "float32", values.length, 4, i -> Float.floatToRawIntBits((float) values[i]) & 0xFFFFFFFFL, true);
  }

  /** As {@link #ofDoubles}, in the byte order of networks and of Java's own streams. */
  public static Needle ofBigEndianDoubles(String subject, double[] values) {
    return ofWords(
        subject, "float64, big endian", values.length, 8, i -> Long.reverseBytes(Double.doubleToRawLongBits(values[i])), true);
  }

  /** The most varied window of 64-bit words, as they lie in native memory. */
  public static Needle ofLongs(String subject, String form, long[] words) {
    return ofWords(subject, form, words.length, 8, i -> words[i], false);
  }

  /** The most varied window of {@code bytes[from, from+count)}; null if it is shorter than {@link #LEAST_BYTES}. */
  public static Needle ofBytes(String subject, String form, byte[] bytes, int from, int count) {
    if (count < LEAST_BYTES) {
      return null;
    }
    int length = Math.min(WINDOW_BYTES, count);
    int best = from;
    int bestDistinct = -1;
    for (int start = from; start + length <= from + count; start += 16) {
      boolean[] seen = new boolean[256];
      int distinct = 0;
      for (int i = start; i < start + length; i++) {
        if (!seen[bytes[i] & 0xFF]) {
          seen[bytes[i] & 0xFF] = true;
          distinct++;
        }
      }
      if (distinct > bestDistinct) {
        bestDistinct = distinct;
        best = start;
      }
    }
    byte[] masked = new byte[length];
    for (int i = 0; i < length; i++) {
      masked[i] = (byte) (bytes[best + i] ^ MASK);
    }
    return new Needle(subject, form, masked);
  }

  /** Ternary coefficients (-1, 0, 1) as consecutive signed integers of {@code width} bytes: 1, 4 or 8. */
  public static Needle ofTernary(String subject, byte[] coefficients, int width) {
    return ofWords(
        subject, "ternary int" + 8 * width, coefficients.length, width, i -> coefficients[i], false);
  }

  /**
   * 64 bytes that are no secret, derived from {@code phrase} and {@code place} by SHA-512, so that the process that
   * plants them and the one that searches need not exchange them.
   */
  public static Needle planted(String phrase, String place) {
    byte[] masked = plantedBytes(phrase, place);
    for (int i = 0; i < masked.length; i++) {
      masked[i] ^= MASK;
    }
    return new Needle("planted", place, masked);
  }

  /** The bytes of {@link #planted}, unmasked. */
  static byte[] plantedBytes(String phrase, String place) {
    try {
      return MessageDigest.getInstance("SHA-512").digest((place + ":" + phrase).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The bytes themselves, as they are searched for. */
  byte[] plain() {
    byte[] plain = masked.clone();
    for (int i = 0; i < plain.length; i++) {
      plain[i] ^= MASK;
    }
    return plain;
  }

  /** Bytes. */
  public int length() {
    return masked.length;
  }

  /** The word at {@code index} of a value. */
  private interface Words {
    long at(int index);
  }

  private static Needle ofWords(String subject, String form, int count, int width, Words words, boolean numbers) {
    int length = WINDOW_BYTES / width;
    if (count < length) {
      length = count;
    }
    if (length * width < LEAST_BYTES) {
      return null;
    }
    int best = -1;
    int bestDistinct = 0;
    int stride = Math.max(1, length / 4);
    for (int start = 0; start + length <= count && start < 4096; start += stride) {
      Set<Long> seen = new HashSet<>();
      for (int i = start; i < start + length; i++) {
        long word = words.at(i);
        boolean trivial = numbers && (word == 0 || word == Double.doubleToRawLongBits(1) || word == Float.floatToRawIntBits(1));
        if (!trivial) {
          seen.add(word);
        }
      }
      if (seen.size() > bestDistinct) {
        bestDistinct = seen.size();
        best = start;
      }
    }
    if (best < 0 || numbers && bestDistinct < LEAST_DISTINCT) {
      return null;
    }
    byte[] masked = new byte[length * width];
    for (int i = 0; i < length; i++) {
      long word = words.at(best + i);
      for (int b = 0; b < width; b++) {
        masked[i * width + b] = (byte) ((byte) (word >>> 8 * b) ^ MASK);
      }
    }
    return new Needle(subject, form, masked);
  }
}
