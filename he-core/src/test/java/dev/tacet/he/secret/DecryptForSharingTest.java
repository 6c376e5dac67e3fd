// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.Arrangement;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.UnsupportedException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Two values in slots 0 and 1 of a period of 4: 10 * 0.5 + 100 = 105 and 20 * -0.25 = -5. */
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
class DecryptForSharingTest {
  private static final int PERIOD = 4;
  private static final double SLOT_ERROR = 1e-7;
  private static final double NOISE = 1e-8;
  private static final double[] FACTOR = {10, 20};
  private static final double[] OFFSET = {100, 0};
  private static final double[] TRUE_VALUES = {105, -5};

  private final Parameters parameters;
  private final Context context;
  private final SecretKey key;
  private final Scale scale = Scale.powerOfTwo(45);
  private Ciphertext ciphertext;

  DecryptForSharingTest(RingType ring) {
    parameters = ModulusChain.select(7, ring, 50, 40, 1, 50, 1).security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
    context = Context.create(parameters);
    key = SecretKey.generate(context);
  }

  @BeforeEach
  void encrypt() {
    double[] slots = new double[parameters.slots()];
    for (int i = 0; i < slots.length; i += PERIOD) {
      slots[i] = 0.5;
      slots[i + 1] = -0.25;
    }
    ciphertext = new SecretEncryptor(key).encrypt(slots, 0, scale);
  }

  @AfterEach
  void close() {
    ciphertext.close();
    key.close();
    context.close();
  }

  private CipherOutput output(double slotError) {
    return new CipherOutput(CipherOutput.Kind.VALUE, 0, "y", 2, PERIOD, 0, scale, FACTOR, OFFSET, 1, slotError, 0.01);
  }

  private Signature signature(CipherOutput output, Sharing sharing) {
    double[] one = {1};
    SignatureInput input = new SignatureInput("x", new int[] {1}, 1, PERIOD, scale, 0, new double[] {-1}, one, new double[1], one);
    return new Signature("m", parameters.hashHex(), 0, List.of(input), List.of(output),
        new Postprocessing(List.of("y"), List.of(), List.of("y")), List.of(), Arrangement.latency(sharing));
  }

  @Test
  void theFloodingHasTheDeviationOfTheFormulaAroundTheTrueValue() {
    Sharing sharing = new Sharing(5000, 20, NOISE);
    CipherOutput output = output(SLOT_ERROR);
    Signature signature = signature(output, sharing);
    Decryptor decryptor = new Decryptor(key, new Random(7));
    int rows = 2000;
    double[] sums = new double[2];
    double[] squares = new double[2];
    double[] bounds = new double[2];
    for (int r = 0; r < rows; r++) {
      Decryptor.Shared shared = decryptor.decryptForSharing(ciphertext, signature, output);
      bounds = shared.errorBounds();
      for (int i = 0; i < 2; i++) {
        double error = shared.values()[i] - TRUE_VALUES[i];
        sums[i] += error;
        squares[i] += error * error;
        assertTrue(Math.abs(error) <= bounds[i], "error " + error + ", bound " + bounds[i]);
      }
    }
    for (int i = 0; i < 2; i++) {
      double expected = Math.sqrt(12.0 * 5000 * 2) * 1024 * FACTOR[i] * NOISE;
      assertEquals(expected, sharing.deviation(output, i, 2), 1e-12 * expected);
      assertEquals(1, Math.sqrt(squares[i] / rows) / expected, 5 / Math.sqrt(2.0 * rows));
      assertEquals(0, sums[i] / rows / expected, 5 / Math.sqrt(rows));
      assertEquals(0.01 + Sharing.DEVIATIONS * sharing.deviation(output, i, 2), bounds[i], 1e-12);
    }
  }

  @Test
  void floodedValuesLieOnTheGridSoThatTheirLastDigitsHideNothing() {
    CipherOutput output = output(SLOT_ERROR);
    Sharing sharing = new Sharing(100, 20, NOISE);
    Signature signature = signature(output, sharing);
    Decryptor decryptor = new Decryptor(key);
    for (int r = 0; r < 50; r++) {
      double[] values = decryptor.decryptForSharing(ciphertext, signature, output).values();
      for (int i = 0; i < 2; i++) {
        double step = Math.scalb(1.0, Math.getExponent(sharing.deviation(output, i, 2)) - 20);
        double steps = (values[i] - OFFSET[i]) / step;
        assertEquals(Math.rint(steps), steps, 0);
      }
    }
  }

  @Test
  void withoutAReserveItThrows() {
    CipherOutput output = output(SLOT_ERROR);
    Decryptor decryptor = new Decryptor(key);
    UnsupportedException none = assertThrows(UnsupportedException.class,
        () -> decryptor.decryptForSharing(ciphertext, signature(output, null), output));
    assertTrue(none.getMessage().contains("no reserve for sharing"), none.getMessage());
    UnsupportedException drowned = assertThrows(UnsupportedException.class,
        () -> decryptor.decryptForSharing(ciphertext, signature(output, new Sharing(1, 60, NOISE)), output));
    assertTrue(drowned.getMessage().contains("would drown value 0"), drowned.getMessage());
  }

  @Test
  void noMoreResultsThanTheSignatureAllowsAreShared() {
    CipherOutput output = output(SLOT_ERROR);
    Signature signature = signature(output, new Sharing(3, 20, NOISE));
    Decryptor decryptor = new Decryptor(key);
    for (int r = 0; r < 3; r++) {
      decryptor.decryptForSharing(ciphertext, signature, output);
    }
    UnsupportedException used = assertThrows(UnsupportedException.class,
        () -> decryptor.decryptForSharing(ciphertext, signature, output));
    assertTrue(used.getMessage().contains("all 3 results"), used.getMessage());
  }

  @Test
  void anAnswerThatFailsACheckIsNotShared() {
    CipherOutput output = output(1e-16);
    Signature signature = signature(output, new Sharing(3, 20, NOISE));
    assertThrows(AnswerCheckException.class, () -> new Decryptor(key).decryptForSharing(ciphertext, signature, output));
    assertThrows(IllegalArgumentException.class,
        () -> new Decryptor(key).decryptForSharing(ciphertext, signature, output(SLOT_ERROR)));
  }

  @Test
  void theReserveIsInTheSignaturesBytesAndAnotherSignatureKeepsItsOwn() {
    Signature with = signature(output(SLOT_ERROR), new Sharing(1L << 33, 40, NOISE));
    Signature read = Signature.fromBytes(ByteBuffer.wrap(with.toBytes()));
    assertEquals(new Sharing(1L << 33, 40, NOISE), read.sharing().orElseThrow());
    Signature without = signature(output(SLOT_ERROR), null);
    assertTrue(Signature.fromBytes(ByteBuffer.wrap(without.toBytes())).sharing().isEmpty());
    assertTrue(!with.sha256().equals(without.sha256()));
    assertThrows(IllegalArgumentException.class, () -> new Sharing(0, 40, NOISE));
    assertThrows(IllegalArgumentException.class, () -> new Sharing(1, 129, NOISE));
    assertThrows(IllegalArgumentException.class, () -> new Sharing(1, 40, Double.NaN));
  }
}
