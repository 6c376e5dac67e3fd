// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Answers of the latency packing that hide the model: what a client sees of them, and what a signature says of them. */
class HiddenSlotsTest {
  private static final int BITS = 60;
  private static final int PERIOD = 4;
  private static final ModelPrivacy PRIVACY = new ModelPrivacy(1000, 20, BITS);
  private static final Parameters PARAMETERS = ModulusChain.select(7, RingType.STANDARD, 50, 40, 2, 50, 1)
      .security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  private static final Scale SCALE = Scale.powerOfTwo(40);
  private static final double[] WEIGHTS = {0.5, -0.75};

  /** Two values of two features; the mean of their copies is flooded under the last input, whose scale is given, or it is not. */
  private static Program program(int bits, Scale zeroScale) {
    ProgramBuilder b = new ProgramBuilder(PARAMETERS);
    ProgramBuilder.Value x = b.input(2, SCALE);
    ProgramBuilder.Value zero = bits > 0 ? b.input(1, zeroScale) : null;
    ProgramBuilder.Value product = b.rotateMean(
        b.multiplyPlain(b.dropLevel(x, 1), new Constant.Vector(WEIGHTS, PERIOD), Scale.prime(1, 1)), PERIOD);
    b.output(b.rescale(bits > 0 ? b.flood(product, zero, bits) : product));
    return b.build();
  }

  private static double deviation() {
    return ModelPrivacy.deviation(BITS) * Math.sqrt(PERIOD) / Math.pow(2, SCALE.timesPrime(1, 1).log2(PARAMETERS));
  }

  private static Signature signature(Arrangement arrangement, CipherOutput... more) {
    double[] ones = {1, 1};
    Program program = program(BITS, SCALE);
    SignatureInput input = new SignatureInput("x", new int[] {2}, 2, PERIOD, SCALE, 2, new double[] {-1, -1}, ones, new double[2], ones);
    double error = 8 * deviation();
    List<CipherOutput> outputs = new ArrayList<>(List.of(new CipherOutput(
        CipherOutput.Kind.VALUE, 0, "y", 2, PERIOD, 0, SCALE, ones, new double[2], 1, error, error)));
    outputs.addAll(List.of(more));
    return new Signature("private", PARAMETERS.hashHex(), 0, List.of(input), outputs, Postprocessing.identity(List.of("y")),
        List.copyOf(program.requiredKeys()), arrangement);
  }

  /** Returns a signature of such answers. */
  static Signature hidden() {
    return signature(Arrangement.latency(PRIVACY));
  }

  @Test
  void theNoiseOfAnswersIsThatOfTheFloodingAndIsDrawnForEach() {
    double[] row = {0.5, 0.25};
    double[] expected = {0.25, -0.1875, 0, 0};
    Program program = program(BITS, SCALE);
    assertEquals(program, Program.fromBytes(PARAMETERS, ByteBuffer.wrap(program.toBytes())));
    Signature signature = hidden();
    signature.requireMatches(program);
    CipherOutput output = signature.cipherOutputs().get(0);
    try (Context context = Context.create(PARAMETERS);
        SecretKey key = SecretKey.generate(context);
        EvaluationKeySet keys = EvaluationKeySet.load(
            context, signature.keys().stream().map(new KeyGenerator(key)::evaluationKey).toList());
        ExecutableProgram executable = ExecutableProgram.load(context, program);
        Ciphertext x = new SecretEncryptor(key).encrypt(signature.inputs().get(0).pack(row, PARAMETERS.slots()), 2, SCALE);
        Ciphertext zero = new SecretEncryptor(key).encrypt(new double[1], 1, SCALE);
        Ciphertext other = new SecretEncryptor(key).encrypt(new double[1], 2, SCALE)) {
      Set<ByteBuffer> seconds = new HashSet<>();
      double squares = 0;
      int rounds = 60;
      for (int round = 0; round < rounds; round++) {
        try (ExecutableProgram.Run run = executable.run(keys, List.of(x, zero), null)) {
          byte[] bytes = run.outputs().get(0).toBytes();
          seconds.add(ByteBuffer.wrap(bytes, bytes.length - 104, 100));  // of c1, which the checksum follows
          Decryptor.Decrypted d = new Decryptor(key).decrypt(run.outputs().get(0));
          double[] values = signature.unpack(output, d.real(), d.imaginary(), d.coefficientFraction());
          for (int i = 0; i < PERIOD; i++) {
            double real = mean(d.real(), i) - expected[i];
            double imaginary = mean(d.imaginary(), i);
            assertEquals(i < 2 ? values[i] - expected[i] : real, real, 1e-12);
            squares += (real * real + imaginary * imaginary) / (2 * PERIOD * rounds);
          }
        }
      }
      assertEquals(rounds, seconds.size());
      assertEquals(1, Math.sqrt(squares) / deviation(), 0.15);
      assertThrows(RuntimeException.class, () -> executable.run(keys, List.of(x), null));
      assertThrows(RuntimeException.class, () -> executable.run(keys, List.of(x, other), null));
    }
  }

  private static double mean(double[] slots, int first) {
    double sum = 0;
    for (int j = first; j < slots.length; j += PERIOD) {
      sum += slots[j];
    }
    return sum * PERIOD / slots.length;
  }

  @Test
  void theSignatureSaysWhatTheProgramDoes() {
    Signature hidden = hidden();
    Signature read = Signature.fromBytes(ByteBuffer.wrap(hidden.toBytes()));
    assertEquals(hidden, read);
    assertEquals(PRIVACY, read.modelPrivacy().orElseThrow());
    assertEquals(new ValueType(Encoding.SLOTS, 1, 2, SCALE), read.zeroType());
    hidden.requireMatches(program(BITS, SCALE));
    refused("flooded by 60 bits", () -> hidden.requireMatches(program(BITS - 1, SCALE)));
    refused("the encryption of zero", () -> hidden.requireMatches(program(BITS, Scale.powerOfTwo(39))));
    refused("2 inputs, the program 1", () -> hidden.requireMatches(program(0, SCALE)));
    refused("1 inputs, the program 2", () -> signature(Arrangement.LATENCY).requireMatches(program(BITS, SCALE)));
    signature(Arrangement.LATENCY).requireMatches(program(0, SCALE));
    CipherOutput guard = new CipherOutput(
        CipherOutput.Kind.GUARD, 1, "guard", 2, PERIOD, 0, SCALE, new double[0], new double[0], 1, 1e-3, 0);
    refused("guards tell more", () -> signature(Arrangement.latency(PRIVACY), guard));
  }

  @Test
  void checksAreThoseOfMeansSinceEveryCoefficientIsFlooded() {
    Signature signature = hidden();
    CipherOutput output = signature.cipherOutputs().get(0);
    double error = output.slotError();
    double[] real = new double[PARAMETERS.slots()];
    for (int j = 0; j < real.length; j++) {
      real[j] = (j % PERIOD == 0 ? 0.5 : 0) + (j / PERIOD % 2 == 0 ? 100 : -100) * error;
    }
    assertArrayEquals(new double[] {0.5, 0}, signature.unpack(output, real, new double[real.length], 0.5), 1e-9);
    double[] shifted = new double[real.length];
    Arrays.setAll(shifted, j -> j % PERIOD == 3 ? 1.1 * error : 0);
    assertThrows(AnswerCheckException.class, () -> signature.unpack(output, shifted, new double[real.length], 0.5));
    assertThrows(AnswerCheckException.class, () -> signature.unpack(output, new double[real.length], shifted, 0.5));
    assertThrows(AnswerCheckException.class, () -> signature.unpack(output, new double[real.length], new double[real.length], 1.1));
    real[5] = Double.NaN;
    assertThrows(AnswerCheckException.class, () -> signature.unpack(output, real, new double[real.length], 0.5));
  }

  @Test
  void aMeanTakesAllSlots() {
    ProgramBuilder b = new ProgramBuilder(PARAMETERS);
    ProgramBuilder.Value x = b.input(1, SCALE);
    refused("rotations 3 apart are not the 64 slots", () -> b.rotateMean(x, 3));
    refused("rotations 0 apart", () -> b.rotateMean(x, 0));
    refused("rotations 128 apart", () -> b.rotateMean(x, 128));
    b.output(b.rotateMean(x, 16));
    double[] slots = new double[PARAMETERS.slots()];
    Arrays.setAll(slots, j -> j);
    double[] result = ReferenceEvaluator.run(b.build(), List.of(slots)).get(0);
    assertEquals(5 + 24, result[5], 1e-12);
    assertTrue(result.length >= 16);
  }

  private static void refused(String part, Runnable call) {
    String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
