// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Constant;
import dev.tacet.he.Context;
import dev.tacet.he.Encoding;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretKey;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limbs counted by hand: N = 2^7, six chain primes and two special ones, digits of one prime. */
class HostMemoryTest {
  private static final Parameters PARAMETERS = ModulusChain.select(7, RingType.STANDARD, 50, 40, 5, 50, 2)
      .security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  private static final long LIMB = 8L << 7;
  private static final Scale SCALE = Scale.powerOfTwo(40);

  private final ProgramBuilder builder = new ProgramBuilder(PARAMETERS);

  private long runLimbs(int threads) {
    long run = HostMemory.of(builder.build(), threads).run();
    assertEquals(0, run % LIMB);
    return run / LIMB;
  }

  @Test
  void inputsLiveToTheEndAndOthersToTheirLastUse() {
    ProgramBuilder.Value x = builder.input(5, SCALE);
    ProgramBuilder.Value low = builder.dropLevel(x, 2);
    builder.output(builder.dropLevel(low, 0));
    assertEquals(2 * 6 + 2 * 3 + 2, runLimbs(1));
  }

  @Test
  void aKeySwitchHoldsItsDigitsAndTwoSums() {
    builder.output(builder.rotate(builder.input(5, SCALE), 1));
    int extended = 6 + PARAMETERS.specialPrimes().length;
    int digits = PARAMETERS.digits(5);
    assertEquals(2 * 6 + 2 * 6 + (digits + 2) * extended, runLimbs(1));
    assertEquals(0, HostMemory.of(builder.build(), 1).constants());
  }

  @ParameterizedTest
  @CsvSource({"31, 4", "39, 5", "47, 6", "49, 8"})
  void residuesOfKeysTakeAsManyBytesAsTheirPrimeNeeds(int bits, int bytes) {
    Parameters chosen = ModulusChain.select(7, RingType.STANDARD, 50, bits, 5, 50, 2).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
    ProgramBuilder rotation = new ProgramBuilder(chosen);
    rotation.output(rotation.rotate(rotation.input(5, Scale.powerOfTwo(bits)), 1));
    int whole = 1 + chosen.specialPrimes().length;  // of 50 bits
    assertEquals(2L * chosen.digits(5) * (8 * whole + 5 * bytes) << 7, HostMemory.of(rotation.build(), 1).keys());
  }

  @ParameterizedTest
  @CsvSource({"31", "39", "47", "49"})
  void keysTakeWhatTheEngineSays(int bits) {
    Parameters chosen = ModulusChain.select(7, RingType.STANDARD, 50, bits, 5, 50, 2).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
    ProgramBuilder square = new ProgramBuilder(chosen);
    square.output(square.relinearize(square.square(square.input(5, Scale.powerOfTwo(bits)))));
    Program program = square.build();
    try (Context context = Context.create(chosen);
        SecretKey secret = SecretKey.generate(context);
        EvaluationKeySet keys = EvaluationKeySet.load(
            context, program.requiredKeys().stream().map(new KeyGenerator(secret)::evaluationKey).toList())) {
      assertEquals(keys.expandedBytes(), HostMemory.of(program, 1).keys());
    }
  }

  @Test
  void elementsOfAVectorAreAtWorkOnAsManyThreadsAsThereAre() {
    builder.output(builder.rotate(builder.input(new ValueType(Encoding.SLOTS, 1, 2, SCALE, 3)), 1));
    int keySwitch = (PARAMETERS.digits(1) + 2) * (2 + PARAMETERS.specialPrimes().length);
    int values = 2 * 3 * 2 * 2;
    assertEquals(values + keySwitch, runLimbs(1));
    assertEquals(values + 2 * keySwitch, runLimbs(2));
    assertEquals(values + 3 * keySwitch, runLimbs(8));
  }

  @Test
  void aPolynomialHoldsItsBasis() {
    double[] dense = new double[32];
    Arrays.fill(dense, 0.1);
    builder.output(builder.polynomial(builder.input(5, SCALE), new Constant.Polynomial(Constant.Basis.CHEBYSHEV, dense), SCALE));
    // T_2 at level 4, T_3 and T_4 at 3, T_8 at 2, T_16 at 1 in the least case: babies below 4 and giants
    int basis = 2 * (5 + 2 * 4 + 3 + 2);
    long limbs = runLimbs(1);
    assertTrue(limbs >= 2 * 6 + 2 + basis, limbs + " limbs");
    assertTrue(limbs <= 2 * 6 + 2 + 2 * 31 * 5 + 6 * 5 * 6 + 100, limbs + " limbs are more than a basis of all 31 elements takes");
  }
}
