// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Each single operation on encrypted slots against the same on doubles, in both rings. */
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
final class EvaluatorTest {
  /** Fresh noise at a scale of 2^40 in a ring of degree 2^7 stays far below this. */
  private static final double BOUND = 1e-7;

  private static HeFixture he;
  private static EvaluationKeySet keys;
  private static Evaluator evaluator;
  private static double[] x;
  private static double[] y;
  private static Ciphertext a;
  private static Ciphertext b;

  private final boolean realSlots;

  EvaluatorTest(RingType ring) {
    realSlots = ring == RingType.CONJUGATE_INVARIANT;
  }

  @BeforeParameterizedClassInvocation
  static void encryptTwoVectors(RingType ring) {
    he = HeFixture.small(ring);
    List<KeyRequirement> needed = new ArrayList<>(
        List.of(he.relinearization(), he.rotation(1), he.rotation(2), he.rotation(4), he.rotation(-3)));
    if (ring == RingType.STANDARD) {
      needed.add(new KeyRequirement(he.parameters.conjugationElement(), 4));
    }
    keys = he.keys(needed);
    evaluator = new Evaluator(he.context, keys);
    Random random = new Random(1);
    x = he.slots(random);
    y = he.slots(random);
    a = he.encrypt(x);
    b = he.encrypt(y);
  }

  @AfterParameterizedClassInvocation
  static void close() {
    a.close();
    b.close();
    keys.close();
    he.close();
  }

  @Test
  void aSecretKeyEncryptionDecryptsToItsSlots() {
    var decrypted = he.decryptor.decrypt(a);
    assertClose(x, decrypted.real());
    assertClose(new double[x.length], decrypted.imaginary());
    assertTrue(decrypted.coefficientFraction() < 1, "fraction " + decrypted.coefficientFraction());
  }

  @Test
  void aPublicKeyEncryptionDecryptsToItsSlots() {
    try (PublicKey publicKey = he.generator.publicKey();
        Ciphertext c = new Encryptor(he.context, publicKey).encrypt(x, 2, he.scale)) {
      assertEquals(2, c.level());
      assertEquals(he.scale, c.scale());
      assertClose(x, he.decrypt(c));
    }
  }

  @Test
  void theSamePlaintextEncryptsDifferentlyEachTime() {
    try (Ciphertext again = he.encrypt(x)) {
      assertTrue(!Arrays.equals(a.toBytes(), again.toBytes()));
    }
  }

  @Test
  void aWrongKeyShowsInTheCoefficients() {
    try (HeFixture other = new HeFixture(he.parameters)) {
      var decrypted = other.decryptor.decrypt(a);
      assertTrue(decrypted.coefficientFraction() > 1, "fraction " + decrypted.coefficientFraction());
    }
  }

  @Test
  void addAddsSlots() {
    expect(Double::sum, evaluator.add(a, b));
  }

  @Test
  void subSubtractsSlots() {
    expect((u, v) -> u - v, evaluator.sub(a, b));
  }

  @Test
  void negateNegatesSlots() {
    expect(u -> -u, evaluator.negate(a));
  }

  @Test
  void addPlainAddsAnEncodedVector() {
    try (Plaintext p = Plaintext.encode(he.context, y, 4, he.scale)) {
      expect(Double::sum, evaluator.addPlain(a, p));
    }
  }

  @Test
  void addScalarAddsToEverySlot() {
    expect(u -> u - 1.75, evaluator.addScalar(a, -1.75));
  }

  @Test
  void multiplyRelinearizeRescaleMultipliesSlots() {
    Ciphertext product = evaluator.multiply(a, b);
    assertEquals(3, product.components());
    assertEquals(he.scale.times(he.scale), product.scale());
    Ciphertext two = evaluator.relinearize(product);
    expect((u, v) -> u * v, product);
    assertEquals(2, two.components());
    Ciphertext rescaled = evaluator.rescale(two);
    assertEquals(3, rescaled.level());
    assertEquals(he.scale.times(he.scale).timesPrime(4, -1), rescaled.scale());
    expect((u, v) -> u * v, rescaled);
  }

  @Test
  void squareSquaresSlots() {
    expect(u -> u * u, evaluator.rescale(evaluator.relinearize(evaluator.square(a))));
  }

  @Test
  void multiplyPlainMultipliesByAnEncodedVector() {
    try (Plaintext p = Plaintext.encode(he.context, y, 4, Scale.prime(4, 1))) {
      Ciphertext product = evaluator.rescale(evaluator.multiplyPlain(a, p));
      assertEquals(he.scale, product.scale());
      expect((u, v) -> u * v, product);
    }
  }

  @Test
  void multiplyScalarMultipliesEverySlot() {
    expect(u -> -0.375 * u, evaluator.rescale(evaluator.multiplyScalar(a, -0.375, Scale.prime(4, 1))));
    expect(u -> 3 * u, evaluator.multiplyScalar(a, 3, Scale.ONE));
  }

  @Test
  void dropLevelKeepsTheSlots() {
    Ciphertext low = evaluator.dropLevel(a, 1);
    assertEquals(1, low.level());
    expect(u -> u, low);
  }

  @Test
  void rotateMovesSlotsToTheLeft() {
    for (int steps : new int[] {1, -3, 0}) {
      int n = x.length;
      double[] expected = IntStream.range(0, n).mapToDouble(j -> x[Math.floorMod(j + steps, n)]).toArray();
      assertClose(expected, he.decrypt(evaluator.rotate(a, steps)));
    }
  }

  @Test
  void rotateSumAddsRotations() {
    int n = x.length;
    double[] expected =
        IntStream.range(0, n)
            .mapToDouble(j -> IntStream.range(0, 8).mapToDouble(i -> x[(j + i) % n]).sum())
            .toArray();
    assertClose(expected, he.decrypt(evaluator.rotateSum(a, 1, 8)));
  }

  @Test
  void conjugateConjugatesSlotsWhereTheyAreComplex() {
    if (realSlots) {
      assertMessage(UnsupportedException.class, () -> evaluator.conjugate(a), "conjugate", "CONJUGATE_INVARIANT");
      assertMessage(UnsupportedException.class, he.parameters::conjugationElement, "CONJUGATE_INVARIANT");
      return;
    }
    try (Plaintext p = Plaintext.encode(he.context, x, y, 4, he.scale);
        Ciphertext c = he.encryptor.encrypt(p)) {
      var decrypted = he.decryptor.decrypt(evaluator.conjugate(c));
      assertClose(x, decrypted.real());
      assertClose(Arrays.stream(y).map(v -> -v).toArray(), decrypted.imaginary());
    }
  }

  @Test
  void imaginaryPartsAreRefusedWhereSlotsAreReal() {
    double[] imaginary = new double[x.length];
    Plaintext.encode(he.context, x, imaginary, 4, he.scale).close();
    imaginary[3] = 1e-9;
    if (realSlots) {
      assertMessage(
          IllegalArgumentException.class, () -> Plaintext.encode(he.context, x, imaginary, 4, he.scale), "slot 3", "imaginary");
    } else {
      Plaintext.encode(he.context, x, imaginary, 4, he.scale).close();
    }
  }

  @Test
  void keysOfNumbersThatAreNoGaloisElementsAreRefused() {
    assertMessage(IllegalArgumentException.class, () -> he.generator.evaluationKey(6, 4), "6");
    long outside = he.parameters.galoisModulus() + 1;
    assertMessage(IllegalArgumentException.class, () -> he.generator.evaluationKey(outside, 4), "" + outside);
    if (realSlots) {
      assertMessage(IllegalArgumentException.class, () -> he.generator.evaluationKey(3, 4), "3", "1 modulo 4");
    } else {
      assertTrue(he.generator.evaluationKey(3, 4).hasRemaining());
    }
  }

  @Test
  void polynomialEvaluatesBothBases() {
    double[] c = {0.5, -1, 0.25, 0.125};
    Ciphertext monomial = evaluator.polynomial(a, false, c, he.scale);
    assertEquals(2, monomial.level());
    assertEquals(he.scale, monomial.scale());
    expect(u -> c[0] + u * (c[1] + u * (c[2] + u * c[3])), monomial);
    expect(
        u -> c[0] + c[1] * u + c[2] * (2 * u * u - 1) + c[3] * (4 * u * u * u - 3 * u),
        evaluator.polynomial(a, true, c, he.scale));
  }

  @Test
  void operandsThatDoNotFitAreRefusedWithTheirNumbers() {
    Ciphertext low = evaluator.dropLevel(a, 1);
    assertMessage(IllegalArgumentException.class, () -> evaluator.add(a, low), "4", "1");
    Ciphertext product = evaluator.multiply(a, b);
    assertMessage(IllegalArgumentException.class, () -> evaluator.rotate(product, 1), "3");
    assertMessage(IllegalArgumentException.class, () -> evaluator.add(a, product), "scale");
    assertMessage(IllegalArgumentException.class, () -> evaluator.rescale(evaluator.dropLevel(a, 0)), "0");
    assertMessage(IllegalArgumentException.class, () -> evaluator.dropLevel(low, 3), "3", "1");
    assertMessage(IllegalArgumentException.class, () -> evaluator.multiplyScalar(a, 0.5, Scale.ONE), "integer");
  }

  @Test
  void aMissingKeyIsNamedWithItsElementAndLevel() {
    long element = he.parameters.galoisElement(5);
    assertMessage(MissingKeyException.class, () -> evaluator.rotate(a, 5), Long.toString(element), "4");
    assertMessage(
        MissingKeyException.class, () -> new Evaluator(he.context).relinearize(evaluator.square(a)), "key");
  }

  @Test
  void ciphertextsOfOtherParametersAreRefused() {
    try (HeFixture other = new HeFixture(HeFixture.parameters(he.parameters.ringType(), 7, 3));
        Ciphertext foreign = other.encrypt(other.slots(new Random(2)))) {
      assertMessage(IllegalArgumentException.class, () -> evaluator.add(a, foreign), "parameters");
      assertMessage(IllegalArgumentException.class, () -> he.decrypt(foreign), "parameters");
      assertMessage(
          MalformedException.class,
          () -> Ciphertext.fromBytes(he.context, ByteBuffer.wrap(foreign.toBytes())),
          "parameters");
    }
  }

  @Test
  void numbersThatCannotBeEncodedAreRefusedNamingTheSlot() {
    double[] bad = x.clone();
    bad[7] = Double.NaN;
    assertMessage(IllegalArgumentException.class, () -> he.encrypt(bad), "7");
    bad[7] = Double.POSITIVE_INFINITY;
    assertMessage(IllegalArgumentException.class, () -> he.encrypt(bad), "7");
    bad[7] = 1e60;
    assertMessage(IllegalArgumentException.class, () -> he.encrypt(bad), "7");
    assertMessage(IllegalArgumentException.class, () -> he.encryptor.encrypt(x, 9, he.scale), "9");
    int tooMany = he.parameters.slots() + 1;
    assertMessage(
        IllegalArgumentException.class, () -> he.encryptor.encrypt(new double[tooMany], 1, he.scale), "" + tooMany,
        realSlots ? "128" : "64");
  }

  private static void expect(DoubleBinaryOperator clear, Ciphertext result) {
    assertClose(IntStream.range(0, x.length).mapToDouble(i -> clear.applyAsDouble(x[i], y[i])).toArray(), he.decrypt(result));
    result.close();
  }

  private static void expect(DoubleUnaryOperator clear, Ciphertext result) {
    expect((u, v) -> clear.applyAsDouble(u), result);
  }

  private static void assertClose(double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length);
    double difference = HeFixture.maxDifference(expected, actual);
    assertTrue(difference <= BOUND, "largest difference " + difference);
  }

  private static void assertMessage(
      Class<? extends Throwable> type, Executable call, String... parts) {
    String message = assertThrows(type, call).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), "\"" + message + "\" should contain \"" + part + "\"");
    }
  }
}
