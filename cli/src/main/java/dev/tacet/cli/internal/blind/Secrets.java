// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import dev.tacet.cli.internal.rows.Rows;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The needles made of everything that only the client may know: features, answers, the secret key. */
public final class Secrets {
  /** The subjects, in the order in which they are shown. */
  public static final String FEATURES = "features";

  /** See {@link #FEATURES}. */
  public static final String ANSWERS = "answers";

  /** See {@link #FEATURES}. */
  public static final String SECRET_KEY = "secret key";

  private static final int ROWS_AT_MOST = 200;
  private static final int ANSWERS_TOGETHER = 8;
  private static final int NTT_WINDOWS = 32;

  private final List<Needle> held = new ArrayList<>();
  private final List<Needle> derived = new ArrayList<>();

  /** Forms that the client holds in its memory, so that a search there must find each of them. */
  public List<Needle> held() {
    return held;
  }

  /**
   * Forms that others might make of the same values: float32, big endian, normalised slots, wider ternaries. The client does
   * not keep them: for the control, {@link BlindProof} writes them down in the client's memory before it searches there.
   */
  public List<Needle> derived() {
    return derived;
  }

  /** Adds rows as raw numbers, as the text of their file, as float32 and big endian. */
  public Secrets features(Rows rows) {
    for (double[] row : Arrays.copyOf(rows.values(), Math.min(rows.count(), ROWS_AT_MOST))) {
      add(held, Needle.ofDoubles(FEATURES, row));
      add(derived, Needle.ofFloats(FEATURES, row));
      add(derived, Needle.ofBigEndianDoubles(FEATURES, row));
    }
    lines(FEATURES, rows.text(), rows.header() == null ? 0 : 1);
    return this;
  }

  /** Adds a row as it lies in the slots, centred and scaled. */
  public Secrets slots(double[] slots) {
    Needle needle = Needle.ofDoubles(FEATURES, slots);
    if (needle != null) {
      derived.add(new Needle(FEATURES, "float64, as slots", needle.masked()));
    }
    return this;
  }

  /**
   * Adds answers, several together: eight consecutive numbers at a time, and the lines of their text.
   *
   * @param numbers the numbers of all rows one after the other, as one array in the client's memory
   * @param text the same as CSV, as one array in the client's memory
   */
  public Secrets answers(double[] numbers, byte[] text) {
    for (int start = 0; start + ANSWERS_TOGETHER <= Math.min(numbers.length, ROWS_AT_MOST * ANSWERS_TOGETHER);
        start += ANSWERS_TOGETHER) {
      double[] together = Arrays.copyOfRange(numbers, start, start + ANSWERS_TOGETHER);
      add(held, Needle.ofDoubles(ANSWERS, together));
      add(derived, Needle.ofFloats(ANSWERS, together));
      add(derived, Needle.ofBigEndianDoubles(ANSWERS, together));
      Arrays.fill(together, 0);
    }
    lines(ANSWERS, text, 1);
    return this;
  }

  /**
   * Adds the forms of a secret key and overwrites the arrays.
   *
   * @param seed 32 bytes
   * @param ternary one signed byte per coefficient
   * @param evaluation little-endian 64-bit words of the limbs in the NTT domain
   */
  public Secrets secretKey(byte[] seed, byte[] ternary, byte[] evaluation) {
    add(held, Needle.ofBytes(SECRET_KEY, "seed", seed, 0, seed.length));
    add(held, Needle.ofTernary(SECRET_KEY, ternary, 1));
    add(derived, Needle.ofTernary(SECRET_KEY, ternary, 4));
    add(derived, Needle.ofTernary(SECRET_KEY, ternary, 8));
    LongBuffer words = ByteBuffer.wrap(evaluation).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    int stride = Math.max(8, words.remaining() / NTT_WINDOWS);
    long[] window = new long[8];
    for (int start = 0; start + 8 <= words.capacity(); start += stride) {
      words.get(start, window);
      add(held, Needle.ofLongs(SECRET_KEY, "NTT limbs", window));
    }
    Arrays.fill(window, 0);
    Arrays.fill(seed, (byte) 0);
    Arrays.fill(ternary, (byte) 0);
    Arrays.fill(evaluation, (byte) 0);
    return this;
  }

  /** Adds every line of a text that is long enough, the first {@code skip} left out; short ones two or more together. */
  private void lines(String subject, byte[] text, int skip) {
    int start = 0;
    int line = 0;
    int added = 0;
    for (int i = 0; i < text.length && added < ROWS_AT_MOST; i++) {
      if (text[i] == '\n') {
        line++;
        if (line <= skip) {
          start = i + 1;
        } else if (i - start >= 2 * Needle.LEAST_BYTES) {
          add(held, Needle.ofBytes(subject, "text", text, start, i - start));
          added++;
          start = i + 1;
        }
      }
    }
  }

  private static void add(List<Needle> list, Needle needle) {
    if (needle != null) {
      list.add(needle);
    }
  }
}
