// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.CipherOutput.Kind;
import dev.tacet.he.secret.Decryptor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two values in one ciphertext, and a guard beside an answer. */
class ComplexOutputTest {
  private static final Signature SIGNATURE = Samples.artifact().signature();
  private static final CipherOutput OUTPUT = SIGNATURE.cipherOutputs().get(0);

  @Test
  void theEngineAgreesWithTheReferenceInBothParts() {
    try (HeFixture he = new HeFixture(HeFixture.parameters(10, 1))) {
      ProgramBuilder b = new ProgramBuilder(he.parameters);
      ProgramBuilder.Value x = b.input(1, he.scale);
      ProgramBuilder.Value y = b.input(1, he.scale);
      b.output(b.complex(x, b.add(y, y)));
      Program program = b.build();
      assertEquals(program, Program.fromBytes(he.parameters, ByteBuffer.wrap(program.toBytes())));
      double[] real = he.slots(new Random(1));
      double[] imaginary = he.slots(new Random(2));
      double[] expected = ReferenceEvaluator.run(program, List.of(real, imaginary)).get(0);
      int slots = real.length;
      assertEquals(2 * slots, expected.length);
      try (ExecutableProgram executable = ExecutableProgram.load(he.context, program);
          EvaluationKeySet keys = he.keys(program.requiredKeys());
          Ciphertext first = he.encrypt(real);
          Ciphertext second = he.encrypt(imaginary);
          ExecutableProgram.Run run = executable.run(keys, List.of(first, second), null)) {
        Decryptor.Decrypted decrypted = he.decryptor.decrypt(run.outputs().get(0));
        for (int j = 0; j < slots; j++) {
          assertEquals(real[j], expected[j]);
          assertEquals(2 * imaginary[j], expected[slots + j]);
          assertEquals(expected[j], decrypted.real()[j], 1e-6);
          assertEquals(expected[slots + j], decrypted.imaginary()[j], 1e-6);
        }
      }
    }
  }

  @Test
  void onlyAnOutputTakesComplexSlotsAndOnlyTheStandardRingHasThem() {
    ProgramBuilder b = new ProgramBuilder(Samples.parameters());
    ProgramBuilder.Value x = b.input(1, Scale.powerOfTwo(30));
    ProgramBuilder.Value complex = b.complex(x, x);
    String message = assertThrows(IllegalArgumentException.class, () -> b.negate(complex)).getMessage();
    assertTrue(message.contains("complex: only an OUTPUT takes it"), message);
    ProgramBuilder.Value lower = b.dropLevel(x, 0);
    assertThrows(IllegalArgumentException.class, () -> b.complex(x, lower));
    ProgramBuilder real = new ProgramBuilder(HeFixture.parameters(RingType.CONJUGATE_INVARIANT, 10, 1));
    ProgramBuilder.Value z = real.input(1, Scale.powerOfTwo(30));
    assertThrows(UnsupportedException.class, () -> real.complex(z, z));
  }

  private static CipherOutput guard(Kind kind, int programOutput, Scale scale) {
    return new CipherOutput(kind, programOutput, "guard", 2, 2, OUTPUT.level(), scale, new double[0], new double[0], 0.9, 0.01, 0);
  }

  private static Signature with(CipherOutput... guards) {
    List<CipherOutput> outputs = new java.util.ArrayList<>(List.of(OUTPUT));
    outputs.addAll(List.of(guards));
    return new Signature(SIGNATURE.model(), SIGNATURE.parametersHash(), SIGNATURE.securityBits(), SIGNATURE.inputs(), outputs,
        SIGNATURE.tail(), SIGNATURE.keys());
  }

  @Test
  void aGuardBesideAnAnswerIsCheckedWithItAndTakesNoCiphertext() {
    CipherOutput guard = guard(Kind.IMAGINARY_GUARD, 0, OUTPUT.scale());
    Signature signature = with(guard);
    assertEquals(0, signature.ciphertexts(guard));
    assertEquals(1, signature.ciphertexts(OUTPUT));
    assertEquals(signature, Signature.fromBytes(ByteBuffer.wrap(signature.toBytes())));
    double[] real = {0.5, -0.25, 0, 0, 0.5, -0.25, 0, 0};
    double[] inside = {0.8, -0.9, 0.8, -0.9, 0.8, -0.9, 0.8, -0.9};
    assertArrayEquals(OUTPUT.unpack(real, null, 0.5), signature.unpack(OUTPUT, real, inside, 0.5));
    double[] outside = {0.901, -0.9, 0.901, -0.9, 0.901, -0.9, 0.901, -0.9};  // by less than the noise may be
    String message =
        assertThrows(AnswerCheckException.class, () -> signature.unpack(OUTPUT, real, outside, 0.5)).getMessage();
    assertTrue(message.contains("output guard") && message.contains("beyond its bound"), message);
    assertThrows(AnswerCheckException.class, () -> SIGNATURE.unpack(OUTPUT, real, inside, 0.5), "no guard, imaginary parts are noise");
    assertThrows(IllegalArgumentException.class, () -> signature.unpack(OUTPUT, real, null, 0.5));
  }

  @Test
  void imaginaryPartsHoldOneGuardOfTheOutputsOwnScale() {
    CipherOutput guard = guard(Kind.IMAGINARY_GUARD, 0, OUTPUT.scale());
    assertThrows(IllegalArgumentException.class, () -> with(guard, guard));
    assertThrows(IllegalArgumentException.class, () -> with(guard(Kind.IMAGINARY_GUARD, 1, OUTPUT.scale())));
    assertThrows(IllegalArgumentException.class, () -> with(guard(Kind.IMAGINARY_GUARD, 0, Scale.powerOfTwo(3))));
  }
}
