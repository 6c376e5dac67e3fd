// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ProgramBuilder.Value;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DiagonalsTest {
  private static final Parameters PARAMETERS = Samples.parameters();
  private static final Scale DELTA = Scale.powerOfTwo(30);

  /** A 3 x 3 convolution's nine shifts of a 16 x 16 image in a period of 256, without what crosses the border. */
  static Diagonals convolution() {
    List<Diagonals.Term> terms = new ArrayList<>();
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        List<Integer> slots = new ArrayList<>();
        for (int j = 0; j < 256; j++) {
          int y = j / 16 + dy;
          int x = j % 16 + dx;
          if (y >= 0 && y < 16 && x >= 0 && x < 16) {
            slots.add(j);
          }
        }
        double weight = 1 + 3 * dy + dx;
        terms.add(new Diagonals.Term(16 * dy, dx, slots.stream().mapToInt(i -> i).toArray(),
            slots.stream().mapToDouble(i -> weight).toArray()));
      }
    }
    return new Diagonals(256, terms);
  }

  private static Program program(Diagonals diagonals) {
    ProgramBuilder b = new ProgramBuilder(PARAMETERS);
    b.output(b.rescale(b.linearTransform(b.input(3, DELTA), diagonals, Scale.prime(3, 1))));
    return b.build();
  }

  /** Three diagonals in an input, transform, rescale, output; level 1 and 8 slots or more. */
  static Program small(Parameters parameters) {
    Diagonals diagonals = new Diagonals(8, List.of(term(-4, 0, 0, 7), term(0, -1, 3), term(0, 2, 1, 2, 4)));
    ProgramBuilder b = new ProgramBuilder(parameters);
    b.output(b.rescale(b.linearTransform(b.input(1, DELTA), diagonals, Scale.prime(1, 1))));
    return b.build();
  }

  private static Diagonals.Term term(int giant, int baby, int... slots) {
    double[] ones = new double[slots.length];
    Arrays.fill(ones, 1);
    return new Diagonals.Term(giant, baby, slots, ones);
  }

  @Test
  void theReferenceComputesAConvolution() {
    double[] image = new Random(1).doubles(256, -1, 1).toArray();
    double[] out = ReferenceEvaluator.run(program(convolution()), List.of(image)).get(0);
    for (int j = 0; j < out.length; j++) {
      double expected = 0;
      for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
          int y = j % 256 / 16 + dy;
          int x = j % 16 + dx;
          expected += y >= 0 && y < 16 && x >= 0 && x < 16 ? (1 + 3 * dy + dx) * image[16 * y + x] : 0;
        }
      }
      assertEquals(expected, out[j], 1e-12, "slot " + j);
    }
  }

  @Test
  void keysAreThoseOfTheBabyStepsAndOfTheDistancesOfGiantSteps() {
    TreeSet<KeyRequirement> expected = new TreeSet<>();
    for (int steps : new int[] {-1, 1, 16, -16}) {
      expected.add(new KeyRequirement(PARAMETERS.galoisElement(steps), 3));
    }
    assertEquals(expected, program(convolution()).requiredKeys());
    assertEquals(List.of(1, 3, 4, 2),
        new Diagonals(8, 2, List.of(term(0, 0, 1), term(0, 1, 1), term(2, 1, 1), term(4, 3, 3), term(6, 0, 3))).rotations());
    assertEquals(List.of(3, 5, 2), new Diagonals(8, List.of(term(0, 0, 1), term(5, 3, 2), term(7, 0, 3))).rotations());
  }

  @Test
  void bytesComeBackAsTheyWere() {
    byte[] bytes = program(convolution()).toBytes();
    Program read = Program.fromBytes(PARAMETERS, ByteBuffer.wrap(bytes));
    assertEquals(program(convolution()), read);
    assertArrayEquals(bytes, read.toBytes());
  }

  @Test
  void whateverIsDoneToTheBytesReadingIsCanonicalOrATypedError() {
    byte[] blob = small(PARAMETERS).toBytes();
    byte[] body = Arrays.copyOfRange(blob, 48, blob.length - 4);
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] changed = random.nextInt(4) == 0 ? Arrays.copyOf(body, random.nextInt(body.length)) : body.clone();
      for (int k = random.nextInt(3); k >= 0 && changed.length > 0; k--) {
        changed[random.nextInt(changed.length)] = (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(2) * 255);
      }
      byte[] wrapped = Blob.write(BlobKind.PROGRAM, PARAMETERS.hash(), changed);
      try {
        assertArrayEquals(wrapped, Program.fromBytes(PARAMETERS, ByteBuffer.wrap(wrapped)).toBytes());
      } catch (MalformedException | UnsupportedException expected) {
        refused++;
      }
    }
    assertTrue(refused > 10_000, refused + " of 20000 refused");
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheNumbers() {
    refused("none", () -> new Diagonals(8, List.of()));
    refused("paired at a distance of -1", () -> new Diagonals(8, -1, List.of(term(0, 0, 0))));
    refused("period 12", () -> new Diagonals(12, List.of(term(0, 0, 0))));
    refused("slot 8, the period is 8", () -> new Diagonals(8, List.of(term(0, 0, 8))));
    refused("slot 1 is 3", () -> term(0, 0, 3, 3));
    refused("less than 65536", () -> term(65536, 0, 3));
    refused("no values", () -> term(0, 0));
    refused("2 slots and 1 values", () -> new Diagonals.Term(0, 0, new int[] {1, 2}, new double[] {1}));
    refused("must be finite", () -> new Diagonals.Term(0, 0, new int[] {1}, new double[] {Double.NaN}));
    refused("does not come after", () -> new Diagonals(8, List.of(term(0, 1, 0), term(0, 1, 0))));
    refused("does not come after", () -> new Diagonals(8, List.of(term(1, 0, 0), term(0, 1, 0))));
    List<Diagonals.Term> many = new ArrayList<>();
    for (int baby = 0; baby < 4096; baby++) {
      many.add(term(0, baby, 0));
    }
    refused("4096 baby steps, at most 4095", () -> new Diagonals(8, many));
    refused("a step of 5000", () -> program(new Diagonals(8, 5000, List.of(term(0, 0, 0)))));
    refused("a step of 4096", () -> program(new Diagonals(8, List.of(term(0, 4096, 0)))));
    refused("a step of 4100", () -> program(new Diagonals(8, List.of(term(-2000, 0, 0), term(2100, 0, 0)))));
    refused("period 8192", () -> program(new Diagonals(8192, List.of(term(0, 0, 0)))));
  }

  private static void refused(String text, Executable make) {
    String message = assertThrows(IllegalArgumentException.class, make).getMessage();
    assertTrue(message.contains(text), message);
  }

  @Test
  void pairsOfGiantStepsTakeHalfOfTheProductsAndAConjugation() {
    Diagonals pairs = new Diagonals(256, 16, convolution().terms());
    assertEquals(9, convolution().products());
    assertEquals(6, pairs.products());  // -16 with 0, and 16
    TreeSet<KeyRequirement> expected = new TreeSet<>();
    for (int steps : new int[] {-1, 1, -16, 32, 16}) {
      expected.add(new KeyRequirement(PARAMETERS.galoisElement(steps), 3));
    }
    expected.add(new KeyRequirement(PARAMETERS.conjugationElement(), 3));
    Program program = program(pairs);
    assertEquals(expected, program.requiredKeys());
    assertEquals(program, Program.fromBytes(PARAMETERS, ByteBuffer.wrap(program.toBytes())));
    theEngineAgreesWithTheReference(RingType.STANDARD, pairs);
  }

  @ParameterizedTest
  @EnumSource(RingType.class)
  void theEngineAgreesWithTheReferenceOnAConvolution(RingType ring) {
    theEngineAgreesWithTheReference(ring, convolution());
  }

  private static void theEngineAgreesWithTheReference(RingType ring, Diagonals diagonals) {
    try (HeFixture he = new HeFixture(HeFixture.parameters(ring, 10, 2))) {
      ProgramBuilder b = new ProgramBuilder(he.parameters);
      Value x = b.input(2, he.scale);
      b.output(b.rescale(b.linearTransform(x, diagonals, Scale.prime(2, 1))));
      Program program = b.build();
      double[] image = new Random(3).doubles(256, -1, 1).toArray();
      double[] slots = new double[he.parameters.slots()];
      Arrays.setAll(slots, j -> image[j % 256]);
      double[] expected = ReferenceEvaluator.run(program, List.of(slots)).get(0);
      try (ExecutableProgram executable = ExecutableProgram.load(he.context, program);
          EvaluationKeySet keys = he.keys(program.requiredKeys());
          Ciphertext input = he.encrypt(slots);
          ExecutableProgram.Run run = executable.run(keys, List.of(input), null)) {
        assertTrue(HeFixture.maxDifference(expected, he.decrypt(run.outputs().get(0))) < 1e-4);
      }
    }
  }
}
