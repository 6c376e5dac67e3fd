// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.trial.ReadyModel;
import dev.tacet.he.Signature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CiphertextFileTest {
  private static Signature signature;
  private static Signature otherSignature;

  @TempDir Path folder;

  @BeforeAll
  static void compile() {
    System.setProperty("tacet.home", Path.of("..").toAbsolutePath().normalize().toString());
    signature = ReadyModel.open("breast-cancer", 1).compilation().artifact().signature();
    otherSignature = ReadyModel.open("diabetes", 1).compilation().artifact().signature();
  }

  private static final List<CiphertextFile.Row> ROWS =
      List.of(
          new CiphertextFile.Row(List.of(3, 29), List.of(new byte[] {1, 2, 3}, new byte[100])),
          new CiphertextFile.Row(List.of(), List.of(new byte[] {7})));

  private Path written(CiphertextFile.Kind kind) throws IOException {
    Path file = folder.resolve("rows.enc");
    try (CiphertextFile.Writer out = new CiphertextFile.Writer(file, kind, signature, ROWS.size())) {
      for (CiphertextFile.Row row : ROWS) {
        out.write(row);
      }
      out.commit();
    }
    return file;
  }

  private static int read(Path file, CiphertextFile.Kind kind, Signature signature) throws IOException {
    try (CiphertextFile.Reader in = new CiphertextFile.Reader(file, kind, signature)) {
      for (int r = 0; r < in.rows(); r++) {
        in.next();
      }
      in.requireEnd();
      return in.rows();
    }
  }

  @Test
  void whatWasWrittenIsRead() throws IOException {
    Path file = written(CiphertextFile.Kind.INPUTS);
    try (CiphertextFile.Reader in = new CiphertextFile.Reader(file, CiphertextFile.Kind.INPUTS, signature)) {
      assertEquals(2, in.rows());
      for (CiphertextFile.Row row : ROWS) {
        CiphertextFile.Row found = in.next();
        assertEquals(row.clampedFeatures(), found.clampedFeatures());
        assertEquals(row.ciphertexts().size(), found.ciphertexts().size());
        for (int i = 0; i < row.ciphertexts().size(); i++) {
          assertArrayEquals(row.ciphertexts().get(i), found.ciphertexts().get(i));
        }
      }
    }
  }

  @Test
  void theOtherKindAndAnotherModelAreRefused() throws IOException {
    Path file = written(CiphertextFile.Kind.ANSWERS);
    CliException kind = assertThrows(CliException.class, () -> read(file, CiphertextFile.Kind.INPUTS, signature));
    assertTrue(kind.getMessage().contains("holds answers"), kind.getMessage());
    CliException model = assertThrows(CliException.class, () -> read(file, CiphertextFile.Kind.ANSWERS, otherSignature));
    assertTrue(model.getMessage().contains(signature.sha256().substring(0, 16)), model.getMessage());
  }

  @Test
  void everyTruncationAndEveryExtensionIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(written(CiphertextFile.Kind.INPUTS));
    Path file = folder.resolve("cut.enc");
    for (int length = 0; length <= whole.length + 1; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      if (length == whole.length) {
        assertEquals(2, read(file, CiphertextFile.Kind.INPUTS, signature));
      } else {
        CliException failure = assertThrows(CliException.class, () -> read(file, CiphertextFile.Kind.INPUTS, signature));
        assertEquals(CliException.FAILED, failure.exitCode());
      }
    }
  }

  @Test
  void noFlippedBitOfTheFrameGivesAnythingButRowsOrAFailure() throws IOException {
    byte[] whole = Files.readAllBytes(written(CiphertextFile.Kind.INPUTS));
    Path file = folder.resolve("flipped.enc");
    int refused = 0;
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, flipped);
      try {
        read(file, CiphertextFile.Kind.INPUTS, signature);
      } catch (CliException e) {
        assertEquals(CliException.FAILED, e.exitCode());
        refused++;
      }
    }
    // Magic, version, kind and signature at least; bits of the blobs are the blobs' own checksums' to find.
    assertTrue(refused >= 8 * 39, refused + " of " + 8 * whole.length);
  }

  @Test
  void rowsThatWereNotAllWrittenMakeNoFile() throws IOException {
    Path file = folder.resolve("rows.enc");
    try (CiphertextFile.Writer out = new CiphertextFile.Writer(file, CiphertextFile.Kind.INPUTS, signature, 2)) {
      out.write(ROWS.get(0));
      assertThrows(IllegalStateException.class, out::commit);
    }
    assertFalse(Files.exists(file));
  }
}
