// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds many needles in one pass, at any byte offset.
 *
 * <p>Each needle is indexed by one 8-byte word of it (the most varied). Every 8-byte word of the haystack passes a
 * filter of 2^16 bits by its hash; the few that remain are compared whole. Pages of zeros are passed over, since no
 * key word is zero.
 */
public final class NeedleSearch {
  private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int CHUNK_BYTES = 4 << 20;
  private static final int PAGE_BYTES = 4096;
  private static final long MIX = 0x9E3779B97F4A7C15L;
  private static final long MASK_WORD = 0x0101010101010101L * (Needle.MASK & 0xFFL);
  private static final int HITS_KEPT_PER_NEEDLE = 16;

  private record Key(Needle needle, int offset) {}

  /** Where a needle was found: the haystack's name and the address or offset of the needle's first byte. */
  public record Hit(Needle needle, String haystack, long address) {}

  private final Map<Long, List<Key>> keys = new HashMap<>();
  private final long[] filter = new long[1 << 10];
  private final int overlap;

  /** Prepares a search for {@code needles}. */
  public NeedleSearch(List<Needle> needles) {
    int longest = Needle.LEAST_BYTES;
    for (Needle needle : needles) {
      longest = Math.max(longest, needle.length());
      int offset = keyOffset(needle);
      long word = (long) WORD.get(needle.masked(), offset) ^ MASK_WORD;
      // The map's keys are masked as the needles are.
      keys.computeIfAbsent(word ^ MASK_WORD, w -> new ArrayList<>()).add(new Key(needle, offset));
      int bit = hash(word);
      filter[bit >>> 6] |= 1L << bit;
    }
    this.overlap = longest + 8;
  }

  /**
   * Searches {@code haystack} to its end and adds what it finds to {@code hits}, at most 16 of one needle.
   *
   * @return bytes searched
   */
  long search(Haystack haystack, List<Hit> hits) throws IOException {
    byte[] buffer = new byte[CHUNK_BYTES + overlap];
    long base = haystack.start();
    int held = 0;
    long total = 0;
    Map<Needle, Integer> found = new IdentityHashMap<>();
    // Offsets below it were looked at in the round before; they are kept for needles that begin there.
    int unseen = 0;
    boolean end = false;
    while (!end) {
      while (held < buffer.length) {
        int read = haystack.read(buffer, held, buffer.length - held);
        if (read < 0) {
          end = true;
          break;
        }
        held += read;
        total += read;
      }
      // Starts below this limit are looked at now; the rest is moved to the front for the next round.
      int limit = end ? held : held - overlap;
      for (int at = next(buffer, unseen, limit, held); at >= 0; at = next(buffer, at + 1, limit, held)) {
        for (Key key : keys.getOrDefault((long) WORD.get(buffer, at) ^ MASK_WORD, List.of())) {
          if (matches(buffer, at - key.offset(), held, key.needle())
              && found.merge(key.needle(), 1, Integer::sum) <= HITS_KEPT_PER_NEEDLE) {
            hits.add(new Hit(key.needle(), haystack.name(), base + at - key.offset()));
          }
        }
      }
      if (!end) {
        // Keep what a needle around the limit may need on both sides of its key word.
        int keepFrom = Math.max(0, limit - overlap);
        System.arraycopy(buffer, keepFrom, buffer, 0, held - keepFrom);
        base += keepFrom;
        held -= keepFrom;
        unseen = limit - keepFrom;
      }
    }
    Arrays.fill(buffer, (byte) 0);
    return total;
  }

  private int next(byte[] buffer, int from, int limit, int held) {
    int stop = Math.min(limit, held - 7);
    int at = from;
    while (at < stop) {
      if (at % PAGE_BYTES == 0) {
        while (at + PAGE_BYTES <= stop && isZero(buffer, at)) {
          at += PAGE_BYTES;
        }
        if (at >= stop) {
          break;
        }
      }
      int pageEnd = Math.min(stop, (at / PAGE_BYTES + 1) * PAGE_BYTES);
      for (; at < pageEnd; at++) {
        int bit = (int) (((long) WORD.get(buffer, at) * MIX) >>> 48);
        if ((filter[bit >>> 6] >>> bit & 1) != 0) {
          return at;
        }
      }
    }
    return -1;
  }

  private static boolean isZero(byte[] buffer, int from) {
    long any = 0;
    for (int i = from; i < from + PAGE_BYTES; i += 8) {
      any |= (long) WORD.get(buffer, i);
    }
    // The word that straddles the page's end begins in it; it may belong to a needle only if its bytes here are zero.
    return any == 0 && (from + PAGE_BYTES + 8 > buffer.length || (long) WORD.get(buffer, from + PAGE_BYTES) == 0);
  }

  private static boolean matches(byte[] buffer, int start, int held, Needle needle) {
    byte[] masked = needle.masked();
    if (start < 0 || start + masked.length > held) {
      return false;
    }
    for (int i = 0; i < masked.length; i++) {
      if ((buffer[start + i] ^ Needle.MASK) != masked[i]) {
        return false;
      }
    }
    return true;
  }

  private static int hash(long word) {
    return (int) ((word * MIX) >>> 48);
  }

  /** The aligned-by-4 offset of the 8-byte word with the most different bytes. */
  private static int keyOffset(Needle needle) {
    byte[] masked = needle.masked();
    int best = 0;
    int bestDistinct = -1;
    for (int offset = 0; offset + 8 <= masked.length; offset += 4) {
      Map<Byte, Boolean> seen = new HashMap<>();
      for (int i = 0; i < 8; i++) {
        seen.put(masked[offset + i], true);
      }
      if (seen.size() > bestDistinct) {
        bestDistinct = seen.size();
        best = offset;
      }
    }
    return best;
  }
}
