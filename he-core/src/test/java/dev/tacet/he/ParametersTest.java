// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ParametersTest {
  static Stream<Arguments> rows() {
    return Stream.of(SecurityLevel.values())
        .filter(level -> level != SecurityLevel.UNCHECKED_FOR_TESTS)
        .flatMap(level -> IntStream.rangeClosed(11, 16).boxed().flatMap(
            logN -> Stream.of(RingType.values()).map(ring -> Arguments.of(level, logN, ring))));
  }

  @ParameterizedTest(name = "{0} at N = 2^{1}, {2}")
  @MethodSource("rows")
  void aModulusAboveTheTableIsRefusedAndOneBelowIsNot(SecurityLevel level, int logN, RingType ring) {
    int bound = level.maxLogQP(logN);
    int bits = Math.min(48, bound - 1);
    int primes = bound / bits + 1;
    long[] tooMuch =
        ModulusChain.select(logN, ring, bits, bits, primes - 1, bits, 0)
            .security(SecurityLevel.UNCHECKED_FOR_TESTS).build().modulusChain();
    long[] fits = Arrays.copyOf(tooMuch, primes - 1);
    Parameters accepted = withChain(level, logN, ring, fits).build();
    assertTrue(accepted.logQP() <= bound);
    assertRefused(bound, withChain(level, logN, ring, tooMuch));
    assertRefused(bound, withChain(level, logN, ring, fits).specialPrimes(tooMuch[primes - 1]));
  }

  private static Parameters.Builder withChain(SecurityLevel level, int logN, RingType ring, long[] chain) {
    return Parameters.builder().ringType(ring).logRingDegree(logN).logScale(20).digitSize(1)
        .modulusChain(chain).specialPrimes().security(level);
  }

  private static void assertRefused(int bound, Parameters.Builder builder) {
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, builder::build);
    assertTrue(refused.getMessage().contains("exceeds " + bound), refused.getMessage());
  }

  @Test
  void theDefaultsOfOlderLibrariesAreRefused() {
    // 218 bits at N = 2^13: within the 2018 tables, outside eprint 2024/463.
    Parameters.Builder builder =
        ModulusChain.select(13, RingType.STANDARD, 49, 40, 3, 49, 1).security(SecurityLevel.CLASSICAL_128);
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, builder::build);
    assertTrue(refused.getMessage().contains("218") && refused.getMessage().contains("214"), refused.getMessage());
  }

  static Stream<Arguments> faults() {
    Parameters good = Samples.parameters();
    long[] q = good.modulusChain();
    return Stream.of(
        fault("repeats", b -> b.modulusChain(q[0], q[1], q[1])),
        fault("repeats", b -> b.specialPrimes(q[1])),
        fault("is not a prime", b -> b.modulusChain(q[0], (1L << 14) * 3 + 1 - (1L << 14) + (1L << 14) * 4)),
        fault("modulo 16384, must be 1", b -> b.modulusChain(q[0], 65537L + 2)),
        fault("is not in 3..2^50", b -> b.modulusChain((1L << 50) + 1)),
        fault("is not in 3..2^50", b -> b.modulusChain(-5)),
        fault("digit size 5 is outside 1..4", b -> b.digitSize(5)),
        fault("scale 2^101", b -> b.logScale(101)),
        fault("ring degree 2^10", b -> b.logRingDegree(10)),
        fault("ring degree 2^17", b -> b.logRingDegree(17)),
        fault("modulus chain has 0 primes", b -> b.modulusChain()),
        fault("modulo 32768, must be 1", b -> b.ringType(RingType.CONJUGATE_INVARIANT)));
  }

  private static Arguments fault(String text, UnaryOperator<Parameters.Builder> change) {
    return Arguments.of(text, Named.of(text, change));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void aFaultIsRefusedWithItsNumbers(String text, UnaryOperator<Parameters.Builder> change) {
    Parameters.Builder builder =
        change.apply(
            ModulusChain.select(13, RingType.STANDARD, 45, 32, 3, 45, 1).security(SecurityLevel.CLASSICAL_128));
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, builder::build);
    assertTrue(refused.getMessage().contains(text), refused.getMessage());
  }

  @Test
  void anUnsetFieldIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Parameters.builder().build());
  }

  @Test
  void bytesRoundTripAndCarryTheHashOfTheBody() {
    Parameters parameters = Samples.parameters();
    Parameters read = Parameters.fromBytes(ByteBuffer.wrap(parameters.toBytes()));
    assertEquals(parameters, read);
    assertEquals(parameters.hashHex(), read.hashHex());
    byte[] lying = Blob.write(BlobKind.PARAMETERS, new byte[32], bodyOf(parameters.toBytes()));
    assertThrows(MalformedException.class, () -> Parameters.fromBytes(ByteBuffer.wrap(lying)));
  }

  private static byte[] bodyOf(byte[] blob) {
    byte[] body = new byte[blob.length - Blob.OVERHEAD_BYTES];
    System.arraycopy(blob, Blob.HEADER_BYTES, body, 0, body.length);
    return body;
  }

  @Test
  void theChoiceOfPrimesIsDeterministicAndNearTheScale() {
    assertEquals(Samples.parameters(), Samples.parameters());
    Parameters parameters = Samples.parameters();
    for (int i = 1; i <= parameters.maxLevel(); i++) {
      assertEquals(32, Math.log(parameters.modulus(i)) / Math.log(2), 1e-3);
    }
  }

  @Test
  void galoisElementsArePowersOfFive() {
    Parameters parameters = Samples.parameters();
    assertEquals(1, parameters.galoisElement(0));
    assertEquals(5, parameters.galoisElement(1));
    assertEquals(25, parameters.galoisElement(2 + parameters.slots()));
    assertEquals(1, parameters.galoisElement(-1) * 5 % parameters.galoisModulus());
    assertEquals(2L * parameters.ringDegree() - 1, parameters.conjugationElement());
    assertTrue(parameters.isGaloisElement(3));
    assertFalse(parameters.isGaloisElement(0));
    assertFalse(parameters.isGaloisElement(6));
    assertFalse(parameters.isGaloisElement(parameters.galoisModulus() + 1));
  }

  @ParameterizedTest
  @EnumSource(RingType.class)
  void scalePrimesLieOnBothSidesOfTheScaleOrAllBelowIt(RingType ring) {
    long[] both = ModulusChain.select(14, ring, 37, 28, 8, 37, 1).security(SecurityLevel.CLASSICAL_128).build().modulusChain();
    long[] below = ModulusChain.select(14, ring, 37, 28, 8, 37, 1, ModulusChain.Side.BELOW).security(SecurityLevel.CLASSICAL_128).build().modulusChain();
    assertEquals(4, Arrays.stream(both).skip(1).filter(prime -> prime < 1L << 28).count());
    assertEquals(8, Arrays.stream(below).skip(1).filter(prime -> prime < 1L << 28 && prime > 1L << 27).count());
    assertEquals(both[0], below[0]);
    assertThrows(IllegalArgumentException.class, () -> ModulusChain.select(14, ring, 37, 17, 8, 37, 1, ModulusChain.Side.BELOW), "2^16 to 2^17 has too few");
  }

  @Test
  void theRealRingHasNSlotsAndGaloisElementsOneModuloFour() {
    Parameters parameters =
        ModulusChain.select(13, RingType.CONJUGATE_INVARIANT, 45, 32, 3, 45, 1).security(SecurityLevel.CLASSICAL_128).build();
    assertEquals(parameters, Parameters.fromBytes(ByteBuffer.wrap(parameters.toBytes())));
    assertEquals(8192, parameters.slots());
    assertEquals(4L * 8192, parameters.galoisModulus());
    assertEquals(5, parameters.galoisElement(1));
    assertEquals(1, parameters.galoisElement(8192));
    assertEquals(1, parameters.galoisElement(-1) * 5 % parameters.galoisModulus());
    assertTrue(parameters.isGaloisElement(parameters.galoisElement(-3)));
    assertFalse(parameters.isGaloisElement(3));
    assertFalse(parameters.isGaloisElement(parameters.galoisModulus() - 1));
    assertThrows(UnsupportedException.class, parameters::conjugationElement);
  }
}
