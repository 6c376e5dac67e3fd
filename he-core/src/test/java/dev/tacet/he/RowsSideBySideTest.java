// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two rows side by side in a ciphertext of the latency packing: where they lie, what is checked of each, and the wire form. */
class RowsSideBySideTest {
  private static final Signature ONE = Samples.artifact().signature();
  private static final SignatureInput INPUT = input(2);
  private static final CipherOutput OUTPUT = output(2);

  private static SignatureInput input(int rows) {
    SignatureInput one = ONE.inputs().get(0);
    return new SignatureInput(
        "X", new int[] {3}, 3, 4 * rows, 0, rows, one.scale(), one.level(), one.low(), one.high(), one.center(), one.halfWidth());
  }

  private static CipherOutput output(int rows) {
    CipherOutput one = ONE.cipherOutputs().get(0);
    return new CipherOutput(CipherOutput.Kind.VALUE, 0, "scores", 2, 4 * rows, rows, one.level(), one.scale(), one.factor(), one.offset(),
        1, 1e-4, 1e-3);
  }

  /** Returns a signature of two rows side by side. */
  static Signature signature() {
    return signature(INPUT, OUTPUT);
  }

  private static Signature signature(SignatureInput input, CipherOutput output) {
    return new Signature("sample", ONE.parametersHash(), ONE.securityBits(), List.of(input), List.of(output), ONE.tail(), ONE.keys());
  }

  @Test
  void placesOfAllRowsAreNeighbours() {
    double[] both = INPUT.pack(new double[][] {{0.5, 4, 10}, {-1, 0, 20}}, 16);
    assertArrayEquals(new double[] {0.5, -1, 1, -1, -1, 1, 0, 0, 0.5, -1, 1, -1, -1, 1, 0, 0}, both);
    assertArrayEquals(INPUT.pack(new double[] {0.5, 4, 10}, 8), new double[] {0.5, 0.5, 1, 1, -1, -1, 0, 0}, "one row is in the places of all");
    assertThrows(IllegalArgumentException.class, () -> INPUT.pack(new double[3][3], 16));
    assertThrows(FeatureOutOfBoundsException.class, () -> INPUT.pack(new double[][] {{0.5, 4, 10}, {-1, 5, 20}}, 16));
  }

  @Test
  void aRowsFaultIsItsOwn() {
    double[] real = {0.5, 0.25, -0.25, 1.5, 0, 0, 0, 0, 0.5, 0.25, -0.25, 1.5, 0, 0, 0, 0};
    assertArrayEquals(new double[] {1, 0.5}, OUTPUT.unpack(0, real, new double[16], 0.5), 1e-12);
    AnswerCheckException failed = assertThrows(AnswerCheckException.class, () -> OUTPUT.unpack(1, real, new double[16], 0.5));
    assertTrue(failed.getMessage().contains("slot 3 is beyond its bound"), failed.getMessage());
    real[3] = real[11] = 0.75;
    assertArrayEquals(new double[] {0.5, 2.5}, OUTPUT.unpack(1, real, new double[16], 0.5), 1e-12);
    real[5] = 2e-4;
    failed = assertThrows(AnswerCheckException.class, () -> OUTPUT.unpack(1, real, new double[16], 0.5));
    assertTrue(failed.getMessage().contains("slot 5 is a structural zero"), failed.getMessage());
    real[5] = 0;
    real[9] += 3e-4;
    failed = assertThrows(AnswerCheckException.class, () -> OUTPUT.unpack(1, real, new double[16], 0.5));
    assertTrue(failed.getMessage().contains("slot 9 differs from its copy in slot 1"), failed.getMessage());
    assertArrayEquals(new double[] {1, 0.5}, OUTPUT.unpack(0, real, new double[16], 0.5), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> OUTPUT.unpack(2, real, new double[16], 0.5));
  }

  @Test
  void theWireFormIsCanonicalAndFormsOfOneRowStayWhatTheyWere() {
    Signature two = signature(INPUT, OUTPUT);
    Signature read = Signature.fromBytes(ByteBuffer.wrap(two.toBytes()));
    assertEquals(two, read);
    assertEquals(2, read.inputs().get(0).rows());
    assertEquals(2, read.cipherOutputs().get(0).rows());
    assertEquals(2, read.rowsPerRequest(Samples.artifact().parameters()));
    assertEquals(ONE.sha256(), signature(input(1), output(1)).sha256());
    assertEquals(1, ONE.rowsPerRequest(Samples.artifact().parameters()));
  }

  @Test
  void rowsThatDoNotAgreeOrFitAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> signature(INPUT, output(1)));
    assertThrows(IllegalArgumentException.class, () -> signature(input(4), OUTPUT));
    assertThrows(IllegalArgumentException.class, () -> input(3));
    SignatureInput one = ONE.inputs().get(0);
    assertThrows(IllegalArgumentException.class, () -> new SignatureInput("X", new int[] {3}, 3, 4, 0, 2, one.scale(), one.level(), one.low(),
        one.high(), one.center(), one.halfWidth()), "6 numbers in a period of 4");
    assertThrows(IllegalArgumentException.class, () -> new SignatureInput("X", new int[] {3}, 3, 8, 1, 2, one.scale(), one.level(), one.low(),
        one.high(), one.center(), one.halfWidth()), "a copy shift of half a place");
    assertThrows(IllegalArgumentException.class, () -> new CipherOutput(CipherOutput.Kind.VALUE, 0, "v", 2, 4, 2, 0, Scale.ONE, new double[2],
        new double[2], 1, 0, 0), "no structural zero is left");
  }
}
