// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Predicted deviations beside those of the engine. */
class NoiseModelTest {
  private static final int LOG_RING_DEGREE = 12;
  private static final int LOG_SCALE = 40;
  private static final int LEVEL = 3;

  /** Special primes little larger than a digit leave the noise of the key's own errors above that of rounding. */
  @ParameterizedTest(name = "{0}, digits of {1} primes")
  @CsvSource({"STANDARD, 1", "STANDARD, 2", "CONJUGATE_INVARIANT, 1", "CONJUGATE_INVARIANT, 2"})
  void aKeySwitchHasThePredictedNoise(RingType ring, int digitSize) {
    Parameters parameters = ModulusChain.select(LOG_RING_DEGREE, ring, LOG_SCALE, LOG_SCALE, LEVEL, LOG_SCALE + 1, digitSize)
        .security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
    NoiseModel model = new NoiseModel(parameters);
    assertTrue(model.keyProduct(LEVEL, LOG_SCALE) > 1.5 * model.rescale(LOG_SCALE) || digitSize > 1, "the key's errors are not seen");
    double predicted = model.realPart() * Math.hypot(model.keySwitch(LEVEL, LOG_SCALE), model.freshSecret(LOG_SCALE));
    assertEquals(1, ofARotation(parameters) / predicted, 0.15, "of the predicted deviation");
  }

  /** Root mean square of the errors of a rotated ciphertext's slots. */
  private static double ofARotation(Parameters parameters) {
    Scale scale = Scale.powerOfTwo(LOG_SCALE);
    ProgramBuilder builder = new ProgramBuilder(parameters);
    builder.output(builder.rotate(builder.input(LEVEL, scale), 5));
    Program program = builder.build();
    double[] slots = new Random(1).doubles(parameters.slots(), -1, 1).toArray();
    double[] exact = ReferenceEvaluator.run(program, List.of(slots)).get(0);
    try (Context context = Context.create(parameters);
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram executable = ExecutableProgram.load(context, program);
        EvaluationKeySet keys = EvaluationKeySet.load(
            context, program.requiredKeys().stream().map(new KeyGenerator(secret)::evaluationKey).toList());
        Ciphertext input = new SecretEncryptor(secret).encrypt(slots, LEVEL, scale);
        ExecutableProgram.Run run = executable.run(keys, List.of(input), null)) {
      double[] real = new Decryptor(secret).decrypt(run.outputs().get(0)).real();
      double squares = 0;
      for (int j = 0; j < real.length; j++) {
        squares += Math.pow(real[j] - exact[j], 2);
      }
      return Math.sqrt(squares / real.length);
    }
  }
}
