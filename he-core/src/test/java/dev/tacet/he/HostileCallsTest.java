// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.internal.NativeObject;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.SecretEncryptor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a careless or hostile caller does to the engine, in both rings: an exception with the numbers, and a process that lives. */
@Timeout(60)
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
final class HostileCallsTest {
  private static HeFixture he;
  private static HeFixture otherRing;
  private static EvaluationKeySet keys;
  private static Evaluator evaluator;
  private static Ciphertext x;

  private final int slots = he.parameters.slots();

  HostileCallsTest(RingType ring) {
    assertEquals(ring, he.parameters.ringType());
  }

  @BeforeParameterizedClassInvocation
  static void makeBothRings(RingType ring) {
    he = HeFixture.small(ring);
    otherRing = HeFixture.small(RingType.values()[1 - ring.ordinal()]);
    keys = he.keys(List.of(he.relinearization(), he.rotation(1), he.rotation(2)));
    evaluator = new Evaluator(he.context, keys);
    x = he.encrypt(he.slots(new Random(1)));
  }

  @AfterParameterizedClassInvocation
  static void close() {
    List.of(x, keys).forEach(NativeObject::close);
    he.close();
    otherRing.close();
  }

  @Test
  void objectsOfTheOtherRingAreRefusedEverywhere() {
    Program program = rotations(otherRing.parameters, 1);
    try (Ciphertext foreign = otherRing.encrypt(new double[] {1});
        Plaintext plain = Plaintext.encode(otherRing.context, new double[] {1}, 4, otherRing.scale);
        PublicKey publicKey = otherRing.generator.publicKey();
        EvaluationKeySet foreignKeys = otherRing.keys(List.of(otherRing.rotation(1)));
        ExecutableProgram mine = ExecutableProgram.load(he.context, rotations(he.parameters, 1));
        ExecutableProgram executable = ExecutableProgram.load(otherRing.context, program)) {
      refused("parameters", () -> evaluator.add(x, foreign));
      refused("parameters", () -> evaluator.rotate(foreign, 1));
      refused("parameters", () -> evaluator.addPlain(x, plain));
      refused("parameters", () -> evaluator.multiplyPlain(x, plain));
      refused("parameters", () -> new Evaluator(he.context, foreignKeys).rotate(x, 1));
      refused("parameters", () -> new SecretEncryptor(he.secretKey).encrypt(plain));
      refused("parameters", () -> new Encryptor(he.context, publicKey));
      refused("parameters", () -> new Decryptor(he.secretKey).decrypt(foreign));
      refused("parameters", () -> mine.run(keys, List.of(foreign), null));
      refused("parameters", () -> mine.run(foreignKeys, List.of(x), null));
      refused("parameters", () -> executable.run(keys, List.of(foreign), null));
      refused("parameters", () -> ExecutableProgram.load(he.context, program));
      ByteBuffer key = otherRing.generator.evaluationKey(otherRing.rotation(1));
      assertThrows(MalformedException.class, () -> EvaluationKeySet.load(he.context, List.of(key)));
      assertThrows(MalformedException.class, () -> Ciphertext.fromBytes(he.context, foreign.toByteBuffer()));
      assertThrows(MalformedException.class, () -> PublicKey.fromBytes(he.context, ByteBuffer.wrap(publicKey.toBytes())));
    }
  }

  @Test
  void levelsOutsideTheChainAreRefusedWithTheirNumber() {
    for (int level : new int[] {-1, 5, 255, 256, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      String number = Integer.toString(level);
      refused(number, () -> Plaintext.encode(he.context, new double[1], level, he.scale));
      refused(number, () -> Plaintext.encodeCoefficients(he.context, new double[1], level, he.scale));
      refused(number, () -> he.encryptor.encrypt(new double[1], level, he.scale));
      refused(number, () -> evaluator.dropLevel(x, level));
      refused(number, () -> he.generator.evaluationKey(he.parameters.galoisElement(1), level));
    }
    try (Ciphertext low = evaluator.dropLevel(x, 1);
        Plaintext plain = Plaintext.encode(he.context, new double[1], 0, he.scale)) {
      refused("4 and 1", () -> evaluator.sub(x, low));
      refused("1 and 4", () -> evaluator.multiply(low, x));
      refused("level 0", () -> evaluator.multiplyPlain(low, plain));
      refused("level 2", () -> evaluator.polynomial(low, false, new double[] {0, 0, 0, 1}, he.scale));
    }
  }

  @Test
  void countsThatNoRingHasAreRefusedWithTheirNumber() {
    for (int count : new int[] {0, -1, 3, 1 << 30, 2 * slots, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      refused(Integer.toString(count), () -> evaluator.rotateSum(x, 1, count));
    }
    refused("1000000 values", () -> he.encrypt(new double[1_000_000]));
    refused("1000000", () -> Plaintext.encodeCoefficients(he.context, new double[1_000_000], 1, he.scale));
    refused("degree 99999", () -> evaluator.polynomial(x, true, new double[100_000], he.scale));
    refused("degree", () -> evaluator.polynomial(x, true, new double[1], he.scale));
    refused("degree", () -> evaluator.polynomial(x, true, new double[0], he.scale));
    for (long element : new long[] {-1, 2, 1L << 31, Long.MAX_VALUE, Long.MIN_VALUE, he.parameters.galoisModulus() + 1}) {
      refused(Long.toString(element), () -> he.generator.evaluationKey(element, 4));
    }
    for (int steps : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE}) { // modulo the slots these are -1 and 0
      if (steps > 0) {
        assertThrows(MissingKeyException.class, () -> evaluator.rotate(x, steps));
      } else {
        evaluator.rotate(x, steps).close();
      }
    }
    try (ExecutableProgram program = ExecutableProgram.load(he.context, rotations(he.parameters, 1))) {
      refused("10000 inputs, the program takes 1", () -> program.run(keys, Collections.nCopies(10_000, x), null));
      refused("0 inputs, the program takes 1", () -> program.run(keys, List.of(), null));
      assertThrows(NullPointerException.class, () -> program.run(keys, Arrays.asList((Ciphertext) null), null));
      program.run(keys, List.of(x), null).close(); // and nothing stayed leased
    }
  }

  @Test
  void numbersThatCannotBeMeantAreRefused() {
    for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e300, -Double.MAX_VALUE}) {
      refused("addScalar", () -> evaluator.addScalar(x, number));
      refused("multiplyScalar", () -> evaluator.multiplyScalar(x, number, he.scale));
      String fault = Double.isFinite(number) ? "bits, level" : "coefficient 1";
      refused(fault, () -> evaluator.polynomial(x, false, new double[] {0, number, 1}, he.scale));
      refused("slot 0", () -> he.encrypt(new double[] {number}));
      refused("coefficient 0", () -> Plaintext.encodeCoefficients(he.context, new double[] {number}, 1, he.scale));
    }
    for (int log2 : new int[] {400, Scale.MAX_LOG2}) {
      refused("slot 0", () -> he.encryptor.encrypt(new double[] {1}, 4, Scale.powerOfTwo(log2)));
      refused("2^" + log2, () -> evaluator.multiplyScalar(x, 1, Scale.powerOfTwo(log2)));
      refused("2^", () -> evaluator.polynomial(x, false, new double[] {1, 1, 1}, Scale.powerOfTwo(log2)));
    }
    refused("65537", () -> Scale.powerOfTwo(Scale.MAX_LOG2 + 1));
    refused("q_7", () -> evaluator.multiplyScalar(x, 1, Scale.prime(7, 1)));
    try (Ciphertext tiny = evaluator.multiplyScalar(x, 0, Scale.powerOfTwo(-65_000))) {
      refused("-1", () -> evaluator.multiply(tiny, tiny));
    }
  }

  @Test
  void everyCallOnAClosedObjectIsRefused() {
    HeFixture gone = new HeFixture(he.parameters);
    Ciphertext c = gone.encrypt(new double[] {1});
    Plaintext p = Plaintext.encode(gone.context, new double[] {1}, 4, gone.scale);
    PublicKey publicKey = gone.generator.publicKey();
    EvaluationKeySet closedKeys = gone.keys(List.of(gone.rotation(1)));
    ExecutableProgram program = ExecutableProgram.load(gone.context, rotations(gone.parameters, 1));
    Encryptor open = new Encryptor(gone.context, publicKey);
    List.of(c, p, publicKey, closedKeys, program).forEach(NativeObject::close);
    gone.close();
    List<Executable> calls =
        List.of(
            c::toBytes, c::toByteBuffer, c::storedSize, c::isTransparent, p::decode, publicKey::toBytes, closedKeys::expandedBytes,
            program::encodedBytes, () -> evaluator.add(x, c), () -> evaluator.multiplyPlain(x, p), () -> evaluator.square(c),
            () -> new Evaluator(he.context, closedKeys).rotate(x, 1), () -> new Evaluator(gone.context).negate(x),
            () -> open.encrypt(new double[] {1}, 4, he.scale), () -> gone.encrypt(new double[] {1}), () -> gone.decrypt(x),
            () -> he.decrypt(c), () -> gone.generator.publicKey(), () -> gone.generator.evaluationKey(gone.rotation(1)),
            () -> program.run(keys, List.of(x), null), () -> EvaluationKeySet.empty(gone.context),
            () -> Ciphertext.fromBytes(gone.context, x.toByteBuffer()));
    for (int i = 0; i < calls.size(); i++) {
      String message = assertThrows(IllegalStateException.class, calls.get(i), "call " + i).getMessage();
      assertTrue(message.endsWith("is closed"), "call " + i + ": " + message);
    }
  }

  @Test
  void extractedCoefficientsAreOnlyDecrypted() {
    ProgramBuilder b = new ProgramBuilder(he.parameters);
    ProgramBuilder.Value value = b.input(new ValueType(Encoding.COEFFICIENTS, 0, 2, Scale.powerOfTwo(20)));
    b.output(b.extract(value, new Indexes(new int[] {0, 5})));
    try (ExecutableProgram program = ExecutableProgram.load(he.context, b.build());
        Plaintext plain = Plaintext.encodeCoefficients(he.context, new double[] {1, 2, 3, 4, 5, 6, 7}, 0, Scale.powerOfTwo(20));
        Ciphertext c = he.encryptor.encrypt(plain);
        ExecutableProgram.Run run = program.run(null, List.of(c), null);
        ExecutableProgram ofSlots = ExecutableProgram.load(he.context, rotations(he.parameters, 1))) {
      Ciphertext extracted = run.outputs().get(0);
      refused("extracted", () -> evaluator.add(extracted, extracted));
      refused("extracted", () -> evaluator.add(c, extracted));
      refused("extracted", () -> evaluator.rotate(extracted, 1));
      refused("extracted", () -> evaluator.addScalar(extracted, 1));
      refused("encodings", () -> evaluator.add(evaluator.dropLevel(x, 0), c));
      refused("encoding", () -> program.run(null, List.of(extracted), null));
      refused("encoding", () -> ofSlots.run(keys, List.of(c), null));
      double[] numbers = he.decrypt(extracted);
      assertEquals(1, numbers[0], 1e-3);
      assertEquals(6, numbers[5], 1e-3);
      assertEquals(0, numbers[1]);
    }
  }

  @Test
  void aLayerOfAnyNameIsNamedAsItIs() {
    String name = "fc\u0000\u00e9\u6f22\ud83d\ude00 %s%n";
    ProgramBuilder b = new ProgramBuilder(he.parameters).layer(name);
    b.output(b.addPlain(b.input(0, he.scale), new Constant.Vector(new double[] {1e30}, 1)));
    Program program = b.build();
    String message = assertThrows(MalformedException.class, () -> ExecutableProgram.load(he.context, program)).getMessage();
    assertTrue(message.contains("op 1 (addPlain, layer fc"), message);
  }

  @Test
  void keysWhoseSourceFailsLeaveNothingBehind() {
    ByteBuffer good = he.generator.evaluationKey(he.rotation(1));
    Iterable<ByteBuffer> failing =
        () ->
            new Iterator<>() {
              private int next;

              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public ByteBuffer next() {
                if (next++ == 3) {
                  throw new UnsupportedOperationException("the disk is gone");
                }
                return good;
              }
            };
    assertThrows(UnsupportedOperationException.class, () -> EvaluationKeySet.load(he.context, failing));
    ByteBuffer cut = good.duplicate().limit(good.limit() - 1);
    assertThrows(MalformedException.class, () -> EvaluationKeySet.load(he.context, List.of(good, cut)));
    assertThrows(NullPointerException.class, () -> EvaluationKeySet.load(he.context, Arrays.asList(good, null)));
  }

  @Test
  void closesFromAllSidesMeetEitherAWholeCallOrARefusal() {
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    for (int round = 0; round < 40; round++) {
      ExecutableProgram program = ExecutableProgram.load(he.context, rotations(he.parameters, 3));
      EvaluationKeySet mine = he.keys(List.of(he.rotation(1)));
      Ciphertext input = he.encrypt(new double[] {1});
      List<NativeObject> objects = List.of(program, mine, input);
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        NativeObject closed = objects.get((round + thread) % 3);
        all.add(CompletableFuture.runAsync(() -> {
          for (int call = 0; call < 5; call++) {
            try (ExecutableProgram.Run run = program.run(mine, List.of(input), null)) {
              answered.addAndGet(run.outputs().size());
            } catch (IllegalStateException e) {
              assertTrue(e.getMessage().endsWith("is closed"), e.getMessage());
              refused.incrementAndGet();
            }
          }
        }));
        all.add(CompletableFuture.runAsync(() -> {
          for (int spin = ThreadLocalRandom.current().nextInt(2000); spin > 0; spin--) {
            Thread.onSpinWait();
          }
          try {
            closed.close();
          } catch (IllegalStateException e) {
            assertTrue(e.getMessage().contains("calls are using it"), e.getMessage());
          }
        }));
      }
      all.forEach(CompletableFuture::join);
      objects.forEach(NativeObject::close);
    }
    assertTrue(answered.get() > 0 && refused.get() > 0, answered + " answered, " + refused + " refused");
  }

  @Test
  void aRunThatIsCancelledOnItsWayThrowsAndLeavesEverythingUsable() throws Exception {
    Program program = rotations(he.parameters, 60_000);
    try (ExecutableProgram executable = ExecutableProgram.load(he.context, program);
        Ciphertext input = he.encrypt(he.slots(new Random(3)))) {
      for (int i = 0; i < 3; i++) {
        Cancellation cancellation = new Cancellation();
        CompletableFuture<Void> run = CompletableFuture.runAsync(() -> executable.run(keys, List.of(input), cancellation).close());
        Thread.sleep(20L * i);
        cancellation.cancel();
        Throwable cause = assertThrows(CompletionException.class, run::join).getCause();
        assertEquals(CancelledException.class, cause.getClass(), cause.toString());
        assertTrue(cause.getMessage().contains("of 60002 operations"), cause.getMessage());
      }
      evaluator.rotate(input, 1).close();
    }
  }

  /** {@code count} rotations by 1, one after the other. */
  private static Program rotations(Parameters parameters, int count) {
    ProgramBuilder builder = new ProgramBuilder(parameters);
    ProgramBuilder.Value value = builder.input(4, Scale.powerOfTwo(parameters.logScale()));
    for (int i = 0; i < count; i++) {
      value = builder.rotate(value, 1);
    }
    builder.output(value);
    return builder.build();
  }

  private static void refused(String part, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), "\"" + message + "\" should contain \"" + part + "\"");
  }
}
