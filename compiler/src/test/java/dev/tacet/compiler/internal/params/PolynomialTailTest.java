// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Constant;
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
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The worst slot of a polynomial on the engine, at inputs near 0, where noise carries T_2 below -1. */
class PolynomialTailTest {
  private static final int LOG_RING_DEGREE = 14;
  private static final int DEPTH = 7;

  /** The Chebyshev series of max(x, 0), of even degree. */
  private static double[] relu(int degree) {
    double[] c = new double[degree + 1];
    c[0] = 1 / Math.PI;
    c[1] = 0.5;
    for (int k = 2; k <= degree; k += 2) {
      c[k] = (k / 2 % 2 == 1 ? 2 : -2) / Math.PI / ((double) k * k - 1);
    }
    return c;
  }

  @ParameterizedTest(name = "scale 2^{0}")
  @CsvSource({"23, 1e-2", "27, 1e-4"})
  void theTailBoundsTheWorstSlot(int logScale, double seen) {
    double[] coefficients = relu(126);
    Parameters parameters = ModulusChain.select(LOG_RING_DEGREE, RingType.STANDARD, logScale + 8, logScale, DEPTH, 40, 2)
        .security(SecurityLevel.CLASSICAL_128).digitSize(2).build();
    double worst = worst(parameters, coefficients, logScale);
    double tail = new NoiseModel(parameters).polynomialTail(coefficients, logScale);
    assertTrue(worst <= tail, "the worst slot is off by " + worst + ", the tail is " + tail);
    assertTrue(worst >= seen, "the worst slot is off by " + worst + ": the effect is no longer seen");
  }

  private static double worst(Parameters parameters, double[] coefficients, int logScale) {
    Scale scale = Scale.powerOfTwo(logScale);
    ProgramBuilder builder = new ProgramBuilder(parameters);
    builder.output(builder.polynomial(
        builder.input(DEPTH, scale), new Constant.Polynomial(Constant.Basis.CHEBYSHEV, coefficients), scale));
    Program program = builder.build();
    double[] slots = new Random(1).doubles(parameters.slots(), -1e-3, 1e-3).toArray();
    double[] exact = ReferenceEvaluator.run(program, List.of(slots)).get(0);
    double worst = 0;
    try (Context context = Context.create(parameters);
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram executable = ExecutableProgram.load(context, program);
        EvaluationKeySet keys = EvaluationKeySet.load(context, blobs(secret, program));
        Ciphertext input = new SecretEncryptor(secret).encrypt(slots, DEPTH, scale);
        ExecutableProgram.Run run = executable.run(keys, List.of(input), null)) {
      double[] real = new Decryptor(secret).decrypt(run.outputs().get(0)).real();
      for (int j = 0; j < real.length; j++) {
        worst = Math.max(worst, Math.abs(real[j] - exact[j]));
      }
    }
    return worst;
  }

  private static List<ByteBuffer> blobs(SecretKey secret, Program program) {
    KeyGenerator generator = new KeyGenerator(secret);
    return program.requiredKeys().stream().map(generator::evaluationKey).toList();
  }
}
