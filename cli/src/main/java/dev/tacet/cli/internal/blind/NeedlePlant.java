// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Needles that are no secret, planted in this process where secrets would be: on the Java heap, in the engine's buffers and
 * in its locked pages. A search that finds them would have found a secret.
 *
 * <p>The buffer is that of a real ciphertext whose first residues are the needle; the locked page is that of a real key whose
 * seed is the needle (a key for nothing: it is derived from a phrase that anybody may know).
 */
public final class NeedlePlant implements AutoCloseable {
  /** Place: a byte array on the Java heap. */
  public static final String HEAP = "server heap";

  /** Place: the engine's native buffers. */
  public static final String BUFFERS = "native buffers";

  /** Place: the engine's locked pages. */
  public static final String LOCKED = "locked pages";

  private static final int WORDS = 8;
  private static final int SEED_BYTES = 32;
  private static final int MODULUS_BITS = 50;

  private final byte[] heap;
  private final Ciphertext ciphertext;
  private final SecretKey key;

  private NeedlePlant(byte[] heap, Ciphertext ciphertext, SecretKey key) {
    this.heap = heap;
    this.ciphertext = ciphertext;
    this.key = key;
  }

  /** The needles that {@link #plant} plants for the same phrase, one for each place. */
  public static List<Needle> needles(String phrase) {
    List<Needle> needles = new ArrayList<>();
    needles.add(Needle.planted(phrase, HEAP));
    long[] words = words(phrase);
    needles.add(Needle.ofLongs("planted", BUFFERS, words));
    Arrays.fill(words, 0);
    byte[] seed = Needle.plantedBytes(phrase, LOCKED);
    needles.add(Needle.ofBytes("planted", LOCKED, seed, 0, SEED_BYTES));
    Arrays.fill(seed, (byte) 0);
    return needles;
  }

  /** Plants; what it made on the way to the native places is overwritten. */
  public static NeedlePlant plant(String phrase) {
    Parameters parameters =
        ModulusChain.select(11, RingType.STANDARD, MODULUS_BITS, 30, 0, 0, 0).security(SecurityLevel.CLASSICAL_128).build();
    Context context = Context.create(parameters);
    return new NeedlePlant(
        Needle.plantedBytes(phrase, HEAP), plantInBuffers(context, phrase), plantInLockedPages(context, phrase));
  }

  /** The array on the heap, so that it stays in use for as long as this object is. */
  public int heapBytes() {
    return heap.length;
  }

  @Override
  public void close() {
    ciphertext.close();
    key.close();
  }

  /** Residues below 2^48, so that they are below any modulus of 50 bits. */
  private static long[] words(String phrase) {
    byte[] bytes = Needle.plantedBytes(phrase, BUFFERS);
    long[] words = new long[WORDS];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (int i = 0; i < WORDS; i++) {
      words[i] = buffer.getLong(8 * i) >>> 16;
    }
    Arrays.fill(bytes, (byte) 0);
    return words;
  }

  private static Ciphertext plantInBuffers(Context context, String phrase) {
    Parameters parameters = context.parameters();
    int bits = Long.SIZE - Long.numberOfLeadingZeros(parameters.modulus(0));
    int limbBytes = (parameters.ringDegree() * bits + 7) / 8;
    // encoding SLOTS, level 0, two components, no seed, scale 2^30: its log2 as i32 and no primes.
    ByteBuffer body = ByteBuffer.allocate(4 + 5 + 2 * limbBytes).order(ByteOrder.LITTLE_ENDIAN);
    body.put((byte) 0).put((byte) 0).put((byte) 2).put((byte) 0).putInt(30).put((byte) 0);
    long[] words = words(phrase);
    byte[] limb = new byte[limbBytes];
    for (int i = 0; i < WORDS * bits; i++) {
      if ((words[i / bits] >>> i % bits & 1) != 0) {
        limb[i / 8] |= (byte) (1 << i % 8);
      }
    }
    body.put(limb);
    Arrays.fill(words, 0);
    return Ciphertext.fromBytes(
        context, ByteBuffer.wrap(Blob.write(BlobKind.CIPHERTEXT, parameters.hash(), body.array())));
  }

  private static SecretKey plantInLockedPages(Context context, String phrase) {
    byte[] bytes = Needle.plantedBytes(phrase, LOCKED);
    byte[] seed = Arrays.copyOf(bytes, SEED_BYTES);
    byte[] blob = Blob.write(BlobKind.SECRET_KEY, context.parameters().hash(), seed);
    try {
      return SecretKey.restore(context, blob, SecretKeyAccess.get());
    } finally {
      Arrays.fill(bytes, (byte) 0);
      Arrays.fill(seed, (byte) 0);
      Arrays.fill(blob, (byte) 0);
    }
  }
}
