// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.Parameters;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.Scale;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Of a model of two inputs, whose rows lie side by side, each input's ciphertext holds its own features. */
class InputEncryptorTest {
  private static final Scale SCALE = Scale.powerOfTwo(32);
  private static Context context;
  private static SecretKey key;
  private static Signature signature;

  @BeforeAll
  static void makeKey() {
    Parameters parameters = TestModel.parameters();
    context = Context.create(parameters);
    key = SecretKey.generate(context);
    CipherOutput output =
        new CipherOutput(CipherOutput.Kind.VALUE, 0, "y", 1, 4, 2, 0, SCALE, new double[] {1}, new double[1], 2, 1e-3, 1e-3);
    signature = new Signature("two", parameters.hashHex(), 128, List.of(input("a", 2), input("b", 3)), List.of(output),
        Postprocessing.identity(List.of("y")), List.of());
  }

  @AfterAll
  static void close() {
    key.close();
    context.close();
  }

  /** Features within -1..1, two rows side by side. */
  private static SignatureInput input(String name, int features) {
    double[] low = new double[features];
    double[] ones = new double[features];
    for (int i = 0; i < features; i++) {
      low[i] = -1;
      ones[i] = 1;
    }
    return new SignatureInput(
        name, new int[] {features}, features, 8, 0, 2, SCALE, 3, low, ones, new double[features], ones);
  }

  private static void assertPlaces(byte[] blob, double... expected) {
    try (Ciphertext ciphertext = Ciphertext.fromBytes(context, ByteBuffer.wrap(blob))) {
      double[] slots = new Decryptor(key).decrypt(ciphertext).real();
      for (int i = 0; i < slots.length; i++) {
        assertEquals(expected[i % expected.length], slots[i], 1e-4, "slot " + i);
      }
    }
  }

  @Test
  void theSecondInputsCiphertextHoldsTheSecondInputsFeatures() {
    double[][] rows = {{0.125, 0.25, 0.375, 0.5, 0.625}, {-0.125, -0.25, -0.375, -0.5, -0.625}};
    Iterator<byte[]> ciphertexts = InputEncryptor.of(signature, key).batch(rows).ciphertexts();
    assertPlaces(ciphertexts.next(), 0.125, -0.125, 0.25, -0.25, 0, 0, 0, 0);
    assertPlaces(ciphertexts.next(), 0.375, -0.375, 0.5, -0.5, 0.625, -0.625, 0, 0);
    assertFalse(ciphertexts.hasNext());
  }

  @Test
  void aClampedFeatureIsReportedByItsNumberAmongAllInputsFeatures() {
    double[][] rows = {{0, 0, 0, 7, 0}, {-7, 0, 0, 0, 1.5}};
    InputEncryptor encryptor = InputEncryptor.of(signature, key).clamping(true);
    InputEncryptor.Batch batch = encryptor.batch(rows);
    assertEquals(List.of(List.of(3), List.of(0, 4)), batch.clampedFeatures());
    Iterator<byte[]> ciphertexts = batch.ciphertexts();
    assertPlaces(ciphertexts.next(), 0, -1, 0, 0, 0, 0, 0, 0);
    assertPlaces(ciphertexts.next(), 0, 0, 1, 0, 0, 1, 0, 0);
    assertEquals(List.of(0, 4), encryptor.encrypt(rows[1]).clampedFeatures());
  }
}
