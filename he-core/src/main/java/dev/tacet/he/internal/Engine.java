// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * The native functions in terms of objects: leases the handle of every object for the time of the call, loads the library on
 * first use, moves bytes that are not in direct memory there, and wraps what comes back.
 */
public final class Engine {
  private Engine() {}

  /** Returns the name of the kernel table in use. */
  public static String kernels() {
    NativeLoader.load();
    return Native.kernels();
  }

  /** A sparse map of slots for {@link #sparseProduct}, outside the Java heap, so that no product holds up the garbage collector. */
  public static final class SparseMap {
    private final ByteBuffer starts;
    private final ByteBuffer offsets;
    private final ByteBuffer values;

    /**
     * Copies a map.
     *
     * @param starts one more than the period, a power of two: entries {@code starts[s] .. starts[s + 1] - 1} write slot s of the period
     * @param offsets how much further on the slot is that an entry multiplies
     * @param values by what
     */
    public SparseMap(int[] starts, int[] offsets, double[] values) {
      this.starts = ByteBuffer.allocateDirect(Math.multiplyExact(starts.length, Integer.BYTES)).order(ByteOrder.nativeOrder());
      this.offsets = ByteBuffer.allocateDirect(Math.multiplyExact(offsets.length, Integer.BYTES)).order(ByteOrder.nativeOrder());
      this.values = ByteBuffer.allocateDirect(Math.multiplyExact(values.length, Double.BYTES)).order(ByteOrder.nativeOrder());
      this.starts.asIntBuffer().put(starts);
      this.offsets.asIntBuffer().put(offsets);
      this.values.asDoubleBuffer().put(values);
    }
  }

  /**
   * Multiplies interleaved rows by a sparse map in the clear: slot s of {@code out} is the sum, in order, of the entries of s modulo the
   * period times the slots of {@code x} that they say.
   *
   * @param out a power of two of numbers, at least {@code rows} times the period
   * @param x a power of two of numbers
   * @param rows a power of two
   */
  public static void sparseProduct(double[] out, double[] x, int rows, SparseMap map) {
    NativeLoader.load();
    Native.sparseProduct(out, x, rows, map.starts, map.offsets, map.values);
  }

  /**
   * Adds a real matrix times several vectors to their sums, element i of vector l being number {@code i * lanes + l}. A row's products are
   * summed in the order of its entries, from 0.
   *
   * @param lanes the vectors, a power of two
   * @param starts one more than the rows, or null for a dense matrix
   * @param positions the columns of the stored entries, or null
   * @throws IllegalArgumentException if the sizes do not fit
   */
  public static void matrixProduct(double[] sums, double[] x, int lanes, int[] starts, int[] positions, double[] values) {
    NativeLoader.load();
    Native.matrixProduct(sums, x, lanes, starts, positions, values);
  }

  /** Makes a context from a PARAMETERS blob whose hash was verified. */
  public static NativeHandle context(byte[] parameters) {
    NativeLoader.load();
    ByteBuffer blob = direct(ByteBuffer.wrap(parameters));
    return new NativeHandle("context", Native.contextCreate(blob, 0, blob.remaining()));
  }

  /** Reads one blob; the buffer's position is not moved. */
  public static NativeHandle load(String what, NativeObject context, int kind, ByteBuffer blob) {
    ByteBuffer bytes = direct(blob);
    return with(
        context, c -> new NativeHandle(what, Native.load(c, kind, bytes, bytes.position(), bytes.remaining())));
  }

  /** Reads a secret key's blob through direct memory that is wiped afterwards. */
  public static NativeHandle loadSecretKey(NativeObject context, int kind, byte[] blob) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(blob.length).put(0, blob);
    try {
      return with(context, c -> new NativeHandle("secret key", Native.load(c, kind, bytes, 0, bytes.capacity())));
    } finally {
      wipe(bytes);
    }
  }

  /** Returns the size of an object's blob in bytes. */
  public static long storedSize(NativeObject object) {
    return with(object, address -> Native.store(address, null, 0, 0));
  }

  /** Returns an object's blob in a fresh direct buffer. */
  public static ByteBuffer store(NativeObject object) {
    return with(object, Engine::storeAddress);
  }

  private static ByteBuffer storeAddress(long address) {
    int size = Math.toIntExact(Native.store(address, null, 0, 0));
    ByteBuffer bytes = ByteBuffer.allocateDirect(size);
    Native.store(address, bytes, 0, size);
    return bytes;
  }

  /** Returns an object's blob in an array. */
  public static byte[] storeArray(NativeObject object) {
    ByteBuffer bytes = store(object);
    byte[] array = new byte[bytes.remaining()];
    bytes.get(0, array);
    return array;
  }

  /** Returns a secret key's blob; the copy in direct memory is wiped. */
  public static byte[] storeSecretKey(NativeObject secretKey) {
    ByteBuffer bytes = store(secretKey);
    try {
      byte[] array = new byte[bytes.remaining()];
      bytes.get(0, array);
      return array;
    } finally {
      wipe(bytes);
    }
  }

  /** Returns the wire form of a ciphertext's or plaintext's type: encoding, level, components, seeded, scale. */
  public static byte[] describe(NativeHandle handle) {
    long address = handle.lease();
    try {
      return Native.describe(address);
    } finally {
      handle.release();
      Reference.reachabilityFence(handle);
    }
  }

  /** Returns bytes of native memory, or for a secret key 1 if it is locked in memory. */
  public static long measure(NativeObject object) {
    return with(object, Native::measure);
  }

  /** Draws a seed and derives a secret key from it. */
  public static NativeHandle secretKey(NativeObject context) {
    try (Seed.Secret seed = new Seed.Secret()) {
      return with(context, c -> new NativeHandle("secret key", Native.secretKeyCreate(c, seed.bytes)));
    }
  }

  /** Copies a form of the secret: 0 the seed, 1 the ternary coefficients, 2 the evaluation form. */
  public static byte[] secretKeyForm(NativeObject secretKey, int form) {
    return with(secretKey, k -> Native.secretKeyForm(k, form));
  }

  /** Makes a public key with fresh seeds. */
  public static NativeHandle publicKey(NativeObject secretKey) {
    try (Seed.Public uniform = new Seed.Public();
        Seed.Secret error = new Seed.Secret()) {
      return with(
          secretKey, k -> new NativeHandle("public key", Native.publicKeyCreate(k, uniform.bytes, error.bytes)));
    }
  }

  /** Makes an evaluation key with fresh seeds and returns its blob in direct memory. */
  public static ByteBuffer evaluationKey(NativeObject secretKey, int galoisElement, int level) {
    try (Seed.Public uniform = new Seed.Public();
        Seed.Secret error = new Seed.Secret()) {
      return with(
          secretKey,
          k -> {
            long key = Native.evaluationKeyCreate(k, galoisElement, level, uniform.bytes, error.bytes);
            try {
              return storeAddress(key);
            } finally {
              Native.destroy(key);
            }
          });
    }
  }

  /** Reads evaluation keys one after the other, each expanded once. */
  public static NativeHandle keySet(NativeObject context, Iterable<ByteBuffer> blobs) {
    NativeHandle keys =
        with(context, c -> new NativeHandle("evaluation key set", Native.keySetCreate(c)));
    boolean complete = false;
    try {
      long address = keys.lease();
      try {
        for (ByteBuffer blob : blobs) {
          ByteBuffer bytes = direct(blob);
          Native.keySetAdd(address, bytes, bytes.position(), bytes.remaining());
          Reference.reachabilityFence(bytes);
        }
      } finally {
        keys.release();
      }
      complete = true;
      return keys;
    } finally {
      if (!complete) {
        keys.close();
      }
    }
  }

  /** Encodes slots (encoding 0; imaginary may be null) or coefficients (encoding 1). */
  public static NativeHandle encode(
      NativeObject context, int encoding, double[] real, double[] imaginary, int level, byte[] scale) {
    return with(
        context, c -> new NativeHandle("plaintext", Native.encode(c, encoding, real, imaginary, level, scale)));
  }

  /** Decodes into the arrays; returns log2 of the largest coefficient, log2 of the modulus, and their quotient times 8. */
  public static double[] decode(NativeObject plaintext, double[] real, double[] imaginary) {
    return with(plaintext, p -> Native.decode(p, real, imaginary));
  }

  /** Encrypts under a secret key; the result is seeded. */
  public static NativeHandle encryptSecret(NativeObject secretKey, NativeObject plaintext) {
    try (Seed.Public uniform = new Seed.Public();
        Seed.Secret error = new Seed.Secret()) {
      return withTwo(
          secretKey,
          plaintext,
          (k, p) -> new NativeHandle("ciphertext", Native.encrypt(k, p, uniform.bytes, error.bytes)));
    }
  }

  /** Encrypts under a public key. */
  public static NativeHandle encryptPublic(NativeObject publicKey, NativeObject plaintext) {
    try (Seed.Secret randomness = new Seed.Secret()) {
      return withTwo(
          publicKey,
          plaintext,
          (k, p) -> new NativeHandle("ciphertext", Native.encrypt(k, p, null, randomness.bytes)));
    }
  }

  /** Decrypts to a plaintext. */
  public static NativeHandle decrypt(NativeObject secretKey, NativeObject ciphertext) {
    return withTwo(secretKey, ciphertext, (k, c) -> new NativeHandle("plaintext", Native.decrypt(k, c)));
  }

  /** Runs one operation; see {@link Native#apply}. The key set may be null. */
  public static NativeHandle apply(
      NativeObject context,
      NativeObject keySet,
      int opcode,
      List<? extends NativeObject> operands,
      long integer,
      long count,
      double[] numbers,
      byte[] scale) {
    return withTwo(
        context,
        keySet,
        (c, k) ->
            withAll(
                operands,
                addresses ->
                    new NativeHandle(
                        "ciphertext", Native.apply(c, k, opcode, addresses, integer, count, numbers, scale))));
  }

  /**
   * What a run gave.
   *
   * @param outputs the caller's
   * @param nanos nanoseconds of the native call
   */
  public record Run(List<NativeHandle> outputs, long nanos) {}

  /**
   * Runs a program; the outputs belong to the caller.
   *
   * @param floods whether the program floods its answers and needs randomness
   */
  public static Run run(
      NativeObject program,
      NativeObject keySet,
      List<? extends NativeObject> inputs,
      ByteBuffer cancelFlag,
      boolean floods,
      long[] layerNanos) {
    try (Seed.Secret randomness = floods ? new Seed.Secret() : null) {
      ByteBuffer seed = floods ? randomness.bytes : null;
      return withTwo(program, keySet, (p, k) -> withAll(inputs, addresses -> {
        long start = System.nanoTime();
        long[] outputs = Native.run(p, k, addresses, cancelFlag, seed, layerNanos);
        long nanos = System.nanoTime() - start;
        List<NativeHandle> handles = new ArrayList<>(outputs.length);
        for (long output : outputs) {
          handles.add(new NativeHandle("ciphertext", output));
        }
        return new Run(handles, nanos);
      }));
    }
  }

  private static void wipe(ByteBuffer bytes) {
    for (int i = 0; i < bytes.capacity(); i++) {
      bytes.put(i, (byte) 0);
    }
  }

  /** The rest of the buffer in direct memory: itself, or a copy. */
  private static ByteBuffer direct(ByteBuffer bytes) {
    if (bytes.isDirect()) {
      return bytes.duplicate();
    }
    ByteBuffer copy = ByteBuffer.allocateDirect(bytes.remaining());
    copy.put(bytes.duplicate()).flip();
    return copy;
  }

  private interface TwoAddresses<T> {
    T call(long first, long second);
  }

  private static <T> T with(NativeObject object, LongFunction<T> call) {
    long address = object.handle.lease();
    try {
      return call.apply(address);
    } finally {
      object.handle.release();
      Reference.reachabilityFence(object);
    }
  }

  /** The second object may be null; its address is then 0. */
  private static <T> T withTwo(NativeObject first, NativeObject second, TwoAddresses<T> call) {
    if (second == null) {
      return with(first, a -> call.call(a, 0));
    }
    return with(first, a -> with(second, b -> call.call(a, b)));
  }

  private static <T> T withAll(List<? extends NativeObject> objects, Function<long[], T> call) {
    long[] addresses = new long[objects.size()];
    int leased = 0;
    try {
      for (; leased < addresses.length; leased++) {
        addresses[leased] = objects.get(leased).handle.lease();
      }
      return call.apply(addresses);
    } finally {
      for (int i = 0; i < leased; i++) {
        objects.get(i).handle.release();
      }
      Reference.reachabilityFence(objects);
    }
  }
}
