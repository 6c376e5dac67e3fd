// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Every key and ciphertext draws its own seeds: a repeated one would give the key away. */
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
class FreshRandomnessTest {
  private static final int COUNT = 32;
  private static final int KEY_SEED_AT = Blob.HEADER_BYTES + 8;
  private static final int CIPHERTEXT_SEED_AT = Blob.HEADER_BYTES + 4 + 5;
  private static Context context;
  private static SecretKey key;

  FreshRandomnessTest(RingType ring) {
    assertEquals(ring, context.parameters().ringType());
  }

  @BeforeParameterizedClassInvocation
  static void makeKey(RingType ring) {
    context =
        Context.create(ModulusChain.select(11, ring, 40, 30, 1, 45, 1).security(SecurityLevel.UNCHECKED_FOR_TESTS).build());
    key = SecretKey.generate(context);
  }

  @AfterParameterizedClassInvocation
  static void free() {
    key.close();
    context.close();
  }

  private static String hex(byte[] bytes, int from) {
    return HexFormat.of().formatHex(bytes, from, from + 32);
  }

  @Test
  void noPublicSeedOccursTwiceAndNoneIsTheSecretOne() {
    Set<String> seeds = new HashSet<>();
    KeyGenerator generator = new KeyGenerator(key);
    for (int i = 0; i < COUNT; i++) {
      try (PublicKey publicKey = generator.publicKey()) {
        seeds.add(hex(publicKey.toBytes(), Blob.HEADER_BYTES));
      }
      ByteBuffer blob = generator.evaluationKey(5, 1);
      byte[] bytes = new byte[blob.remaining()];
      blob.get(bytes);
      seeds.add(hex(bytes, KEY_SEED_AT));
      try (Ciphertext ciphertext = new SecretEncryptor(key).encrypt(new double[1], 1, Scale.powerOfTwo(30))) {
        seeds.add(hex(ciphertext.toBytes(), CIPHERTEXT_SEED_AT));
      }
      try (SecretKey other = SecretKey.generate(context)) {
        seeds.add(HexFormat.of().formatHex(other.memoryForms(SecretKeyAccess.get()).get(0)));
      }
    }
    seeds.add(HexFormat.of().formatHex(key.memoryForms(SecretKeyAccess.get()).get(0)));
    assertEquals(4 * COUNT + 1, seeds.size());
  }

  @Test
  void everyEncryptionDrawsItsOwnErrorsOfTheStatedWidth() {
    Set<String> errors = new HashSet<>();
    double squares = 0;
    for (int i = 0; i < COUNT; i++) {
      try (Plaintext zero = Plaintext.encodeCoefficients(context, new double[1], 0, Scale.ONE);
          Ciphertext ciphertext = new SecretEncryptor(key).encrypt(zero);
          Plaintext decrypted = new Decryptor(key).decryptToPlaintext(ciphertext)) {
        double[] error = decrypted.decode().real();
        errors.add(Arrays.toString(error));
        for (double e : error) {
          assertTrue(Math.abs(e) <= 29, "error " + e);
          squares += e * e;
        }
      }
    }
    assertEquals(COUNT, errors.size());
    double deviation = Math.sqrt(squares / (COUNT * (double) context.parameters().ringDegree()));
    assertEquals(3.19, deviation, 0.05); // 65,536 errors: its own deviation is 0.009
  }
}
