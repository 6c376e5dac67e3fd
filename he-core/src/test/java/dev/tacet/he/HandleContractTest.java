// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.internal.NativeObject;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.SecretKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Use after close, double close, close while running, leaks, cancellation, and objects that do not belong together; in both rings. */
@Timeout(60)
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
final class HandleContractTest {
  private static HeFixture he;
  private static Program slowProgram;
  private static ExecutableProgram slow;
  private static EvaluationKeySet keys;
  private static Ciphertext input;

  private final RingType ring;

  HandleContractTest(RingType ring) {
    this.ring = ring;
  }

  /** A chain of two thousand rotations in a ring of degree 2^13: a second of work or more, nothing to run side by side. */
  @BeforeParameterizedClassInvocation
  static void makeASlowProgram(RingType ring) {
    he = new HeFixture(HeFixture.parameters(ring, 13, 3));
    ProgramBuilder builder = new ProgramBuilder(he.parameters);
    builder.layer("start");
    ProgramBuilder.Value value = builder.input(3, he.scale);
    builder.layer("rotations");
    for (int i = 0; i < 2000; i++) {
      value = builder.rotate(value, 1);
    }
    builder.output(value);
    slowProgram = builder.build();
    slow = ExecutableProgram.load(he.context, slowProgram);
    keys = he.keys(slowProgram.requiredKeys());
    input = he.encrypt(he.slots(new Random(3)));
  }

  @AfterParameterizedClassInvocation
  static void close() {
    List.of(input, keys, slow).forEach(NativeObject::close);
    he.close();
  }

  @Test
  void aClosedObjectIsRefusedByEveryCall() {
    Ciphertext closed = he.encrypt(new double[] {1});
    closed.close();
    assertTrue(closed.isClosed());
    Evaluator evaluator = new Evaluator(he.context, keys);
    List<Runnable> calls =
        List.of(
            closed::toBytes,
            () -> he.decrypt(closed),
            () -> evaluator.add(closed, input),
            () -> evaluator.add(input, closed),
            () -> evaluator.rotate(closed, 1),
            () -> slow.run(keys, List.of(closed), null));
    for (Runnable call : calls) {
      assertTrue(assertThrows(IllegalStateException.class, call::run).getMessage().contains("ciphertext is closed"));
    }
  }

  @Test
  void closedKeysContextsAndProgramsAreRefused() {
    HeFixture other = new HeFixture(he.parameters);
    PublicKey publicKey = other.generator.publicKey();
    ExecutableProgram program = ExecutableProgram.load(other.context, slowProgram);
    EvaluationKeySet otherKeys = other.keys(List.of());
    List.of(publicKey, program, otherKeys).forEach(NativeObject::close);
    assertThrows(IllegalStateException.class, publicKey::fingerprint);
    assertThrows(
        IllegalStateException.class, () -> new Encryptor(other.context, publicKey).encrypt(new double[1], 1, he.scale));
    assertThrows(IllegalStateException.class, () -> program.run(keys, List.of(input), null));
    assertThrows(IllegalStateException.class, otherKeys::expandedBytes);
    other.close();
    assertThrows(IllegalStateException.class, () -> other.encrypt(new double[1]));
    assertThrows(IllegalStateException.class, () -> SecretKey.generate(other.context));
    assertThrows(IllegalStateException.class, () -> Ciphertext.fromBytes(other.context, input.toByteBuffer()));
  }

  @Test
  void closingTwiceDoesNothing() {
    Ciphertext c = he.encrypt(new double[] {1});
    c.close();
    assertDoesNotThrow(c::close);
  }

  @Test
  void aContextMayBeClosedBeforeWhatWasMadeInIt() {
    HeFixture other = new HeFixture(HeFixture.parameters(ring, 7, 2));
    double[] x = other.slots(new Random(4));
    try (Ciphertext c = other.encrypt(x)) {
      other.context.close();
      assertEquals(0, HeFixture.maxDifference(x, other.decrypt(c)), 1e-7);
    }
    other.close();
  }

  @Test
  void closeIsRefusedWhileARunUsesTheObjectAndWorksAfterwards() throws Exception {
    ExecutableProgram program = ExecutableProgram.load(he.context, slowProgram);
    Ciphertext mine = he.encrypt(new double[] {1});
    Cancellation cancellation = new Cancellation();
    CompletableFuture<Void> run = start(program, mine, cancellation);
    for (NativeObject used : List.of(program, mine, keys)) {
      assertTrue(assertThrows(IllegalStateException.class, used::close).getMessage().contains("calls are using it"));
      assertFalse(used.isClosed());
    }
    cancellation.cancel();
    assertThrows(CompletionException.class, run::join);
    program.close();
    mine.close();
    assertTrue(program.isClosed() && mine.isClosed());
  }

  @Test
  void cancellationStopsARunAndSaysHowFarItGot() throws Exception {
    String message = "";
    for (int wait = 0; wait <= 640 && !message.contains("rotations"); wait = 2 * wait + 5) { // until it comes after the first operation
      Cancellation cancellation = new Cancellation();
      CompletableFuture<Void> run = start(slow, input, cancellation);
      Thread.sleep(wait);
      assertFalse(cancellation.isCancelled());
      cancellation.cancel();
      long asked = System.nanoTime();
      Throwable cause = assertThrows(CompletionException.class, run::join).getCause();
      assertTrue(System.nanoTime() - asked < 2_000_000_000L, "took longer than two seconds to stop");
      assertEquals(CancelledException.class, cause.getClass());
      message = cause.getMessage();
      assertTrue(message.contains("of 2002 operations"), message);
    }
    assertTrue(message.contains("rotations") && !message.contains("after 0 of"), message);
  }

  @Test
  void aRunThatIsCancelledBeforeItStartsComputesNothing() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThrows(CancelledException.class, () -> slow.run(keys, List.of(input), cancellation));
  }

  @Test
  void concurrentRunsShareProgramAndKeys() {
    try (HeFixture small = new HeFixture(HeFixture.parameters(ring, 7, 3))) {
      ProgramBuilder builder = new ProgramBuilder(small.parameters);
      builder.output(builder.rotate(builder.input(3, small.scale), 1));
      Program program = builder.build();
      double[] x = small.slots(new Random(5));
      AtomicInteger right = new AtomicInteger();
      try (ExecutableProgram executable = ExecutableProgram.load(small.context, program);
          EvaluationKeySet rotation = small.keys(program.requiredKeys());
          Ciphertext c = small.encrypt(x)) {
        List<CompletableFuture<Void>> runs = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
          runs.add(
              CompletableFuture.runAsync(
                  () -> {
                    try (ExecutableProgram.Run run = executable.run(rotation, List.of(c), null)) {
                      double first = small.decrypt(run.outputs().get(0))[0];
                      right.addAndGet(Math.abs(first - x[1]) < 1e-7 ? 1 : 0);
                    }
                  }));
        }
        runs.forEach(CompletableFuture::join);
        assertEquals(32, right.get());
      }
    }
  }

  @Test
  void aDroppedHandleIsFreedAndCounted() throws Exception {
    long before = NativeHandle.leaks();
    leakOne();
    for (int i = 0; i < 100 && NativeHandle.leaks() == before; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertTrue(NativeHandle.leaks() > before, "no leak was reported");
  }

  private static void leakOne() {
    he.encrypt(new double[] {1});
  }

  @Test
  void inputsThatDoNotFitAreRefusedWithTheirNumbers() {
    assertMessage(IllegalArgumentException.class, () -> slow.run(keys, List.of(), null), "0 inputs", "takes 1");
    Evaluator evaluator = new Evaluator(he.context, keys);
    try (Ciphertext low = evaluator.dropLevel(input, 2);
        Ciphertext three = evaluator.square(input)) {
      assertMessage(IllegalArgumentException.class, () -> slow.run(keys, List.of(low), null), "level 2", "level 3");
      assertMessage(IllegalArgumentException.class, () -> slow.run(keys, List.of(three), null), "3 components");
    }
    try (Ciphertext scaled = he.encryptor.encrypt(new double[] {1}, 3, Scale.powerOfTwo(39))) {
      assertMessage(IllegalArgumentException.class, () -> slow.run(keys, List.of(scaled), null), "2^39", "2^40");
    }
  }

  @Test
  void objectsOfOtherParametersAreRefused() {
    try (HeFixture other = new HeFixture(HeFixture.parameters(ring, 11, 2));
        Ciphertext foreign = other.encrypt(new double[] {1});
        EvaluationKeySet foreignKeys = other.keys(List.of(other.rotation(1)));
        PublicKey foreignKey = other.generator.publicKey()) {
      assertMessage(IllegalArgumentException.class, () -> slow.run(keys, List.of(foreign), null), "parameters");
      assertMessage(IllegalArgumentException.class, () -> slow.run(foreignKeys, List.of(input), null), "parameters");
      assertMessage(IllegalArgumentException.class, () -> new Encryptor(he.context, foreignKey), "parameters");
      assertMessage(IllegalArgumentException.class, () -> ExecutableProgram.load(other.context, slowProgram), "parameters");
      assertMessage(IllegalArgumentException.class, () -> new Decryptor(other.secretKey).decrypt(input), "parameters");
    }
  }

  @Test
  void aMissingKeyIsFoundBeforeAnythingRunsAndNamed() {
    String element = Long.toString(he.parameters.galoisElement(1));
    try (EvaluationKeySet none = EvaluationKeySet.empty(he.context);
        EvaluationKeySet low = he.keys(List.of(new KeyRequirement(he.parameters.galoisElement(1), 1)))) {
      assertMessage(MissingKeyException.class, () -> slow.run(none, List.of(input), null), element, "level 3");
      assertMessage(MissingKeyException.class, () -> slow.run(null, List.of(input), null), element, "level 3");
      assertMessage(MissingKeyException.class, () -> slow.run(low, List.of(input), null), element, "level 3");
    }
  }

  @Test
  void anotherClientsKeysGiveAnAnswerThatTheChecksCatch() {
    ProgramBuilder builder = new ProgramBuilder(he.parameters);
    builder.output(builder.rotate(builder.input(3, he.scale), 1));
    try (HeFixture other = new HeFixture(he.parameters);
        ExecutableProgram program = ExecutableProgram.load(he.context, builder.build());
        EvaluationKeySet foreign = other.keys(List.of(other.rotation(1)));
        ExecutableProgram.Run run = program.run(foreign, List.of(input), null)) {
      assertTrue(he.decryptor.decrypt(run.outputs().get(0)).coefficientFraction() > 1);
    }
  }

  /** Starts a run and returns once it is inside the native call. */
  private static CompletableFuture<Void> start(ExecutableProgram program, Ciphertext c, Cancellation cancellation)
      throws InterruptedException {
    CompletableFuture<Void> run =
        CompletableFuture.runAsync(() -> program.run(keys, List.of(c), cancellation).close());
    Thread.sleep(100);
    assertFalse(run.isDone(), "the slow program was too fast for this test");
    return run;
  }

  private static void assertMessage(
      Class<? extends Throwable> type, Executable call, String... parts) {
    String message = assertThrows(type, call).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), "\"" + message + "\" should contain \"" + part + "\"");
    }
  }
}
