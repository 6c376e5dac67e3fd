// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The coefficient packing: layout, program on the engine and in the clear, checks of answers. */
class CoefficientPackingTest {
  private static LinearSample small() {
    return new LinearSample(6, 0, new int[] {7}, 3, new CoefficientBlocks(7, 4, 1, 0, 16), 1);
  }

  private static double[] row(int features, long seed) {
    return new Random(seed).doubles(features, -1, 1).toArray();
  }

  private static double[] unpack(LinearSample sample, List<double[]> coefficients, double fraction) {
    double[] fractions = new double[coefficients.size()];
    Arrays.fill(fractions, fraction);
    return CoefficientLayout.of(sample.signature, sample.parameters).unpack(sample.output(), coefficients, fractions);
  }

  @Test
  void randomMapsAreComputedInTheClearAndOnTheEngineUnderBothKeys() {
    Random random = new Random(5);
    for (int round = 0; round < 25; round++) {
      int[] inputs = random.ints(1 + random.nextInt(3), 1, 20).toArray();
      int values = 1 + random.nextInt(9);
      int digits = 1 + random.nextInt(3);
      int block = 1 + random.nextInt(12);
      int rows = 1 + random.nextInt(Math.min(values * digits + 2, (128 - 15) / block - 1));
      CoefficientBlocks blocks = new CoefficientBlocks(block, rows, digits, digits == 1 ? 0 : 8, 16);
      LinearSample sample = new LinearSample(7, round % 2, inputs, values, blocks, round);
      double[] row = row(Arrays.stream(inputs).sum(), round);
      double[] expected = sample.clear(row);
      double tolerance = 10 * row.length * Math.scalb(1.0, -LinearSample.LOG_WEIGHT - 1 - blocks.digitBits() * (digits - 1)) + 1e-7;
      assertArrayEquals(expected, unpack(sample, ReferenceEvaluator.run(sample.program, sample.pack(row)), 0), tolerance, blocks.toString());
      try (Context context = Context.create(sample.parameters);
          SecretKey key = SecretKey.generate(context);
          PublicKey publicKey = new KeyGenerator(key).publicKey();
          ExecutableProgram program = ExecutableProgram.load(context, sample.program)) {
        SecretEncryptor secret = new SecretEncryptor(key);
        Encryptor open = new Encryptor(context, publicKey);
        for (Function<Plaintext, Ciphertext> encrypt : List.<Function<Plaintext, Ciphertext>>of(secret::encrypt, open::encrypt)) {
          assertArrayEquals(expected, answer(sample, program, encrypt, key, row), tolerance + 1e-3, blocks.toString());
        }
      }
    }
  }

  private static double[] answer(
      LinearSample sample, ExecutableProgram program, Function<Plaintext, Ciphertext> encrypt, SecretKey key, double[] row) {
    List<Ciphertext> inputs = new ArrayList<>();
    for (double[] coefficients : sample.pack(row)) {
      SignatureInput input = sample.signature.inputs().get(0);
      try (Plaintext plaintext = Plaintext.encodeCoefficients(program.context(), coefficients, input.level(), input.scale())) {
        inputs.add(encrypt.apply(plaintext));
      }
    }
    try (ExecutableProgram.Run run = program.run(null, inputs, null)) {
      List<double[]> coefficients = new ArrayList<>();
      double fraction = 0;
      for (int t = 0; t < run.outputs().size(); t++) {
        try (Ciphertext read = Ciphertext.fromBytes(program.context(), ByteBuffer.wrap(run.outputs().get(t).toBytes()))) {
          assertEquals(CoefficientLayout.type(sample.output()), read.type());
          assertArrayEquals(sample.blocks.indexes(sample.bias.length, t), read.extracted());
          assertFalse(read.isTransparent());
          Decryptor.Decrypted decrypted = new Decryptor(key).decrypt(read);
          coefficients.add(decrypted.real());
          fraction = Math.max(fraction, decrypted.coefficientFraction());
        }
      }
      return unpack(sample, coefficients, fraction);
    } finally {
      inputs.forEach(Ciphertext::close);
    }
  }

  @Test
  void anotherKeyIsAnExceptionAndNeverANumber() {
    LinearSample sample = small();
    try (Context context = Context.create(sample.parameters);
        SecretKey key = SecretKey.generate(context);
        ExecutableProgram program = ExecutableProgram.load(context, sample.program)) {
      for (int i = 0; i < 50; i++) {
        try (SecretKey other = SecretKey.generate(context)) {
          assertThrows(AnswerCheckException.class,
              () -> answer(sample, program, new SecretEncryptor(key)::encrypt, other, row(7, 3)));
        }
      }
    }
  }

  @Test
  void eachCheckOfAnAnswerNamesItself() {
    LinearSample sample = small();
    List<double[]> good = ReferenceEvaluator.run(sample.program, sample.pack(row(7, 4)));
    unpack(sample, good, 1);
    failed("exceeds q0/8", sample, good, 1.001);
    failed("exceeds q0/8", sample, good, Double.NaN);
    int[] indexes = sample.blocks.indexes(3, 0);
    assertEquals(3 + 16, indexes.length);
    for (int i = 0; i < indexes.length; i++) {
      for (double value : new double[] {i < 3 ? 1.01 : 1.1e-4, i < 3 ? -1.01 : -1.1e-4, Double.NaN}) {
        double[] bad = good.get(0).clone();
        bad[indexes[i]] = value;
        failed(i < 3 ? "beyond its bound" : "structural zero", sample, List.of(bad), 0);
      }
    }
    int[] others = indexes.clone();
    others[0]--;
    CoefficientLayout layout = CoefficientLayout.of(sample.signature, sample.parameters);
    for (int[] wrong : new int[][] {others, Arrays.copyOf(indexes, 18), {}}) {
      assertThrows(AnswerCheckException.class, () -> layout.requireIndexes(sample.output(), 0, wrong));
    }
    layout.requireIndexes(sample.output(), 0, indexes);
  }

  private static void failed(String part, LinearSample sample, List<double[]> coefficients, double fraction) {
    AnswerCheckException e = assertThrows(AnswerCheckException.class, () -> unpack(sample, coefficients, fraction));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void rowsOutsideTheirBoundsAreRefusedWithTheFeature() {
    LinearSample sample = small();
    for (double value : new double[] {1.0001, -1.0001, Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] row = row(7, 2);
      row[5] = value;
      assertEquals(5, assertThrows(FeatureOutOfBoundsException.class, () -> sample.pack(row)).index());
    }
    assertThrows(IllegalArgumentException.class,
        () -> CoefficientLayout.of(sample.signature, sample.parameters).pack(sample.signature.inputs().get(0), new double[6]));
  }

  @Test
  void theSignatureTravelsAndBelongsToItsProgram() {
    LinearSample sample = small();
    byte[] bytes = sample.signature.toBytes();
    Signature read = Signature.fromBytes(ByteBuffer.wrap(bytes));
    assertEquals(sample.signature, read);
    assertEquals(RowPacking.COEFFICIENT, read.packing());
    assertEquals(sample.blocks, read.coefficientBlocks().orElseThrow());
    assertEquals(1, read.rowsPerRequest(sample.parameters));
    read.requireMatches(sample.program);
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(bytes, length));
      assertThrows(MalformedException.class, () -> Signature.fromBytes(cut));
    }
    Program other = new LinearSample(6, 0, new int[] {7}, 3, new CoefficientBlocks(7, 3, 1, 0, 17), 1).program;
    refused("other coefficients", () -> read.requireMatches(other));
    Program more = new LinearSample(6, 0, new int[] {7}, 3, new CoefficientBlocks(7, 2, 1, 0, 16), 1).program;
    refused("output ciphertexts", () -> read.requireMatches(more));
    Program split = new LinearSample(6, 0, new int[] {7}, 3, new CoefficientBlocks(4, 4, 1, 0, 16), 1).program;
    refused("inputs", () -> read.requireMatches(split));
  }

  @Test
  void blocksThatDoNotFitAreRefused() {
    refused("16..255", () -> new CoefficientBlocks(7, 4, 1, 0, 15));
    refused("digits", () -> new CoefficientBlocks(7, 4, 2, 0, 16));
    refused("digits", () -> new CoefficientBlocks(7, 4, 1, 3, 16));
    refused("digits", () -> new CoefficientBlocks(7, 4, 5, 3, 16));
    refused("rows", () -> new CoefficientBlocks(7, 0, 1, 0, 16));
    refused("features", () -> new CoefficientBlocks(0, 4, 1, 0, 16));
    LinearSample sample = small();
    Signature s = sample.signature;
    refused("takes 71 coefficients", () -> signature(s, new CoefficientBlocks(7, 7, 1, 0, 16), RowPacking.COEFFICIENT)
        .requireMatches(sample.parameters));
    refused("needs coefficient blocks", () -> signature(s, null, RowPacking.COEFFICIENT));
    refused("has no coefficient blocks", () -> signature(s, sample.blocks, RowPacking.LATENCY));
  }

  private static Signature signature(Signature s, CoefficientBlocks blocks, RowPacking packing) {
    return new Signature(s.model(), s.parametersHash(), s.securityBits(), s.inputs(), s.cipherOutputs(), s.tail(), s.keys(),
        new Arrangement(packing, null, null, blocks, null));
  }

  private static void refused(String part, org.junit.jupiter.api.function.Executable body) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, body);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void extractionIsHeldToItsRules() {
    Parameters parameters = small().parameters;
    ProgramBuilder b = new ProgramBuilder(parameters);
    ProgramBuilder.Value slots = b.input(0, Scale.powerOfTwo(20));
    ProgramBuilder.Value x = b.input(new ValueType(Encoding.COEFFICIENTS, 0, 2, Scale.powerOfTwo(20)));
    refused("needs COEFFICIENTS", () -> b.extract(slots, new Indexes(new int[] {0})));
    refused("ring degree 64", () -> b.extract(x, new Indexes(new int[] {64})));
    refused("ring degree 64", () -> b.multiplyPlain(x, new Constant.Vector(new double[] {1}, 32), Scale.ONE));
    refused("exceeds the 32 slots", () -> b.addPlain(slots, new Constant.Vector(new double[] {1}, 64)));
    refused("not extracted", () -> b.input(new ValueType(Encoding.EXTRACTED, 0, 2, Scale.ONE)));
    ProgramBuilder.Value extracted = b.extract(x, new Indexes(new int[] {0, 5}));
    refused("only an OUTPUT", () -> b.negate(extracted));
    refused("only an OUTPUT", () -> b.add(extracted, extracted));
    refused("ascend", () -> new Indexes(new int[] {3, 3}));
    refused("no index", () -> new Indexes(new int[0]));
    b.output(extracted);
    ProgramBuilder real = new ProgramBuilder(
        ModulusChain.select(6, RingType.CONJUGATE_INVARIANT, 50, 30, 0, 40, 0).security(SecurityLevel.UNCHECKED_FOR_TESTS).build());
    ProgramBuilder.Value y = real.input(new ValueType(Encoding.COEFFICIENTS, 0, 2, Scale.powerOfTwo(20)));
    assertThrows(UnsupportedException.class, () -> real.multiplyPlain(y, new Constant.Vector(new double[] {1}, 64), Scale.ONE));
  }

  private static byte[] golden(String path) throws IOException {
    try (InputStream in = CoefficientPackingTest.class.getResourceAsStream("/golden/" + path)) {
      return in.readAllBytes();
    }
  }

  @Test
  void goldenFilesStayReadable() throws IOException {
    LinearSample sample = small();
    assertEquals(sample.signature, Signature.fromBytes(ByteBuffer.wrap(golden("v3/signature.bin"))));
    assertArrayEquals(golden("v3/signature.bin"), sample.signature.toBytes());
    assertEquals(sample.program, Program.fromBytes(sample.parameters, ByteBuffer.wrap(golden("v3/program.bin"))));
    assertArrayEquals(golden("v3/program.bin"), sample.program.toBytes());
    byte[] bytes = golden("v3/ciphertext-extracted.bin");
    try (Context context = Context.create(sample.parameters);
        SecretKey key = SecretKey.restore(context, golden("v3/secret-key.bin"), SecretKeyAccess.get());
        Ciphertext answer = Ciphertext.fromBytes(context, ByteBuffer.wrap(bytes))) {
      assertArrayEquals(bytes, answer.toBytes());
      Decryptor.Decrypted decrypted = new Decryptor(key).decrypt(answer);
      assertArrayEquals(
          sample.clear(row(7, 9)), unpack(sample, List.of(decrypted.real()), decrypted.coefficientFraction()), 1e-2);
    }
  }

  /** Writes the golden files into a folder: once for the version, and never again. */
  public static void main(String[] arguments) throws IOException {
    java.nio.file.Path folder = java.nio.file.Files.createDirectories(java.nio.file.Path.of(arguments[0]));
    LinearSample sample = small();
    try (Context context = Context.create(sample.parameters);
        SecretKey key = SecretKey.generate(context);
        ExecutableProgram program = ExecutableProgram.load(context, sample.program);
        Plaintext plaintext = Plaintext.encodeCoefficients(
            context, sample.pack(row(7, 9)).get(0), 0, sample.signature.inputs().get(0).scale());
        Ciphertext input = new SecretEncryptor(key).encrypt(plaintext);
        ExecutableProgram.Run run = program.run(null, List.of(input), null)) {
      java.nio.file.Files.write(folder.resolve("signature.bin"), sample.signature.toBytes());
      java.nio.file.Files.write(folder.resolve("program.bin"), sample.program.toBytes());
      java.nio.file.Files.write(folder.resolve("secret-key.bin"), key.export(SecretKeyAccess.get()));
      java.nio.file.Files.write(folder.resolve("ciphertext-extracted.bin"), run.outputs().get(0).toBytes());
    }
  }
}
