// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.process.ServerProcess;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class BlindProofTest {
  private static final String PHRASE = "planted for this test";

  @TempDir Path folder;

  private BlindProof.Report prove(Secrets secrets) throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    Path wire = Files.createDirectories(folder.resolve("wire"));
    try (ServerProcess server =
        ServerProcess.start(
            List.of(
                "--models", models.toString(), "--data", folder.resolve("data").toString(), "--port", "0",
                "--plant-needle", PHRASE),
            Duration.ofMinutes(1))) {
      return new BlindProof(secrets, PHRASE).run(server.pid(), List.of(folder.resolve("data")), wire);
    }
  }

  @Test
  void aHostThatHoldsAKeysSeedIsNotBlind() throws Exception {
    byte[] seed = Arrays.copyOf(Needle.plantedBytes(PHRASE, NeedlePlant.HEAP), 32);
    byte[] ternary = new byte[64];
    byte[] limbs = new byte[64];
    Random random = new Random(3);
    random.nextBytes(limbs);
    for (int i = 0; i < ternary.length; i++) {
      ternary[i] = (byte) (random.nextInt(3) - 1);
    }
    BlindProof.Report report = prove(new Secrets().secretKey(seed, ternary, limbs));
    assertFalse(report.hits().isEmpty());
    assertTrue(report.hits().get(0).startsWith("secret key, seed"), report.hits().toString());
    assertFalse(report.holds());
  }

  @Test
  void whatWentOverTheWireInTheClearIsFound() throws Exception {
    double[] answers = new Random(4).doubles(16).toArray();
    byte[] text = "p\n0.123456789012345678\n0.234567890123456789\n0.3456789012345678901\n0.45678901\n".getBytes(StandardCharsets.UTF_8);
    Secrets secrets = new Secrets().answers(answers, text);
    Path wire = Files.createDirectories(folder.resolve("wire"));
    ByteBuffer leaked = ByteBuffer.allocate(8 * 16 + 5).order(ByteOrder.LITTLE_ENDIAN).position(5);
    for (double answer : answers) {
      leaked.putDouble(answer);
    }
    Files.write(wire.resolve("1-to-client.bin"), leaked.array());
    BlindProof.Report report = prove(secrets);
    assertEquals(2, report.hits().size(), report.hits().toString());
    assertTrue(report.hits().get(0).contains("1-to-client.bin"), report.hits().toString());
    assertEquals(List.of(), report.plantedMissing());
    assertEquals(List.of(), report.heldMissing());
    Reference.reachabilityFence(answers);
    Reference.reachabilityFence(text);
  }

  @Test
  void everyFormOfEverySecretIsFoundInTheClient() throws Exception {
    double[] answers = new Random(5).doubles(24).toArray();
    byte[] text = "p\n0.123456789012345678\n0.234567890123456789\n0.3456789012345678901\n0.45678901\n".getBytes(StandardCharsets.UTF_8);
    Secrets secrets = new Secrets().answers(answers, text).slots(new Random(6).doubles(30).toArray());
    BlindProof.Report report = prove(secrets);
    assertTrue(report.holds(), report.hits() + " " + report.plantedMissing() + " " + report.heldMissing());
    for (String form :
        List.of("answers, float64", "answers, float64, big endian", "answers, float32", "answers, text", "features, float64, as slots")) {
      assertEquals(
          report.needles().get(form), report.found().get(form).get(BlindProof.Place.CLIENT_MEMORY), form);
    }
    Reference.reachabilityFence(answers);
    Reference.reachabilityFence(text);
  }

  @Test
  void aSecretThatTheClientDoesNotHoldShowsThatTheControlCanFail() throws Exception {
    // The bytes exist here only masked: the search must say that it did not find them.
    double[] answers = new Random(7).doubles(8).toArray();
    Secrets secrets = new Secrets().answers(answers, new byte[0]);
    Arrays.fill(answers, 0);
    BlindProof.Report report = prove(secrets);
    assertFalse(report.holds());
    assertEquals(List.of("answers, float64: 0 of 1"), report.heldMissing());
  }
}
