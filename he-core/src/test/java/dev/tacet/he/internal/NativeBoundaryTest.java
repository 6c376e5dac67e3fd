// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.BlobKind;
import dev.tacet.he.HeException;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.UnsupportedException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The native functions called as no caller of this library can call them: every fault is an exception of the stated type. */
final class NativeBoundaryTest {
  private static long context;
  private static long secretKey;
  private static long plaintext;

  @BeforeAll
  static void makeObjects() {
    NativeLoader.load();
    ByteBuffer blob = direct(parameters(RingType.STANDARD).toBytes());
    context = Native.contextCreate(blob, 0, blob.capacity());
    secretKey = Native.secretKeyCreate(context, ByteBuffer.allocateDirect(32));
    plaintext = Native.encode(context, 0, new double[] {1}, null, 0, scale(20));
  }

  @AfterAll
  static void free() {
    Native.destroy(plaintext);
    Native.destroy(secretKey);
    Native.destroy(context);
  }

  @Test
  void aMissingObjectIsAnIllegalArgument() {
    expect(IllegalArgumentException.class, "missing", () -> Native.destroy(0));
    expect(IllegalArgumentException.class, "missing", () -> Native.describe(0));
    expect(IllegalArgumentException.class, "missing", () -> Native.run(0, 0, new long[0], ByteBuffer.allocateDirect(4), null, new long[1]));
  }

  @Test
  void anObjectOfAnotherKindIsAnIllegalArgument() {
    expect(IllegalArgumentException.class, "expected a context, got a secret key", () -> Native.keySetCreate(secretKey));
    expect(IllegalArgumentException.class, "expected a secret key, got a plaintext", () -> Native.decrypt(plaintext, plaintext));
    expect(IllegalArgumentException.class, "expected a ciphertext, got a context", () -> Native.describe(context));
    expect(IllegalArgumentException.class, "a plaintext has no blob", () -> Native.store(plaintext, null, 0, 0));
    expect(IllegalArgumentException.class, "a context is not measured", () -> Native.measure(context));
    expect(
        IllegalArgumentException.class,
        "expected a secret key, got a plaintext",
        () -> Native.encrypt(plaintext, plaintext, ByteBuffer.allocateDirect(32), ByteBuffer.allocateDirect(32)));
  }

  @Test
  void rangesOutsideTheirBufferAreIllegalArguments() {
    ByteBuffer heap = ByteBuffer.allocate(100);
    ByteBuffer buffer = ByteBuffer.allocateDirect(100);
    expect(IllegalArgumentException.class, "not direct", () -> Native.load(context, 5, heap, 0, 100));
    expect(IllegalArgumentException.class, "not direct", () -> Native.load(context, 5, null, 0, 0));
    int[][] ranges = {{0, 101}, {-1, 5}, {50, 51}, {0, -1}, {Integer.MAX_VALUE, Integer.MAX_VALUE}};
    for (int[] range : ranges) {
      expect(IllegalArgumentException.class, "100 bytes", () -> Native.load(context, 5, buffer, range[0], range[1]));
    }
    expect(
        IllegalArgumentException.class, "31 bytes", () -> Native.secretKeyCreate(context, ByteBuffer.allocateDirect(31)));
    long size = Native.store(secretKey, null, 0, 0);
    expect(
        IllegalArgumentException.class, "has " + size + " bytes", () -> Native.store(secretKey, buffer, 0, (int) size - 1));
  }

  @Test
  void numbersOutOfRangeAreIllegalArguments() {
    ByteBuffer seed = ByteBuffer.allocateDirect(32);
    double[] one = {1};
    expect(IllegalArgumentException.class, "99", () -> Native.load(context, 99, direct(new byte[1]), 0, 1));
    expect(IllegalArgumentException.class, "3", () -> Native.secretKeyForm(secretKey, 3));
    expect(IllegalArgumentException.class, "4", () -> Native.evaluationKeyCreate(secretKey, 4, 0, seed, seed));
    expect(IllegalArgumentException.class, "33", () -> Native.evaluationKeyCreate(secretKey, 33, 0, seed, seed));
    expect(IllegalArgumentException.class, "-1", () -> Native.evaluationKeyCreate(secretKey, 3, -1, seed, seed));
    expect(IllegalArgumentException.class, "7", () -> Native.evaluationKeyCreate(secretKey, 3, 7, seed, seed));
    expect(IllegalArgumentException.class, "-3", () -> Native.encode(context, 0, one, null, -3, scale(20)));
    expect(IllegalArgumentException.class, "2 imaginary", () -> Native.encode(context, 0, one, new double[2], 0, scale(20)));
    expect(IllegalArgumentException.class, "200", () -> Native.apply(context, 0, 200, new long[0], 0, 0, null, null));
    expect(IllegalArgumentException.class, "0 operands", () -> Native.apply(context, 0, 2, new long[0], 0, 0, null, null));
    expect(IllegalArgumentException.class, "3 numbers cannot take 8", () -> Native.decode(plaintext, new double[3], null));
  }

  @Test
  void operationsThatAreKnownByNameOnlyAreUnsupported() {
    long ciphertext = Native.encrypt(secretKey, plaintext, ByteBuffer.allocateDirect(32), ByteBuffer.allocateDirect(32));
    try {
      expect(
          UnsupportedException.class,
          "bootstrap",
          () -> Native.apply(context, 0, 26, new long[] {ciphertext}, 0, 0, null, null));
    } finally {
      Native.destroy(ciphertext);
    }
  }

  @Test
  void conjugateDoesNotExistWhereSlotsAreReal() {
    ByteBuffer blob = direct(parameters(RingType.CONJUGATE_INVARIANT).toBytes());
    long real = Native.contextCreate(blob, 0, blob.capacity());
    long key = Native.secretKeyCreate(real, ByteBuffer.allocateDirect(32));
    long encoded = Native.encode(real, 0, new double[16], null, 0, scale(20));
    long ciphertext = Native.encrypt(key, encoded, ByteBuffer.allocateDirect(32), ByteBuffer.allocateDirect(32));
    try {
      expect(
          UnsupportedException.class,
          "CONJUGATE_INVARIANT",
          () -> Native.apply(real, 0, 14, new long[] {ciphertext}, 0, 0, null, null));
      expect(
          IllegalArgumentException.class,
          "imaginary",
          () -> Native.encode(real, 0, new double[2], new double[] {0, 1}, 0, scale(20)));
    } finally {
      for (long object : new long[] {ciphertext, encoded, key, real}) {
        Native.destroy(object);
      }
    }
  }

  @Test
  void bytesThatAreNoObjectAreMalformed() {
    ByteBuffer zeros = ByteBuffer.allocateDirect(100);
    for (BlobKind kind : new BlobKind[] {BlobKind.SECRET_KEY, BlobKind.PUBLIC_KEY, BlobKind.CIPHERTEXT, BlobKind.PROGRAM}) {
      expect(MalformedException.class, "TACE", () -> Native.load(context, kind.code(), zeros, 0, 100));
      expect(HeException.class, "magic", () -> Native.load(context, kind.code(), zeros, 0, 0));
    }
  }

  private static Parameters parameters(RingType ringType) {
    return ModulusChain.select(4, ringType, 40, 30, 2, 45, 1).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  }

  private static byte[] scale(int log2) {
    return new BoundedWriter().i32(log2).u8(0).toBytes();
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
  }

  private static void expect(Class<? extends Throwable> type, String part, Executable call) {
    String message = assertThrows(type, call).getMessage();
    assertTrue(message.contains(part), "\"" + message + "\" should contain \"" + part + "\"");
  }
}
