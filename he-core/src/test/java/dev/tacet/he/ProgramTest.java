// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ProgramBuilder.Value;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
class ProgramTest {
  private static final Scale DELTA = Scale.powerOfTwo(32);
  private static final Constant.Vector ONES = new Constant.Vector(new double[] {1, 1}, 2);

  private final RingType ring;
  private final Parameters parameters;

  ProgramTest(RingType ring) {
    this.ring = ring;
    parameters = Samples.parameters(ring);
  }

  static Stream<Arguments> typeErrors() {
    return Stream.of(
        error("ADD: levels 3 and 2 differ", b -> b.add(b.input(3, DELTA), b.input(2, DELTA))),
        error("ADD: scales 2^32 and 2^33", b -> b.add(b.input(3, DELTA), b.input(3, Scale.powerOfTwo(33)))),
        error("MULTIPLY: levels 3 and 1", b -> b.multiply(b.input(3, DELTA), b.input(1, DELTA))),
        error("SQUARE: argument has 3 components", b -> b.square(b.square(b.input(3, DELTA)))),
        error("ROTATE: argument has 3 components", b -> b.rotate(b.square(b.input(3, DELTA)), 1)),
        error("RELINEARIZE: argument has 2 components", b -> b.relinearize(b.input(3, DELTA))),
        error("RESCALE: needs level 1", b -> b.rescale(b.input(0, DELTA))),
        error("DROP_LEVEL: drops to level 3, has only 2", b -> b.dropLevel(b.input(2, DELTA), 3)),
        error("INPUT: level 9 is above", b -> b.input(9, DELTA)),
        error("INPUT: scale uses q_5", b -> b.input(3, Scale.prime(5, 1))),
        error("INPUT: scale has 400.00 bits", b -> b.input(3, Scale.powerOfTwo(400))),
        error("degree 31 takes 5 levels", b ->
            b.polynomial(b.input(3, DELTA), new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[32]), DELTA)),
        error("POLYNOMIAL: degree is 0", b ->
            b.polynomial(b.input(3, DELTA), new Constant.Polynomial(Constant.Basis.MONOMIAL, new double[1]), DELTA)),
        error("ROTATE_SUM: count 3", b -> b.rotateSum(b.input(3, DELTA), 1, 3)),
        error("MULTIPLY_SCALAR: factor 0.5 at plain scale 1", b -> b.multiplyScalar(b.input(3, DELTA), 0.5, Scale.ONE)),
        error("ADD_SCALAR: number is NaN", b -> b.addScalar(b.input(3, DELTA), Double.NaN)),
        error("LINEAR_TRANSFORM: baby steps 9", b ->
            b.linearTransform(b.input(3, DELTA), new Constant.Matrix(1, 1, 4, 8, new double[1]), 9, DELTA)),
        error("ADD: arrays of 3 and 2", b -> b.add(array(b, 3), array(b, 2))),
        error("MATRIX_PRODUCT: 2 columns for an array of 3", b -> b.matrixProduct(array(b, 3), MAP, DELTA)),
        error("array of 4097", b -> array(b, 4097)));
  }

  private static final Constant.Affine MAP = new Constant.Affine(3, 2, new double[] {1, 2, 3, 4, 5, 6}, new double[] {7, 8, 9});

  private static Value array(ProgramBuilder b, int length) {
    return b.input(ValueType.slots(3, DELTA).withLength(length));
  }

  private static Arguments error(String text, Consumer<ProgramBuilder> build) {
    return Arguments.of(text, Named.of(text, build));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("typeErrors")
  void aTypeErrorIsRefusedWithItsNumbers(String text, Consumer<ProgramBuilder> build) {
    ProgramBuilder builder = new ProgramBuilder(parameters);
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> build.accept(builder));
    assertTrue(refused.getMessage().contains(text), refused.getMessage());
  }

  @Test
  void aVectorMayHaveThePeriodOfTheSlotsAndNoLargerOne() {
    int slots = parameters.slots();
    ProgramBuilder b = new ProgramBuilder(parameters);
    Value x = b.input(3, DELTA);
    b.addPlain(x, new Constant.Vector(new double[1], slots));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> b.addPlain(x, new Constant.Vector(new double[1], 2 * slots)));
    assertTrue(refused.getMessage().contains("exceeds the " + slots + " slots"), refused.getMessage());
  }

  @Test
  void aValueOfAnotherBuilderIsRefused() {
    Value foreign = new ProgramBuilder(parameters).input(3, DELTA);
    ProgramBuilder builder = new ProgramBuilder(parameters);
    builder.input(3, DELTA);
    assertThrows(IllegalArgumentException.class, () -> builder.negate(foreign));
  }

  @Test
  void aProgramWithoutOutputIsRefused() {
    ProgramBuilder builder = new ProgramBuilder(parameters);
    builder.input(3, DELTA);
    assertThrows(IllegalArgumentException.class, builder::build);
  }

  @Test
  void anOpThatIsNotImplementedIsRefusedByName() {
    Instruction in = new Instruction.Draft(Op.INPUT).typed(ValueType.slots(3, DELTA));
    Instruction bootstrap = new Instruction.Draft(Op.BOOTSTRAP, 0).typed(ValueType.slots(3, DELTA));
    UnsupportedException refused = assertThrows(UnsupportedException.class,
        () -> new Program(parameters, List.of("l"), List.of(), List.of(in, bootstrap)));
    assertTrue(refused.getMessage().contains("BOOTSTRAP"), refused.getMessage());
  }

  @Test
  void anArgumentMustPrecedeItsUse() {
    Instruction in = new Instruction.Draft(Op.INPUT).typed(ValueType.slots(3, DELTA));
    Instruction negate = new Instruction.Draft(Op.NEGATE, 1).typed(ValueType.slots(3, DELTA));
    assertThrows(IllegalArgumentException.class,
        () -> new Program(parameters, List.of("l"), List.of(), List.of(in, negate)));
  }

  @Test
  void requiredKeysAreThoseOfBabyAndGiantStepsAtTheHighestLevel() {
    Parameters p = parameters;
    boolean complex = ring == RingType.STANDARD;
    ProgramBuilder b = new ProgramBuilder(p);
    Value x = b.input(3, DELTA);
    Value low = b.dropLevel(x, 1);
    Value z = b.linearTransform(low, new Constant.Matrix(3, 5, 8, 8, new double[15]), 3, Scale.prime(1, 1));
    b.output(b.rotate(x, 1));
    b.output(b.rotateSum(z, 8, 4));
    if (complex) {
      b.output(b.conjugate(low));
    } else { // its slots are real
      assertThrows(UnsupportedException.class, () -> b.conjugate(low));
    }
    b.output(b.relinearize(b.square(low)));
    TreeSet<KeyRequirement> expected = new TreeSet<>();
    expected.add(new KeyRequirement(p.galoisElement(1), 3));
    for (int steps : new int[] {2, 3, 6, 8, 16}) {
      expected.add(new KeyRequirement(p.galoisElement(steps), 1));
    }
    if (complex) {
      expected.add(new KeyRequirement(p.conjugationElement(), 1));
    }
    expected.add(new KeyRequirement(KeyRequirement.RELINEARIZATION, 1));
    assertEquals(expected, b.build().requiredKeys());
  }

  @Test
  void zeroWeightsNeedTheSameKeysAsOthers() {
    assertEquals(keysOf(new double[64]), keysOf(DoubleStream.iterate(1, i -> i + 1).limit(64).toArray()));
  }

  private SortedSet<KeyRequirement> keysOf(double[] weights) {
    ProgramBuilder b = new ProgramBuilder(parameters);
    b.output(b.linearTransform(b.input(3, DELTA), new Constant.Matrix(8, 8, 8, 8, weights), 3, Scale.prime(3, 1)));
    return b.build().requiredKeys();
  }

  @Test
  void withoutSpecialPrimesNothingMaySwitchKeys() {
    Parameters p = ModulusChain.select(12, ring, 40, 30, 1, 40, 0).security(SecurityLevel.CLASSICAL_128).build();
    ProgramBuilder b = new ProgramBuilder(p);
    Value x = b.input(1, DELTA);
    assertThrows(IllegalArgumentException.class, () -> b.rotate(x, 1));
    b.rotate(x, 0);
  }

  @Test
  void arraysKeepTheirLengthThroughEveryOpAndOverTheWire() {
    ProgramBuilder b = new ProgramBuilder(parameters);
    Value x = b.rescale(b.relinearize(b.square(array(b, 2))));
    Value y = b.rescale(b.matrixProduct(x, MAP, Scale.prime(2, 1)));
    assertEquals(3, y.length());
    Constant.Polynomial line = new Constant.Polynomial(Constant.Basis.MONOMIAL, new double[] {1, 2});
    Value z = b.addScalar(b.polynomial(b.sub(y, b.negate(y)), line, DELTA), 1);
    b.output(b.add(b.addPlain(z, ONES), b.rotate(b.dropLevel(z, 0), 1)));
    b.output(b.multiplyScalar(x, 2, Scale.ONE));
    Program program = b.build();
    assertEquals(List.of(3, 2), program.outputTypes().stream().map(ValueType::length).toList());
    byte[] bytes = program.toBytes();
    Program read = Program.fromBytes(program.parameters(), ByteBuffer.wrap(bytes));
    assertEquals(program, read);
    assertArrayEquals(bytes, read.toBytes());
  }

  @Test
  void aSignatureOfSingleCiphertextsDoesNotDescribeArrays() {
    Program single = Samples.program(parameters);
    Signature signature = Samples.signature(single);
    ProgramBuilder b = new ProgramBuilder(parameters);
    b.output(b.input(single.inputTypes().get(0).withLength(2)));
    assertThrows(IllegalArgumentException.class, () -> signature.requireMatches(b.build()));
  }

  @Test
  void theVersionForArraysIsRefusedWithoutAny() {
    Parameters p = parameters;
    for (int length : new int[] {1, 2}) {
      ValueType type = ValueType.slots(3, DELTA).withLength(length);
      BoundedWriter out = new BoundedWriter();
      out.u16(2).u16(1).u16(1).u16(1).string("l").u32(0).u32(2);
      new Instruction.Draft(Op.INPUT).typed(type).writeTo(out, true);
      new Instruction.Draft(Op.OUTPUT, 0).typed(type).writeTo(out, true);
      ByteBuffer blob = ByteBuffer.wrap(Blob.write(BlobKind.PROGRAM, p.hash(), out.toBytes()));
      if (length == 2) {
        assertEquals(2, Program.fromBytes(p, blob).outputTypes().get(0).length());
      } else {
        MalformedException refused = assertThrows(MalformedException.class, () -> Program.fromBytes(p, blob));
        assertTrue(refused.getMessage().contains("version 2 without an array"), refused.getMessage());
      }
    }
  }

  @Test
  void bytesRoundTrip() {
    Parameters p = parameters;
    ProgramBuilder b = new ProgramBuilder(p).layer("a");
    Value x = b.input(3, DELTA);
    Value y = b.addScalar(b.multiplyPlain(b.negate(x), ONES, Scale.prime(3, 1)), 0.25);
    b.layer("b");
    Value z = b.multiplyScalar(b.rescale(y), 3, Scale.ONE);
    Value w = b.polynomial(z, new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[] {0.5, 1, 2, 3}), DELTA);
    b.output(b.sub(w, b.dropLevel(w, 0)));
    b.output(b.rotateSum(b.rotate(x, -3), 2, 8));
    Program program = b.build();
    byte[] bytes = program.toBytes();
    Program read = Program.fromBytes(p, ByteBuffer.wrap(bytes));
    assertEquals(program, read);
    assertEquals(program.requiredKeys(), read.requiredKeys());
    assertArrayEquals(bytes, read.toBytes());
    assertThrows(MalformedException.class, () -> Program.fromBytes(Samples.tiny(ring), ByteBuffer.wrap(bytes)));
  }
}
