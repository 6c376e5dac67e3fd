// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Blobs of format version 1, in both rings, stay readable, mean the same, and are written to the same bytes. */
@ParameterizedClass(name = "{0}")
@EnumSource(RingType.class)
final class GoldenFilesTest {
  private static final double BOUND = 1e-8;

  private final RingType ring;
  private Parameters parameters;
  private Context context;
  private SecretKey secretKey;

  GoldenFilesTest(RingType ring) {
    this.ring = ring;
  }

  @BeforeEach
  void readParametersAndSecretKey() throws IOException {
    parameters = Parameters.fromBytes(ByteBuffer.wrap(golden("parameters")));
    context = Context.create(parameters);
    secretKey = SecretKey.restore(context, golden("secret-key"), SecretKeyAccess.get());
  }

  @AfterEach
  void close() {
    secretKey.close();
    context.close();
  }

  @Test
  void parametersAndSecretKeyAreWrittenToTheSameBytes() throws IOException {
    assertEquals(ring, parameters.ringType());
    assertArrayEquals(golden("parameters"), parameters.toBytes());
    assertArrayEquals(golden("secret-key"), secretKey.export(SecretKeyAccess.get()));
  }

  @Test
  void ciphertextsDecryptToTheSameSlotsAndAreWrittenToTheSameBytes() throws IOException {
    double[] x = GoldenFiles.slots(parameters);
    double[] squares = Arrays.stream(x).map(v -> v * v).toArray();
    for (String name : List.of("seeded", "full", "three")) {
      byte[] bytes = golden("ciphertext-" + name);
      try (Ciphertext c = Ciphertext.fromBytes(context, ByteBuffer.wrap(bytes))) {
        assertArrayEquals(bytes, c.toBytes());
        assertEquals(name.equals("full") ? 1 : 3, c.level());
        double[] decrypted = new Decryptor(secretKey).decrypt(c).real();
        assertTrue(HeFixture.maxDifference(name.equals("three") ? squares : x, decrypted) < BOUND, name);
      }
    }
  }

  @Test
  void thePublicKeyStillEncryptsForTheSecretKey() throws IOException {
    double[] x = GoldenFiles.slots(parameters);
    byte[] bytes = golden("public-key");
    try (PublicKey key = PublicKey.fromBytes(context, ByteBuffer.wrap(bytes));
        Ciphertext c = new Encryptor(context, key).encrypt(x, 2, Scale.powerOfTwo(40))) {
      assertArrayEquals(bytes, key.toBytes());
      assertTrue(HeFixture.maxDifference(x, new Decryptor(secretKey).decrypt(c).real()) < BOUND);
    }
  }

  @Test
  void theProgramStillRunsWithItsKeys() throws IOException {
    byte[] bytes = golden("program");
    Program program = Program.fromBytes(parameters, ByteBuffer.wrap(bytes));
    assertArrayEquals(bytes, program.toBytes());
    assertArrayEquals(bytes, GoldenFiles.program(parameters).toBytes());
    List<ByteBuffer> blobs = new ArrayList<>();
    for (KeyRequirement key : program.requiredKeys()) {
      blobs.add(ByteBuffer.wrap(golden("evaluation-key-" + key.galoisElement())));
    }
    double[] expected = ReferenceEvaluator.run(program, List.of(GoldenFiles.slots(parameters))).get(0);
    try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs);
        ExecutableProgram executable = ExecutableProgram.load(context, program);
        Ciphertext c = Ciphertext.fromBytes(context, ByteBuffer.wrap(golden("ciphertext-seeded")));
        ExecutableProgram.Run run = executable.run(keys, List.of(c), null)) {
      double[] result = new Decryptor(secretKey).decrypt(run.outputs().get(0)).real();
      assertTrue(HeFixture.maxDifference(expected, result) < 1e-6);
    }
  }

  private byte[] golden(String name) throws IOException {
    String path = "/golden/v1/" + (ring == RingType.STANDARD ? "" : "conjugate-invariant/") + name + ".bin";
    try (InputStream in = GoldenFilesTest.class.getResourceAsStream(path)) {
      assertTrue(in != null, path + " is missing");
      return in.readAllBytes();
    }
  }
}
