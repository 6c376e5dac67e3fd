// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class NeedleSearchTest {
  /** Bytes in an array, handed out in pieces of any size. */
  private record Bytes(byte[] bytes, int[] at, int piece) implements Haystack {
    @Override
    public String name() {
      return "bytes";
    }

    @Override
    public long start() {
      return 1000;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (at[0] == bytes.length) {
        return -1;
      }
      int count = Math.min(Math.min(length, piece), bytes.length - at[0]);
      System.arraycopy(bytes, at[0], buffer, offset, count);
      at[0] += count;
      return count;
    }
  }

  private static TreeSet<Long> find(byte[] haystack, List<Needle> needles) throws Exception {
    List<NeedleSearch.Hit> hits = new ArrayList<>();
    long searched = new NeedleSearch(needles).search(new Bytes(haystack, new int[1], 1 << 16), hits);
    assertEquals(haystack.length, searched);
    TreeSet<Long> addresses = new TreeSet<>();
    for (NeedleSearch.Hit hit : hits) {
      assertEquals(true, addresses.add(hit.address()), "a hit was reported twice");
    }
    return addresses;
  }

  @Test
  void aNeedleIsFoundAtEveryOffsetAroundEdgesOfChunksAndPages() throws Exception {
    byte[] bytes = new byte[64];
    new Random(7).nextBytes(bytes);
    Needle needle = Needle.ofBytes("planted", "bytes", bytes, 0, 64);
    int chunk = 4 << 20;
    TreeSet<Long> expected = new TreeSet<>();
    byte[] haystack = new byte[3 * chunk];
    for (int at : new int[] {0, 101, 4093, 70_001, chunk - 165, chunk - 31, chunk + 71, 2 * chunk - 31, 3 * chunk - 64}) {
      System.arraycopy(bytes, 0, haystack, at, 64);
      expected.add(1000L + at);
    }
    assertEquals(expected, find(haystack, List.of(needle)));
  }

  @Test
  void oneChangedByteIsNoHit() throws Exception {
    byte[] bytes = new byte[64];
    new Random(8).nextBytes(bytes);
    Needle needle = Needle.ofBytes("planted", "bytes", bytes, 0, 64);
    byte[] haystack = new byte[10_000];
    System.arraycopy(bytes, 0, haystack, 500, 64);
    haystack[563] ^= 1;
    assertEquals(new TreeSet<>(), find(haystack, List.of(needle)));
  }

  @Test
  void rowsAreFoundAsTheDoublesThatTheyAre() throws Exception {
    double[] row = new Random(9).doubles(30).toArray();
    ByteBuffer memory = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
    memory.position(13);
    for (double value : row) {
      memory.putDouble(value);
    }
    assertEquals(1, find(memory.array(), List.of(Needle.ofDoubles("features", row))).size());
  }

  @Test
  void ternaryCoefficientsAreFoundInEachWidth() throws Exception {
    byte[] ternary = new byte[256];
    Random random = new Random(10);
    for (int i = 0; i < ternary.length; i++) {
      ternary[i] = (byte) (random.nextInt(3) - 1);
    }
    ByteBuffer wide = ByteBuffer.allocate(8 * 256).order(ByteOrder.LITTLE_ENDIAN);
    for (byte coefficient : ternary) {
      wide.putLong(coefficient);
    }
    assertEquals(1, find(ternary, List.of(Needle.ofTernary("secret key", ternary, 1))).size());
    assertEquals(1, find(wide.array(), List.of(Needle.ofTernary("secret key", ternary, 8))).size());
  }

  @Test
  void valuesThatProveNothingMakeNoNeedle() {
    assertNull(Needle.ofDoubles("features", new double[784]));
    assertNull(Needle.ofDoubles("answers", new double[] {0.5, 0.25, 0.125}));
    double[] digit = new double[784];
    for (int i = 300; i < 308; i++) {
      digit[i] = i / 1000.0;
    }
    assertNotNull(Needle.ofDoubles("features", digit));
  }

  @Test
  void shortNeedlesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Needle("features", "text", new byte[31]));
  }
}
