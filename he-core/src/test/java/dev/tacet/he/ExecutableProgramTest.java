// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.internal.Engine;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Loading and running programs: what the native checker refuses by itself, memory, times, and results by layer. */
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
final class ExecutableProgramTest {
  private final RingType ring;

  ExecutableProgramTest(RingType ring) {
    this.ring = ring;
  }

  @Test
  void theNativeCheckerRefusesWhatAJavaProgramCannotEvenSay() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 5, 2))) {
      ProgramBuilder builder = new ProgramBuilder(he.parameters);
      builder.output(builder.negate(builder.input(2, he.scale)));
      byte[] good = builder.build().toBytes();
      // the ops end the body: input 14, negate 16, output 18 bytes; the opcode of negate is changed
      int negate = good.length - 4 - 18 - 16;
      assertEquals(Op.NEGATE.code(), good[negate]);
      assertMessage(UnsupportedException.class, "bootstrap", he, withByte(good, negate, Op.BOOTSTRAP.code()));
      assertMessage(MalformedException.class, "op 1 (relinearize): 2 components, takes 3", he, withByte(good, negate, 18));
      int unknown = 1 + Stream.of(Op.values()).mapToInt(Op::code).max().orElseThrow();
      assertMessage(MalformedException.class, "opcode " + unknown, he, withByte(good, negate, unknown));
      assertMessage(MalformedException.class, "uses value 1", he, withByte(good, negate + 4, 1));
      assertMessage(MalformedException.class, "declared level 1, computed 2", he, withByte(good, negate + 9, 1));
    }
  }

  @Test
  void conjugateIsRefusedByNameInJavaAndByTheNativeCheckerWhereSlotsAreReal() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 5, 2))) {
      ProgramBuilder builder = new ProgramBuilder(he.parameters);
      ProgramBuilder.Value x = builder.input(2, he.scale);
      builder.output(builder.negate(x));
      byte[] good = builder.build().toBytes();
      int negate = good.length - 4 - 18 - 16;
      assertEquals(Op.NEGATE.code(), good[negate]);
      byte[] conjugate = withByte(good, negate, Op.CONJUGATE.code());
      if (ring == RingType.STANDARD) {
        builder.conjugate(x);
        Engine.load("program", he.context, BlobKind.PROGRAM.code(), ByteBuffer.wrap(conjugate)).close();
        return;
      }
      String message = assertThrows(UnsupportedException.class, () -> builder.conjugate(x)).getMessage();
      assertTrue(message.contains("conjugate does not exist in ring type CONJUGATE_INVARIANT"), message);
      assertMessage(
          UnsupportedException.class, "op 1: conjugate does not exist in ring type CONJUGATE_INVARIANT", he, conjugate);
    }
  }

  @Test
  void constantsBeyondTheMachinesMemoryAreAnOutOfMemoryError() {
    Parameters parameters = HeFixture.parameters(ring, 16, 1);
    ProgramBuilder builder = new ProgramBuilder(parameters);
    ProgramBuilder.Value x = builder.input(1, Scale.powerOfTwo(20));
    Constant.Matrix matrix = new Constant.Matrix(1, 1, 1 << 15, 1 << 15, new double[] {1});
    for (int i = 0; i < 64; i++) {
      builder.output(builder.linearTransform(x, matrix, 181, Scale.powerOfTwo(20 + i % 2)));
    }
    Program program = builder.build();
    try (Context context = Context.create(parameters)) {
      String message = assertThrows(OutOfMemoryError.class, () -> ExecutableProgram.load(context, program)).getMessage();
      assertTrue(message.contains("MiB"), message);
    }
  }

  @Test
  void aConstantThatOverflowsItsModulusNamesOpAndLayer() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 5, 2))) {
      ProgramBuilder builder = new ProgramBuilder(he.parameters);
      builder.layer("fc7");
      builder.output(builder.addPlain(builder.input(0, he.scale), new Constant.Vector(new double[] {1e30}, 1)));
      Program program = builder.build();
      String message = assertThrows(MalformedException.class, () -> ExecutableProgram.load(he.context, program)).getMessage();
      assertTrue(message.contains("op 1 (addPlain, layer fc7)"), message);
    }
  }

  @Test
  void oneConstantAtTwoScalesOfOneLevelIsEncodedAtBoth() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 5, 2))) {
      ProgramBuilder builder = new ProgramBuilder(he.parameters);
      ProgramBuilder.Value x = builder.input(2, he.scale);
      Constant.Vector vector = new Constant.Vector(new double[] {0.75, -0.5}, 2);
      builder.output(builder.multiplyPlain(x, vector, Scale.powerOfTwo(30)));
      builder.output(builder.multiplyPlain(x, vector, Scale.powerOfTwo(25)));
      Program program = builder.build();
      double[] slots = he.slots(new Random(1));
      double[] expected = new double[slots.length];
      for (int i = 0; i < slots.length; i++) {
        expected[i] = slots[i] * (i % 2 == 0 ? 0.75 : -0.5);
      }
      try (ExecutableProgram executable = ExecutableProgram.load(he.context, program);
          EvaluationKeySet keys = he.keys(program.requiredKeys());
          Ciphertext c = he.encrypt(slots);
          ExecutableProgram.Run run = executable.run(keys, List.of(c), null)) {
        for (int i = 0; i < 2; i++) {
          Ciphertext output = run.outputs().get(i);
          assertEquals(program.outputTypes().get(i), output.type());
          assertArrayEquals(expected, he.decrypt(output), 1e-6);
        }
      }
    }
  }

  @Test
  void timesAreGivenByLayerAndAddUpToAboutTheWholeRun() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 12, 2))) {
      ProgramBuilder builder = new ProgramBuilder(he.parameters);
      builder.layer("one");
      ProgramBuilder.Value x = builder.input(2, he.scale);
      builder.layer("two");
      for (int i = 0; i < 20; i++) {
        x = builder.rotate(x, 1);
      }
      builder.layer("three");
      builder.output(x);
      Program program = builder.build();
      try (ExecutableProgram executable = ExecutableProgram.load(he.context, program);
          EvaluationKeySet keys = he.keys(program.requiredKeys());
          Ciphertext c = he.encrypt(he.slots(new Random(1)));
          ExecutableProgram.Run run = executable.run(keys, List.of(c), null)) {
        long[] nanos = run.layerNanos();
        assertEquals(3, nanos.length);
        assertTrue(nanos[1] > 10 * (nanos[0] + nanos[2]), List.of(nanos[0], nanos[1], nanos[2]).toString());
        long sum = nanos[0] + nanos[1] + nanos[2];
        assertTrue(sum <= run.nanos() && sum > run.nanos() / 2, sum + " of " + run.nanos());
      }
    }
  }

  @Test
  void nativeMemoryOfKeysAndProgramsIsTold() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 10, 3));
        EvaluationKeySet keys = he.keys(List.of(he.rotation(1), he.relinearization()))) {
      // two digits of two halves, six limbs of 2^10 residues, per key; and the rotation's permutation
      LongStream primes = LongStream.concat(LongStream.of(he.parameters.modulusChain()), LongStream.of(he.parameters.specialPrimes()));
      long residues = primes.map(p -> p < 1L << 32 ? 4 : p < 1L << 40 ? 5 : p < 1L << 48 ? 6 : 8).sum();
      long bytes = 2L * 2 * 2 * 1024 * residues;
      assertTrue(keys.expandedBytes() >= bytes && keys.expandedBytes() <= bytes + 8192, keys.expandedBytes() + " bytes");
      ProgramBuilder builder = new ProgramBuilder(he.parameters);
      builder.output(builder.addPlain(builder.input(3, he.scale), new Constant.Vector(new double[] {1}, 1)));
      try (ExecutableProgram executable = ExecutableProgram.load(he.context, builder.build())) {
        assertEquals(4 * 1024 * 8, executable.encodedBytes());
      }
    }
  }

  private static byte[] withByte(byte[] blob, int at, int value) {
    byte[] changed = blob.clone();
    changed[at] = (byte) value;
    CRC32C crc = new CRC32C();
    crc.update(changed, 0, changed.length - 4);
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(changed.length - 4, (int) crc.getValue());
    return changed;
  }

  private static void assertMessage(Class<? extends Throwable> type, String part, HeFixture he, byte[] blob) {
    String message =
        assertThrows(
                type, () -> Engine.load("program", he.context, BlobKind.PROGRAM.code(), ByteBuffer.wrap(blob)).close())
            .getMessage();
    assertTrue(message.contains(part), "\"" + message + "\" should contain \"" + part + "\"");
  }
}
