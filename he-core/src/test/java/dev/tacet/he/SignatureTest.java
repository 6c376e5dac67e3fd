// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureTest {
  private static final Signature SIGNATURE = Samples.artifact().signature();
  private static final SignatureInput INPUT = SIGNATURE.inputs().get(0);
  private static final CipherOutput OUTPUT = SIGNATURE.cipherOutputs().get(0);

  @Test
  void aRowIsNormalisedPaddedAndTiled() {
    double[] slots = INPUT.pack(new double[] {0.5, 4, 10}, 8);
    assertArrayEquals(new double[] {0.5, 1, -1, 0, 0.5, 1, -1, 0}, slots);
  }

  @ParameterizedTest(name = "feature 1 = {0}")
  @ValueSource(doubles = {-0.001, 4.001, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void aFeatureOutsideItsBoundsIsRefusedWithoutItsValue(double value) {
    FeatureOutOfBoundsException refused =
        assertThrows(FeatureOutOfBoundsException.class, () -> INPUT.pack(new double[] {0, value, 15}, 8));
    assertEquals(1, refused.index());
    assertTrue(refused.getMessage().contains("0.0..4.0"), refused.getMessage());
    assertFalse(refused.getMessage().contains(Double.toString(value)), refused.getMessage());
  }

  @Test
  void clampingMovesToTheNearestBoundAndRefusesNaN() {
    assertArrayEquals(new double[] {-1, 4, 15}, INPUT.clamp(new double[] {-7, Double.POSITIVE_INFINITY, 15}));
    assertThrows(FeatureOutOfBoundsException.class, () -> INPUT.clamp(new double[] {0, Double.NaN, 15}));
  }

  @Test
  void aRowOfAnotherLengthIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> INPUT.pack(new double[2], 8));
  }

  @Test
  void copiesAreAveragedAndMappedToRealUnits() {
    double[] real = {0.5, -0.25, 0, 0, 0.50002, -0.25, 0, 0};
    assertArrayEquals(new double[] {1.00002, 0.5}, OUTPUT.unpack(real, new double[8], 0.5), 1e-12);
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        fault("exceeds q0/8", slots -> slots.fraction = 1.01),
        fault("exceeds q0/8", slots -> slots.fraction = Double.NaN),
        fault("slot 2 is a structural zero", slots -> slots.real[2] = 2e-4),
        fault("slot 4 differs from its copy in slot 0", slots -> slots.real[4] += 3e-4),
        fault("slot 0 is beyond its bound", slots -> slots.real[0] = slots.real[4] = 1.01),
        fault("slot 1 is beyond its bound", slots -> slots.real[1] = slots.real[5] = Double.NaN),
        fault("imaginary part of slot 5", slots -> slots.imaginary[5] = -2e-4));
  }

  private static Arguments fault(String text, Consumer<Slots> change) {
    return Arguments.of(text, Named.of(text, change));
  }

  static final class Slots {
    final double[] real = {0.5, -0.25, 0, 0, 0.5, -0.25, 0, 0};
    final double[] imaginary = new double[8];
    double fraction = 0.5;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void anAnswerThatFailsACheckIsNeverANumber(String text, Consumer<Slots> change) {
    Slots slots = new Slots();
    change.accept(slots);
    AnswerCheckException failed =
        assertThrows(AnswerCheckException.class, () -> OUTPUT.unpack(slots.real, slots.imaginary, slots.fraction));
    assertTrue(failed.getMessage().contains(text), failed.getMessage());
  }

  @Test
  void aGuardHoldsInEverySlotAndAZeroCheckIsZeroInEverySlot() {
    CipherOutput guard = check(CipherOutput.Kind.GUARD, 0.9);
    assertEquals(0, guard.unpack(new double[] {0.9, -0.9}, null, 0).length);
    AnswerCheckException left = assertThrows(AnswerCheckException.class, () -> guard.unpack(new double[] {0.92, 0.92}, null, 0));
    assertTrue(left.getMessage().contains("unlike the sample rows"), left.getMessage());
    CipherOutput zero = check(CipherOutput.Kind.ZERO_CHECK, 0);
    assertEquals(0, zero.unpack(new double[] {0.005, -0.005}, null, 0).length);
    assertThrows(AnswerCheckException.class, () -> zero.unpack(new double[] {0.02, 0.02}, null, 0));
  }

  private static CipherOutput check(CipherOutput.Kind kind, double bound) {
    return new CipherOutput(kind, 0, "c", 0, 2, 0, Scale.ONE, new double[0], new double[0], bound, 0.01, 0);
  }

  @Test
  void aValueWithoutAStructuralZeroIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new CipherOutput(
        CipherOutput.Kind.VALUE, 0, "v", 2, 2, 0, Scale.ONE, new double[2], new double[2], 1, 0, 0));
  }

  @ParameterizedTest(name = "bound {0}, slot error {1}, error bound {2}, factor {3}: {4}")
  @CsvSource({
    "1, 0.26, 10, 1, would let any answer pass",
    "1, 1e300, 1e308, 1, would let any answer pass",
    "1e300, 1e-4, 1e-3, 1, beyond q0/8",
    "1e4, 2500, 1e4, 1, beyond q0/8",
    "1, 1e-4, 6.2e-6, 1, more than 16.0 times the error bound",
    "1, 1e-4, 1e-3, 1e308, overflows"
  })
  void tolerancesThatMakeTheChecksVoidAreRefused(
      double bound, double slotError, double errorBound, double factor, String text) {
    CipherOutput o = OUTPUT;
    CipherOutput lax = new CipherOutput(
        o.kind(), o.programOutput(), o.name(), o.count(), o.period(), o.level(), o.scale(), new double[] {factor, -factor},
        o.offset(), bound, slotError, errorBound);
    Signature s = SIGNATURE;
    Signature signature = new Signature(
        s.model(), s.parametersHash(), s.securityBits(), s.inputs(), List.of(lax), s.tail(), s.keys());
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> signature.requireMatches(Samples.artifact().parameters()));
    assertTrue(refused.getMessage().contains(text), refused.getMessage());
  }

  @Test
  void errorBoundsOfEachValueAreWrittenOverTheLargest() {
    CipherOutput uniform = OUTPUT.withErrors(OUTPUT.slotError(), new double[] {0.5, 0.5});
    assertEquals(1, with(uniform).toBytes()[48]);
    Signature signature = with(OUTPUT.withErrors(OUTPUT.slotError(), new double[] {0.25, 0.5}));
    byte[] bytes = signature.toBytes();
    assertEquals(10, bytes[48]);
    CipherOutput read = Signature.fromBytes(ByteBuffer.wrap(bytes)).cipherOutputs().get(0);
    assertArrayEquals(new double[] {0.25, 0.5}, read.errorBounds());
    assertEquals(0.5, read.errorBound());
    refusedWithBounds(bytes, 0.5, 0.5, "all the same are written in version 1");
    refusedWithBounds(bytes, 0.25, 0.4, "the largest error bound of its values is 0.4, said to be 0.5");
    refusedWithBounds(bytes, -0.25, 0.5, "error bound -0.25 of value 0");
    refusedWithBounds(bytes, Double.NaN, 0.5, "not finite");
  }

  private static Signature with(CipherOutput output) {
    Signature s = SIGNATURE;
    return new Signature(s.model(), s.parametersHash(), s.securityBits(), s.inputs(), List.of(output), s.tail(), s.keys());
  }

  /** The bounds are the last two numbers of the body, in front of the blob's checksum. */
  private static void refusedWithBounds(byte[] bytes, double first, double second, String text) {
    byte[] body = Arrays.copyOfRange(bytes, 48, bytes.length - 4);
    ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN).putDouble(body.length - 16, first).putDouble(body.length - 8, second);
    byte[] changed = Blob.write(BlobKind.SIGNATURE, HexFormat.of().parseHex(SIGNATURE.parametersHash()), body);
    MalformedException refused = assertThrows(MalformedException.class, () -> Signature.fromBytes(ByteBuffer.wrap(changed)));
    assertTrue(refused.getMessage().contains(text), refused.getMessage());
  }

  @Test
  void anErrorBoundIsThatOfItsOwnValue() {
    CipherOutput o = OUTPUT.withErrors(1e-4, new double[] {1e-2, 1e-6});
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> with(o).requireMatches(Samples.artifact().parameters()));
    assertTrue(refused.getMessage().contains("of value 1 is more than 16.0 times the error bound 1.0E-6"), refused.getMessage());
    assertThrows(IllegalArgumentException.class, () -> OUTPUT.withErrors(1e-4, new double[1]));
    assertThrows(IllegalArgumentException.class, () -> new CipherOutput(
        CipherOutput.Kind.GUARD, 0, "g", 1, 2, 0, Scale.ONE, new double[0], new double[0], 1, 0.01, 1e-3));
  }

  private static IllegalArgumentException refusedTail(List<TailNode> nodes) {
    Signature s = SIGNATURE;
    Postprocessing tail = new Postprocessing(s.tail().inputs(), nodes, List.of(nodes.get(nodes.size() - 1).output()));
    Signature signature =
        new Signature(s.model(), s.parametersHash(), s.securityBits(), s.inputs(), s.cipherOutputs(), tail, s.keys());
    return assertThrows(
        IllegalArgumentException.class, () -> signature.requireMatches(Samples.artifact().parameters()));
  }

  @Test
  void aPostprocessingThatGrowsWithoutBoundIsRefused() {
    List<TailNode> nodes = new ArrayList<>();
    String last = OUTPUT.name();
    for (int i = 0; i < 64; i++) {
      nodes.add(new TailNode(TailOp.CONCAT, List.of(last, last), "c" + i, new long[0], new double[0], List.of()));
      last = "c" + i;
    }
    IllegalArgumentException refused = refusedTail(nodes);
    assertTrue(refused.getMessage().contains("CONCAT makes 131072 elements"), refused.getMessage());
  }

  @Test
  void aPostprocessingWhoseShapesDoNotFitIsRefused() {
    IllegalArgumentException refused = refusedTail(List.of(TailNode.withIntegers(TailOp.GATHER, OUTPUT.name(), "g", 2)));
    assertTrue(refused.getMessage().contains("index 2 of 2"), refused.getMessage());
  }

  @Test
  void aSignatureThatDoesNotDescribeTheProgramMakesNoArtifact() {
    Program program = Samples.program(Samples.parameters());
    Signature good = Samples.signature(program);
    Signature fewerKeys = new Signature(
        good.model(), good.parametersHash(), good.securityBits(), good.inputs(), good.cipherOutputs(), good.tail(),
        good.keys().subList(1, good.keys().size()));
    assertThrows(IllegalArgumentException.class,
        () -> new ModelArtifact(program.parameters(), fewerKeys, program, "{}", "{}"));
    Signature moreBits = new Signature(
        good.model(), good.parametersHash(), 256, good.inputs(), good.cipherOutputs(), good.tail(), good.keys());
    assertThrows(IllegalArgumentException.class,
        () -> new ModelArtifact(program.parameters(), moreBits, program, "{}", "{}"));
  }

  @Test
  void parametersWithoutASecurityCheckCannotBeServed() {
    Program program = Samples.program(Samples.tiny());
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
        () -> new ModelArtifact(program.parameters(), Samples.signature(program), program, "{}", "{}"));
    assertTrue(refused.getMessage().contains("UNCHECKED_FOR_TESTS"));
  }

  @Test
  void aKeyOfAHigherLevelMeetsARequirement() {
    KeyManifest manifest = Samples.manifest();
    assertEquals(0, manifest.missing(List.of(new KeyRequirement(5, 1))).size());
    assertEquals(1, manifest.missing(List.of(new KeyRequirement(0, 3), new KeyRequirement(5, 3))).size());
  }

  @Test
  void copiesOfAnInputMayBeRotatedAgainstOneAnother() {
    double[] ones = {1, 1, 1};
    double[] lows = {-1, -1, -1};
    SignatureInput input = new SignatureInput(
        "x", new int[] {3}, 3, 4, 3, Scale.powerOfTwo(30), 3, lows, ones, new double[3], ones);
    double[] packed = input.pack(new double[] {0.1, 0.2, 0.3}, 16);
    assertArrayEquals(
        new double[] {0.1, 0.2, 0.3, 0, 0, 0.1, 0.2, 0.3, 0.3, 0, 0.1, 0.2, 0.2, 0.3, 0, 0.1}, packed);
    assertThrows(IllegalArgumentException.class, () -> new SignatureInput(
        "x", new int[] {3}, 3, 4, 4, Scale.powerOfTwo(30), 3, lows, ones, new double[3], ones));
    Program program = Samples.program(Samples.parameters());
    Signature plain = Samples.signature(program);
    SignatureInput from = plain.inputs().get(0);
    SignatureInput shifted = new SignatureInput(from.name(), from.shape(), from.features(), from.period(), 1, from.scale(),
        from.level(), from.low(), from.high(), from.center(), from.halfWidth());
    Signature signature = new Signature(plain.model(), plain.parametersHash(), plain.securityBits(), List.of(shifted),
        plain.cipherOutputs(), plain.tail(), plain.keys());
    byte[] bytes = signature.toBytes();
    assertEquals(3, bytes[48]);
    assertEquals(1, plain.toBytes()[48]);
    Signature read = Signature.fromBytes(java.nio.ByteBuffer.wrap(bytes));
    assertEquals(signature, read);
    assertEquals(1, read.inputs().get(0).copyShift());
    assertArrayEquals(bytes, read.toBytes());
  }
}
