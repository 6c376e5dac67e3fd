// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Answers that hide the model: what is flooded, what a client sees of it, and what is refused. */
class ModelPrivacyTest {
  private static final int BITS = 60;
  private static final ModelPrivacy PRIVACY = new ModelPrivacy(1000, 20, BITS);
  private static final Parameters PARAMETERS = ModulusChain.select(7, RingType.STANDARD, 50, 40, 1, 40, 0)
      .security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
  private static final ValueType IN = new ValueType(Encoding.COEFFICIENTS, 1, 2, Scale.powerOfTwo(45));
  private static final double[] WEIGHTS = {0.5, -0.25, 0, 0.75};
  private static final CoefficientBlocks BLOCKS = new CoefficientBlocks(4, 1, 1, 0, 16);

  /** One value of four features; flooded by so many bits under the last input, or not. */
  private static Program program(int bits) {
    ProgramBuilder b = new ProgramBuilder(PARAMETERS);
    ProgramBuilder.Value x = b.input(IN);
    ProgramBuilder.Value zero = bits > 0 ? b.input(IN) : null;
    double[] reversed = {WEIGHTS[3], WEIGHTS[2], WEIGHTS[1], WEIGHTS[0]};
    ProgramBuilder.Value product = b.multiplyPlain(x, new Constant.Vector(reversed, PARAMETERS.ringDegree()), Scale.powerOfTwo(40));
    ProgramBuilder.Value hidden = bits > 0 ? b.flood(product, zero, bits) : product;
    b.output(b.extract(b.rescale(hidden), new Indexes(BLOCKS.indexes(1, 0))));
    return b.build();
  }

  static Signature signature(ModelPrivacy privacy) {
    double[] ones = {1, 1, 1, 1};
    double[] low = {-1, -1, -1, -1};
    Program program = program(0);
    Scale scale = program.outputTypes().get(0).scale();
    SignatureInput input = new SignatureInput("x", new int[] {4}, 4, 1, IN.scale(), 1, low, ones, new double[4], ones);
    CipherOutput output = new CipherOutput(CipherOutput.Kind.VALUE, 0, "y", 1, 1, 0, scale, new double[] {1}, new double[1], 2, 1e-3, 1e-3);
    return new Signature("private", PARAMETERS.hashHex(), 0, List.of(input), List.of(output), Postprocessing.identity(List.of("y")), List.of(),
        Arrangement.coefficients(BLOCKS, privacy));
  }

  private static Ciphertext encrypt(SecretKey key, double[] numbers) {
    try (Plaintext plaintext = Plaintext.encodeCoefficients(key.context(), numbers, IN.level(), IN.scale())) {
      return new SecretEncryptor(key).encrypt(plaintext);
    }
  }

  @Test
  void answersOfOneRequestHaveTheValueAndDifferInAllElse() {
    double[] row = {1, 0.5, -0.75, 0.25};
    double expected = 0.5 - 0.125 + 0.1875;
    Program program = program(BITS);
    assertEquals(program, Program.fromBytes(PARAMETERS, ByteBuffer.wrap(program.toBytes())));
    assertEquals(expected, ReferenceEvaluator.run(program, List.of(row, new double[1])).get(0)[3], 1e-12);
    try (Context context = Context.create(PARAMETERS);
        SecretKey key = SecretKey.generate(context);
        ExecutableProgram open = ExecutableProgram.load(context, program(0));
        ExecutableProgram executable = ExecutableProgram.load(context, program);
        Ciphertext x = encrypt(key, row);
        Ciphertext zero = encrypt(key, new double[1])) {
      Set<ByteBuffer> answers = new TreeSet<>();
      Set<Double> values = new TreeSet<>();
      double scale = Math.pow(2, program.outputTypes().get(0).scale().log2(PARAMETERS));
      double deviation = ModelPrivacy.deviation(BITS) / Math.pow(2, 85);
      double squares = 0;
      int rounds = 40;
      for (int round = 0; round < rounds; round++) {
        try (ExecutableProgram.Run run = executable.run(null, List.of(x, zero), null)) {
          answers.add(ByteBuffer.wrap(run.outputs().get(0).toBytes()));
          double[] coefficients = new Decryptor(key).decrypt(run.outputs().get(0)).real();
          values.add(coefficients[3]);
          assertEquals(expected, coefficients[3], 7 * deviation + 100 / scale);
          for (int i : BLOCKS.indexes(1, 0)) {
            squares += Math.pow(coefficients[i] - (i == 3 ? expected : 0), 2) / BLOCKS.indexes(1, 0).length / rounds;
          }
        }
        try (ExecutableProgram.Run run = open.run(null, List.of(x), null)) {
          assertEquals(expected, new Decryptor(key).decrypt(run.outputs().get(0)).real()[3], 100 / scale);
        }
      }
      assertEquals(rounds, answers.size());
      assertEquals(rounds, values.size());
      assertEquals(1, Math.sqrt(squares) / deviation, 0.15);
    }
  }

  @Test
  void onlyASeededEncryptionOfZeroIsTaken() {
    try (Context context = Context.create(PARAMETERS);
        SecretKey key = SecretKey.generate(context);
        PublicKey publicKey = new KeyGenerator(key).publicKey();
        ExecutableProgram executable = ExecutableProgram.load(context, program(BITS));
        Ciphertext x = encrypt(key, new double[4]);
        Plaintext none = Plaintext.encodeCoefficients(context, new double[1], IN.level(), IN.scale());
        Ciphertext chosen = new Encryptor(context, publicKey).encrypt(none)) {
      String message = assertThrows(IllegalArgumentException.class, () -> executable.run(null, List.of(x, chosen), null)).getMessage();
      assertTrue(message.contains("seeded"), message);
      try (Ciphertext zero = encrypt(key, new double[1]);
          Ciphertext sent = Ciphertext.fromBytes(context, ByteBuffer.wrap(zero.toBytes()));
          ExecutableProgram.Run run = executable.run(null, List.of(x, sent), null)) {
        assertFalse(run.outputs().get(0).isTransparent());
      }
    }
  }

  @Test
  void theSignatureSaysWhatTheProgramDoes() {
    Signature open = signature(null);
    Signature hidden = signature(PRIVACY);
    assertEquals(hidden, Signature.fromBytes(ByteBuffer.wrap(hidden.toBytes())));
    assertEquals(PRIVACY, Signature.fromBytes(ByteBuffer.wrap(hidden.toBytes())).modelPrivacy().orElseThrow());
    assertNotEquals(open.sha256(), hidden.sha256());
    open.requireMatches(program(0));
    hidden.requireMatches(program(BITS));
    assertThrows(IllegalArgumentException.class, () -> open.requireMatches(program(BITS)));
    assertThrows(IllegalArgumentException.class, () -> hidden.requireMatches(program(0)));
    String message = assertThrows(IllegalArgumentException.class, () -> hidden.requireMatches(program(BITS - 1))).getMessage();
    assertTrue(message.contains("flooded by 60 bits"), message);
    assertThrows(IllegalArgumentException.class, () -> new Arrangement(RowPacking.THROUGHPUT, null, null, null, PRIVACY));
    assertThrows(IllegalArgumentException.class, () -> new Arrangement(RowPacking.LATENCY, new Sharing(1, 20, 0), null, null, PRIVACY));
    assertThrows(IllegalArgumentException.class, () -> signature(new ModelPrivacy(1, 20, 0)));
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheNumbers() {
    ProgramBuilder b = new ProgramBuilder(PARAMETERS);
    ProgramBuilder.Value x = b.input(IN);
    ProgramBuilder.Value made = b.negate(x);
    ProgramBuilder.Value slots = b.input(1, Scale.powerOfTwo(45));
    ProgramBuilder.Value low = b.input(new ValueType(Encoding.COEFFICIENTS, 0, 2, Scale.powerOfTwo(30)));
    refused("which is no input", () -> b.flood(x, made, 10));
    refused("encodings", () -> b.flood(x, slots, 10));
    refused("levels 1 and 0", () -> b.flood(x, low, 10));
    refused("flooding of 0", () -> b.flood(x, x, 0));
    refused("flooding of 85 bits at level 1", () -> b.flood(x, x, 85));
    refused("private answers", () -> new ModelPrivacy(0, 20, 1));
    refused("statistical bits", () -> new ModelPrivacy(1, 9, 1));
    refused("101 bits", () -> new ModelPrivacy(1, 20, 101));
    refused("more than 100 bits", () -> PRIVACY.hiding(1e30, 1));
    ModelPrivacy hiding = PRIVACY.hiding(1000, 17);
    double least = new Sharing(1000, 20, 0).factor(17) * 1000;
    assertTrue(ModelPrivacy.deviation(hiding.floodBits()) >= least && ModelPrivacy.deviation(hiding.floodBits() - 1) < least);
    assertArrayEquals(new double[] {3.19, Math.sqrt(5) * 3.19}, new double[] {ModelPrivacy.deviation(1), ModelPrivacy.deviation(2)}, 1e-9);
  }

  private static void refused(String part, Runnable call) {
    String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
