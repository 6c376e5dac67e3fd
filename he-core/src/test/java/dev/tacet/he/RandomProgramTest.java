// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * decrypt(run(P, encrypt(x))) = reference(P, x), for random programs. The seed is in each case's name; one of them is new every
 * time, and {@code -Dtacet.test.seed=N} repeats it.
 */
final class RandomProgramTest {
  /**
   * Scale 2^40 less the noise of at most six levels in a ring of degree 2^7 or 2^8 leaves 2^-25; values and sums of up to 8 times
   * and amplification by later products are in the three bits above.
   */
  private static final double BOUND = 1e-6;

  static Stream<Arguments> seeds() {
    return Stream.of(RingType.values()).flatMap(ring ->
        LongStream.concat(
                LongStream.rangeClosed(1, 40), LongStream.of(Long.getLong("tacet.test.seed", System.nanoTime())))
            .mapToObj(seed -> Arguments.of(ring, seed)));
  }

  @ParameterizedTest(name = "{0}, seed {1}")
  @MethodSource("seeds")
  void anEncryptedRunAgreesWithTheReference(RingType ring, long seed) {
    Parameters parameters = HeFixture.parameters(ring, 7 + (int) Math.floorMod(seed, 2L), 4 + (int) Math.floorMod(seed, 3L));
    RandomProgram random = new RandomProgram(parameters, seed, 24);
    Program program = Program.fromBytes(parameters, ByteBuffer.wrap(random.program.toBytes()));
    List<double[]> expected = ReferenceEvaluator.run(program, random.inputs);
    try (HeFixture he = new HeFixture(parameters);
        ExecutableProgram executable = ExecutableProgram.load(he.context, program);
        EvaluationKeySet keys = he.keys(program.requiredKeys());
        Inputs inputs = new Inputs(random.inputs.stream().map(he::encrypt).toList());
        ExecutableProgram.Run run = executable.run(keys, inputs.ciphertexts(), null)) {
      List<ValueType> types = new ArrayList<>();
      program.outputTypes().forEach(type -> types.addAll(Collections.nCopies(type.length(), type.withLength(1))));
      assertEquals(program.layers().size(), run.layerNanos().length);
      assertEquals(expected.size(), run.outputs().size());
      for (int i = 0; i < expected.size(); i++) {
        Ciphertext output = run.outputs().get(i);
        assertEquals(types.get(i), output.type(), "type of output " + i + ", seed " + seed);
        double difference = HeFixture.maxDifference(expected.get(i), he.decrypt(output));
        assertTrue(difference <= BOUND, "output " + i + " differs by " + difference + ", seed " + seed);
      }
    }
  }

  private record Inputs(List<Ciphertext> ciphertexts) implements AutoCloseable {
    @Override
    public void close() {
      ciphertexts.forEach(Ciphertext::close);
    }
  }
}
