// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.trial.ReadyModel;
import dev.tacet.client.KeyRing;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.client.ProgressListener;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.HeException;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationKeyFileTest {
  @TempDir static Path shared;
  private static ModelArtifact model;
  private static ModelArtifact otherParameters;
  private static byte[] whole;
  private static byte[] fewer;
  private static int head;

  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    System.setProperty("tacet.home", Path.of("..").toAbsolutePath().normalize().toString());
    model = ReadyModel.open("diabetes", 1, CompileOptions.Packing.LATENCY).compilation().artifact();
    otherParameters = ReadyModel.open("mnist-ffnn", 1).compilation().artifact();
    try (KeyRing ring = KeyRing.open(shared.resolve("ring"), "one".toCharArray())) {
      whole = file(ring, model.signature().keys());
      fewer = file(ring, model.signature().keys().subList(1, model.signature().keys().size()));
      head = 10 + ByteBuffer.wrap(whole).getInt(6);
    }
  }

  private static byte[] file(KeyRing ring, List<KeyRequirement> keys) throws IOException {
    Path file = shared.resolve("evaluation.keys");
    KeyManifest manifest = ring.evaluationKeys(model.parameters(), keys, ProgressListener.NONE);
    EvaluationKeyFile.write(file, manifest, entry -> ring.evaluationKey(model.parameters(), entry));
    return Files.readAllBytes(file);
  }

  private void load(byte[] bytes, ModelArtifact model) throws IOException {
    Path file = Files.write(folder.resolve("evaluation.keys"), bytes);
    try (Context context = Context.create(model.parameters());
        EvaluationKeySet keys = EvaluationKeyFile.load(file, context, model.program().requiredKeys())) {
      assertTrue(keys != null);
    }
  }

  private void refused(byte[] bytes) {
    RuntimeException failure = assertThrows(RuntimeException.class, () -> load(bytes, model));
    assertTrue(failure instanceof CliException || failure instanceof HeException, failure.toString());
  }

  @Test
  void whatWasWrittenIsLoadedAndForItsOwnModelOnly() throws IOException {
    load(whole, model);
    CliException foreign = assertThrows(CliException.class, () -> load(whole, otherParameters));
    assertTrue(foreign.getMessage().contains("is for other parameters"), foreign.getMessage());
    CliException lacking = assertThrows(CliException.class, () -> load(fewer, model));
    assertTrue(lacking.getMessage().matches("(?s).*lacks 1 of \\d+ keys.*"), lacking.getMessage());
  }

  @Test
  void truncationsAndExtensionsAreRefused() {
    for (int length : List.of(0, 1, 9, 10, head - 1, head, head + 1, whole.length / 2, whole.length - 1, whole.length + 1)) {
      refused(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void aFlippedBitAnywhereIsRefused() {
    for (int at = 0; at < whole.length; at += at < head ? 1 : 17_389) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 0x10;
      refused(flipped);
      if (at < head) {
        CliException named = assertThrows(CliException.class, () -> load(flipped, model));
        assertTrue(named.getMessage().startsWith(folder.toString()), named.getMessage());
      }
    }
  }

  @Test
  void aMissingFileIsBadUsage() {
    CliException failure =
        assertThrows(CliException.class, () -> EvaluationKeyFile.load(folder.resolve("none"), null, null));
    assertEquals(CliException.BAD_USAGE, failure.exitCode());
  }
}
