// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScaleTest {
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void productsAndQuotientsAreExactAndCanonical(long seed) {
    Random random = new Random(seed);
    Scale scale = Scale.ONE;
    Scale inverse = Scale.ONE;
    for (int i = 0; i < 50; i++) {
      Scale factor = Scale.powerOfTwo(random.nextInt(-20, 20)).timesPrime(random.nextInt(6), random.nextInt(-3, 4));
      scale = scale.times(factor);
      inverse = inverse.dividedBy(factor);
      assertEquals(scale, read(write(scale)));
    }
    assertEquals(Scale.ONE, scale.times(inverse));
    assertEquals(Scale.ONE.hashCode(), scale.times(inverse).hashCode());
  }

  @Test
  void theValueIsThatOfThePrimes() {
    Parameters parameters = Samples.parameters();
    Scale scale = Scale.powerOfTwo(-3).timesPrime(1, 2).timesPrime(2, -1);
    double q1 = parameters.modulus(1);
    double q2 = parameters.modulus(2);
    assertEquals(q1 * q1 / q2 / 8, scale.toDouble(parameters), q1 * 1e-12);
    assertEquals(Math.log(q1 * q1 / q2 / 8) / Math.log(2), scale.log2(parameters), 1e-9);
    assertNotEquals(Scale.powerOfTwo(32), Scale.prime(1, 1));
  }

  @Test
  void scalesOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Scale.powerOfTwo(65537));
    assertThrows(IllegalArgumentException.class, () -> Scale.prime(0, 2049));
    assertThrows(IllegalArgumentException.class, () -> Scale.prime(64, 1));
    assertThrows(IllegalArgumentException.class, () -> Scale.prime(9, 1).log2(Samples.parameters()));
    assertThrows(ArithmeticException.class, () -> Scale.powerOfTwo(2000).toDouble(Samples.parameters()));
  }

  @Test
  void nonCanonicalBytesAreRefused() {
    assertThrows(MalformedException.class, () -> read(new BoundedWriter().i32(0).u8(1).u8(3).i16(0).toBytes()));
    assertThrows(MalformedException.class, () -> read(new BoundedWriter().i32(0).u8(2).u8(3).i16(1).u8(3).i16(1).toBytes()));
    assertThrows(MalformedException.class, () -> read(new BoundedWriter().i32(0).u8(2).u8(3).i16(1).u8(2).i16(1).toBytes()));
    assertThrows(MalformedException.class, () -> read(new BoundedWriter().i32(70000).u8(0).toBytes()));
    assertThrows(MalformedException.class, () -> read(new BoundedWriter().i32(0).u8(1).u8(64).i16(1).toBytes()));
    assertThrows(MalformedException.class, () -> read(new BoundedWriter().i32(0).u8(1).u8(0).i16(-2049).toBytes()));
  }

  private static byte[] write(Scale scale) {
    BoundedWriter out = new BoundedWriter();
    scale.writeTo(out);
    return out.toBytes();
  }

  private static Scale read(byte[] bytes) {
    BoundedReader in = new BoundedReader("scale", ByteBuffer.wrap(bytes));
    Scale scale = Scale.readFrom(in);
    in.end();
    return scale;
  }
}
