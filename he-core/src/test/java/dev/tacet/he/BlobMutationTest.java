// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Hostile bytes, in both rings: whatever is done to a blob, reading it works or throws a HeException, and the process lives. */
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
final class BlobMutationTest {

  private static HeFixture he;

  /** The rings share their readers, so fewer in the second one. */
  private final int mutations;

  /** A blob and how the native side reads it. */
  private record Subject(String name, byte[] blob, Consumer<byte[]> read) {
    @Override
    public String toString() {
      return name;
    }
  }

  BlobMutationTest(RingType ring) {
    assertEquals(ring, he.parameters.ringType());
    mutations = ring == RingType.STANDARD ? 10_000 : 3_000;
  }

  @BeforeParameterizedClassInvocation
  static void makeKeys(RingType ring) {
    he = new HeFixture(HeFixture.parameters(ring, 4, 2));
  }

  @AfterParameterizedClassInvocation
  static void close() {
    he.close();
  }

  /** Some coefficients of an input, times a polynomial where the ring has that. */
  private static Program coefficients() {
    ProgramBuilder b = new ProgramBuilder(he.parameters);
    ProgramBuilder.Value x = b.input(new ValueType(Encoding.COEFFICIENTS, 1, 2, Scale.powerOfTwo(30)));
    Constant.Vector weights = new Constant.Vector(new double[] {1, -2, 0.5}, he.parameters.ringDegree());
    ProgramBuilder.Value y =
        he.parameters.ringType() == RingType.STANDARD ? b.multiplyPlain(x, weights, Scale.powerOfTwo(4)) : b.addPlain(x, weights);
    b.output(b.extract(y, new Indexes(new int[] {1, 4, 9})));
    return b.build();
  }

  private static byte[] extracted() {
    try (ExecutableProgram program = ExecutableProgram.load(he.context, coefficients());
        Plaintext plaintext = Plaintext.encodeCoefficients(he.context, new double[] {0.5, 1}, 1, Scale.powerOfTwo(30));
        Ciphertext input = he.encryptor.encrypt(plaintext);
        ExecutableProgram.Run run = program.run(null, List.of(input), null)) {
      return run.outputs().get(0).toBytes();
    }
  }

  static Stream<Subject> subjects() {
    RandomProgram program = new RandomProgram(he.parameters, 7, 16);
    byte[] evaluationKey = new byte[he.generator.evaluationKey(he.rotation(1)).remaining()];
    he.generator.evaluationKey(he.rotation(1)).get(evaluationKey);
    Evaluator evaluator = new Evaluator(he.context);
    try (Ciphertext seeded = he.encrypt(new double[] {0.5});
        Ciphertext full = evaluator.negate(seeded);
        Ciphertext three = evaluator.square(seeded);
        PublicKey publicKey = he.generator.publicKey()) {
      Consumer<byte[]> ciphertext = bytes -> Ciphertext.fromBytes(he.context, ByteBuffer.wrap(bytes)).close();
      return Stream.of(
          new Subject("seeded ciphertext", seeded.toBytes(), ciphertext),
          new Subject("full ciphertext", full.toBytes(), ciphertext),
          new Subject("ciphertext of three components", three.toBytes(), ciphertext),
          new Subject(
              "public key",
              publicKey.toBytes(),
              bytes -> PublicKey.fromBytes(he.context, ByteBuffer.wrap(bytes)).close()),
          new Subject(
              "evaluation key",
              evaluationKey,
              bytes -> EvaluationKeySet.load(he.context, List.of(ByteBuffer.wrap(bytes))).close()),
          new Subject(
              "secret key",
              he.secretKey.export(SecretKeyAccess.get()),
              bytes -> SecretKey.restore(he.context, bytes, SecretKeyAccess.get()).close()),
          new Subject(
              "program, native reader",
              program.program.toBytes(),
              bytes -> loadNative("program", BlobKind.PROGRAM, bytes)),
          new Subject("extracted ciphertext", extracted(), ciphertext),
          new Subject(
              "program of coefficients, native reader",
              coefficients().toBytes(),
              bytes -> loadNative("program", BlobKind.PROGRAM, bytes)),
          new Subject(
              "program of diagonals, native reader",
              DiagonalsTest.small(he.parameters).toBytes(),
              bytes -> loadNative("program", BlobKind.PROGRAM, bytes)),
          new Subject(
              "parameters", he.parameters.toBytes(), bytes -> Parameters.fromBytes(ByteBuffer.wrap(bytes))),
          new Subject(
              "parameters, native reader",
              he.parameters.toBytes(),
              bytes -> Engine.context(bytes).close()));
    }
  }

  private static void loadNative(String what, BlobKind kind, byte[] bytes) {
    try (NativeHandle handle = Engine.load(what, he.context, kind.code(), ByteBuffer.wrap(bytes))) {
      assertTrue(!handle.isClosed());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("subjects")
  void mutationsGiveTypedErrorsOnly(Subject subject) {
    subject.read.accept(subject.blob);
    Random random = new Random(subject.name.hashCode());
    int refused = 0;
    for (int i = 0; i < mutations; i++) {
      byte[] mutant = mutate(subject.blob, random);
      if (i % 2 == 0) {
        seal(mutant);
      }
      try {
        subject.read.accept(mutant);
      } catch (HeException e) {
        refused++;
        assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), "an error without a text");
      } catch (IllegalArgumentException e) {
        // the engine's own proof of parameters that read well
        assertEquals("parameters, native reader", subject.name, e.toString());
        refused++;
      }
    }
    assertTrue(refused >= mutations / 2, refused + " of " + mutations + " mutations were refused");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("subjects")
  void everyTruncationIsRefused(Subject subject) {
    int step = Math.max(1, subject.blob.length / 500);
    for (int length = 0; length < subject.blob.length; length += step) {
      byte[] cut = Arrays.copyOf(subject.blob, length);
      assertRefused(subject, cut);
      if (length > 52) {
        ByteBuffer.wrap(cut).order(ByteOrder.LITTLE_ENDIAN).putLong(40, length - 52);
        seal(cut);
        assertRefused(subject, cut);
      }
    }
    byte[] longer = Arrays.copyOf(subject.blob, subject.blob.length + 1);
    assertRefused(subject, longer);
    ByteBuffer.wrap(longer).order(ByteOrder.LITTLE_ENDIAN).putLong(40, longer.length - 52);
    seal(longer);
    assertRefused(subject, longer);
  }

  @Test
  void nativeMemoryStaysFlatWhileBlobsAreRefused() throws Exception {
    byte[] blob;
    try (Ciphertext c = new Evaluator(he.context).negate(he.encrypt(new double[] {1}))) {
      blob = c.toBytes();
    }
    blob[blob.length - 10] ^= 1;
    long before = 0;
    for (int i = 0; i < 20_000; i++) {
      if (i == 5_000) {
        before = residentKilobytes();
      }
      assertRefused(new Subject("c", blob, b -> Ciphertext.fromBytes(he.context, ByteBuffer.wrap(b)).close()), blob);
    }
    long grown = residentKilobytes() - before;
    assertTrue(grown < 64 * 1024, "resident memory grew by " + grown + " KiB");
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private static void assertRefused(Subject subject, byte[] bytes) {
    try {
      subject.read.accept(bytes);
    } catch (HeException e) {
      return;
    }
    throw new AssertionError(subject.name + " of " + bytes.length + " bytes was accepted");
  }

  /** One to four changes: a flipped bit, a random byte, a removed or doubled stretch, an extreme length or count. */
  private static byte[] mutate(byte[] blob, Random random) {
    byte[] mutant = blob.clone();
    for (int changes = 1 + random.nextInt(4); changes > 0 && mutant.length > 0; changes--) {
      int at = random.nextInt(random.nextInt(3) == 0 ? mutant.length : Math.min(mutant.length, 160));
      switch (random.nextInt(6)) {
        case 0, 1 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> mutant[at] = (byte) random.nextInt(256);
        case 3 -> mutant = Arrays.copyOf(mutant, at);
        case 4 -> {
          byte[] doubled = Arrays.copyOf(mutant, mutant.length + at);
          System.arraycopy(mutant, 0, doubled, mutant.length, at);
          mutant = doubled;
        }
        default -> Arrays.fill(mutant, at, Math.min(mutant.length, at + 1 + random.nextInt(8)), (byte) (random.nextBoolean() ? -1 : 0));
      }
    }
    if (random.nextBoolean() && mutant.length >= 52) {
      ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN).putLong(40, mutant.length - 52);
    }
    return mutant;
  }

  /** Makes the checksum right again, so that what lies behind it is reached. */
  private static void seal(byte[] blob) {
    if (blob.length >= 52) {
      CRC32C crc = new CRC32C();
      crc.update(blob, 0, blob.length - 4);
      ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN).putInt(blob.length - 4, (int) crc.getValue());
    }
  }
}
