// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The throughput packing's layout and its checks, on numbers. */
class BatchLayoutTest {
  private static final Parameters PARAMETERS =
      ModulusChain.select(11, RingType.CONJUGATE_INVARIANT, 50, 30, 0, 40, 0).security(SecurityLevel.CLASSICAL_128).build();
  private static final int SLOTS = PARAMETERS.slots();
  private static final int KNOWN = 4;
  private static final Scale SCALE = Scale.powerOfTwo(30);
  private static final double ERROR = 1e-4;

  /** The value of element e at the row of these features; linear, so that the tests can see the rows through it. */
  private static double value(double x, double y, int e) {
    return (e + 1) * 0.25 * x - 0.125 * y;
  }

  static KnownRows known(double amplitude) {
    double[] answers = new double[KNOWN * 2];
    for (int k = 0; k < KNOWN; k++) {
      for (int e = 0; e < 2; e++) {
        answers[2 * k + e] = value(KnownRows.feature(k, 0, 0, amplitude), KnownRows.feature(k, 1, 0, amplitude), e);
      }
    }
    return new KnownRows(KNOWN, 0, amplitude, List.of(answers));
  }

  static Signature signature(KnownRows known, RowPacking packing) {
    SignatureInput input = new SignatureInput("x", new int[] {2}, 2, 1, SCALE, 0, new double[] {-4, 0}, new double[] {4, 10},
        new double[] {0, 5}, new double[] {4, 5});
    CipherOutput value = new CipherOutput(CipherOutput.Kind.VALUE, 0, "y", 2, 1, 0, SCALE, new double[] {2, 3},
        new double[] {1, 0}, 1, ERROR, 1e-3);
    CipherOutput guard = new CipherOutput(CipherOutput.Kind.GUARD, 1, "guard", 1, 1, 0, SCALE, new double[0], new double[0], 1,
        ERROR, 0);
    return new Signature("m", PARAMETERS.hashHex(), 128, List.of(input), List.of(value, guard),
        Postprocessing.identity(List.of("y")), List.of(), new Arrangement(packing, null, known, null, null));
  }

  private final Signature signature = signature(known(0.5), RowPacking.THROUGHPUT);
  private final BatchLayout layout = new BatchLayout(signature, PARAMETERS);

  private double[] output(double[][] rows, int element, int first, int second) {
    double[] x = layout.element(0, first, rows);
    double[] y = layout.element(0, second, rows);
    double[] result = new double[SLOTS];
    for (int j = 0; j < SLOTS; j++) {
      result[j] = value(x[j], y[j], element);
    }
    return result;
  }

  @Test
  void theSignatureTravelsAndKeepsItsPacking() {
    Signature read = Signature.fromBytes(ByteBuffer.wrap(signature.toBytes()));
    assertEquals(signature, read);
    assertEquals(RowPacking.THROUGHPUT, read.packing());
    assertEquals(signature.knownRows(), read.knownRows());
    assertEquals(SLOTS - KNOWN, read.rowsPerRequest(PARAMETERS));
    byte[] bytes = signature.toBytes();
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(bytes, length));
      assertThrows(MalformedException.class, () -> Signature.fromBytes(cut));
    }
  }

  @Test
  void aBatchWithoutKnownRowsOrWithOthersIsNoSignature() {
    assertThrows(IllegalArgumentException.class, () -> signature(null, RowPacking.THROUGHPUT));
    assertThrows(IllegalArgumentException.class, () -> signature(known(0.5), RowPacking.LATENCY));
    KnownRows short1 = new KnownRows(KNOWN, 0, 0.5, List.of(new double[KNOWN * 2 - 1]));
    assertThrows(IllegalArgumentException.class, () -> signature(short1, RowPacking.THROUGHPUT));
    double[] far = new double[KNOWN * 2];
    far[3] = 1.01;
    KnownRows beyond = new KnownRows(KNOWN, 0, 0.5, List.of(far));
    assertThrows(IllegalArgumentException.class, () -> signature(beyond, RowPacking.THROUGHPUT));
    assertThrows(IllegalArgumentException.class, () -> new KnownRows(0, 0, 0.5, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new KnownRows(1, 0.75, 0.5, List.of()));
  }

  @Test
  void rowsComeBackInTheirUnitsAndTheRestIsKnown() {
    double[][] rows = {{4, 10}, {-4, 0}, {1, 5}};
    BatchLayout.Answer answer = layout.answer(3);
    answer.add(0, 0, output(rows, 0, 0, 1), null, 0.5);
    answer.add(0, 1, output(rows, 1, 0, 1), null, 0.5);
    answer.add(1, 0, new double[SLOTS], null, 0.5);
    assertArrayEquals(new double[] {2 * 0.125 + 1, 3 * 0.375}, answer.values(0, 0), 1e-12);
    assertArrayEquals(new double[] {2 * -0.125 + 1, 3 * -0.375}, answer.values(0, 1), 1e-12);
    assertTrue(answer.failedRows().isEmpty());
  }

  @Test
  void exchangedArrayElementsAndForeignBatchesAreSeenByTheKnownRows() {
    double[][] rows = {{1, 2}};
    AnswerCheckException exchanged = assertThrows(
        AnswerCheckException.class, () -> layout.answer(1).add(0, 0, output(rows, 0, 1, 0), null, 0.5));
    assertTrue(exchanged.getMessage().contains("known row"), exchanged.getMessage());
    assertThrows(AnswerCheckException.class, () -> layout.answer(1).add(0, 0, output(rows, 1, 0, 1), null, 0.5));
    double[][] more = {{1, 2}, {2, 3}};
    assertThrows(AnswerCheckException.class, () -> layout.answer(1).add(0, 0, output(more, 0, 0, 1), null, 0.5));
  }

  @Test
  void noiseBeyondItsBoundAndOverflowsThrowAndAnImaginaryPartDoes() {
    double[][] full = new double[layout.capacity()][2];
    double[] slots = output(full, 0, 0, 1);
    layout.answer(full.length).add(0, 0, slots, new double[SLOTS], 1);
    assertThrows(AnswerCheckException.class, () -> layout.answer(full.length).add(0, 0, slots, null, 1.01));
    assertThrows(AnswerCheckException.class, () -> layout.answer(full.length).add(0, 0, slots, null, Double.NaN));
    double[] imaginary = new double[SLOTS];
    imaginary[7] = 2 * ERROR;
    assertThrows(AnswerCheckException.class, () -> layout.answer(full.length).add(0, 0, slots, imaginary, 1));
    slots[SLOTS - 1] += 2 * ERROR;
    assertThrows(AnswerCheckException.class, () -> layout.answer(full.length).add(0, 0, slots, null, 1));
  }

  @Test
  void aRowOutOfItsGuardFailsAlone() {
    BatchLayout.Answer answer = layout.answer(3);
    double[] guard = new double[SLOTS];
    guard[1] = 1.5;
    answer.add(1, 0, guard, null, 0.5);
    assertEquals(List.of(1), answer.failedRows());
    assertNull(answer.failure(0));
    guard[5] = Double.NaN;
    assertThrows(AnswerCheckException.class, () -> answer.add(1, 0, guard, null, 0.5), "a known row");
  }

  /** What a known row gives is known but for noise, so it may be beyond a guard's bound by the noise; a caller's row may not. */
  @Test
  void aGuardsBoundHasNoRoomForNoiseButAtKnownRows() {
    double[] guard = new double[SLOTS];
    guard[2] = 1 + ERROR / 2;
    BatchLayout.Answer answer = layout.answer(3);
    answer.add(1, 0, guard, null, 0.5);
    assertEquals(List.of(2), answer.failedRows());
    answer = layout.answer(2);
    answer.add(1, 0, guard, null, 0.5);
    assertEquals(List.of(), answer.failedRows());
  }

  @Test
  void badRowsAreRefusedByTheirFeature() {
    assertThrows(IllegalArgumentException.class, () -> signature.requireAcceptable(new double[3]));
    assertEquals(1, assertThrows(FeatureOutOfBoundsException.class, () -> signature.requireAcceptable(new double[] {0, 11})).index());
    assertThrows(FeatureOutOfBoundsException.class, () -> layout.element(0, 0, new double[][] {{Double.NaN, 0}}));
    assertThrows(IllegalArgumentException.class, () -> layout.element(0, 0, new double[layout.capacity() + 1][2]));
    assertThrows(IllegalArgumentException.class, () -> layout.answer(0));
  }
}
