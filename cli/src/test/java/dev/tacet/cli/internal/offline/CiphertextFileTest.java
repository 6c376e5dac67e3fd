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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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

  private static final int HEADER = 4 + 2 + 1 + 32 + 16 + 4;
  private static final UUID RUN = new UUID(1, 2);

  private static List<CiphertextFile.Row> rows() {
    return List.of(
        CiphertextFile.Row.request(signature, List.of(List.of(3, 29)), List.of(new byte[] {1, 2, 3}, new byte[100])),
        CiphertextFile.Row.request(signature, List.of(List.of(), List.of(4)), List.of(new byte[] {7})));
  }

  private Path written(CiphertextFile.Kind kind) throws IOException {
    return written("rows.enc", kind, RUN, rows());
  }

  private Path written(String name, CiphertextFile.Kind kind, UUID run, List<CiphertextFile.Row> rows) throws IOException {
    Path file = folder.resolve(name);
    try (CiphertextFile.Writer out = new CiphertextFile.Writer(file, kind, signature, run, rows.size())) {
      for (CiphertextFile.Row row : rows) {
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
      for (CiphertextFile.Row row : rows()) {
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
  void everyFlippedBitIsRefused() throws IOException {
    for (CiphertextFile.Kind kind : CiphertextFile.Kind.values()) {
      byte[] whole = Files.readAllBytes(written(kind));
      Path file = folder.resolve("flipped.enc");
      for (int bit = 0; bit < 8 * whole.length; bit++) {
        byte[] flipped = whole.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(file, flipped);
        CliException failure = assertThrows(CliException.class, () -> read(file, kind, signature), "bit " + bit);
        assertEquals(CliException.FAILED, failure.exitCode());
      }
    }
  }

  /** Three answers of equal length, the middle one with a clamped feature. */
  private static List<CiphertextFile.Row> answers() {
    List<CiphertextFile.Row> answers = new ArrayList<>();
    for (int r = 0; r < 3; r++) {
      byte[] sent = {(byte) r};
      answers.add(
          CiphertextFile.Row.request(signature, List.of(List.of(r)), List.of(sent)).answer(List.of(new byte[] {(byte) r, 9})));
    }
    return answers;
  }

  /** The file of {@code bytes} with its rows replaced by those of the given places, and its count by theirs. */
  private Path rearranged(byte[] bytes, byte[] others, int... places) throws IOException {
    int rowBytes = (bytes.length - HEADER - 32) / 3;
    ByteBuffer out = ByteBuffer.allocate(HEADER + places.length * rowBytes + 32);
    out.put(bytes, 0, HEADER - 4).putInt(places.length);
    for (int place : places) {
      byte[] source = place < 3 ? bytes : others;
      out.put(source, HEADER + place % 3 * rowBytes, rowBytes);
    }
    out.put(bytes, bytes.length - 32, 32);
    return Files.write(folder.resolve("rearranged.enc"), out.array());
  }

  private void refuses(Path file, String... words) {
    CliException failure = assertThrows(CliException.class, () -> read(file, CiphertextFile.Kind.ANSWERS, signature));
    assertEquals(CliException.FAILED, failure.exitCode());
    for (String word : words) {
      assertTrue(failure.getMessage().contains(word), failure.getMessage());
    }
  }

  @Test
  void rowsThatWereExchangedRepeatedLostOrMixedAreNamed() throws IOException {
    byte[] one = Files.readAllBytes(written("one.enc", CiphertextFile.Kind.ANSWERS, RUN, answers()));
    byte[] two = Files.readAllBytes(written("two.enc", CiphertextFile.Kind.ANSWERS, new UUID(3, 4), answers()));
    assertEquals(3, read(rearranged(one, two, 0, 1, 2), CiphertextFile.Kind.ANSWERS, signature));
    refuses(rearranged(one, two, 1, 0, 2), "row 0 is row 1 of its run");
    refuses(rearranged(one, two, 0, 0, 2), "row 1 is row 0 of its run");
    refuses(rearranged(one, two, 0, 2), "row 1 is row 2 of its run");
    refuses(rearranged(one, two, 0, 1), "lacks rows");
    refuses(rearranged(one, two, 0, 4, 2), "row 1 is of run " + new UUID(3, 4), RUN.toString());
  }

  @Test
  void aFlippedClampedFeatureIsADamagedRow() throws IOException {
    byte[] bytes = Files.readAllBytes(written("one.enc", CiphertextFile.Kind.ANSWERS, RUN, answers()));
    int rowBytes = (bytes.length - HEADER - 32) / 3;
    bytes[HEADER + rowBytes + 16 + 4 + 32 + 4 + 2 + 3] ^= 4;
    refuses(Files.write(folder.resolve("flipped.enc"), bytes), "row 1 is damaged");
  }

  private void compare(Path answers, Path requests) throws IOException {
    try (CiphertextFile.Reader in = new CiphertextFile.Reader(answers, CiphertextFile.Kind.ANSWERS, signature);
        CiphertextFile.Reader sent = new CiphertextFile.Reader(requests, CiphertextFile.Kind.INPUTS, signature)) {
      in.requireRunOf(sent);
      for (int r = 0; r < in.rows(); r++) {
        in.requireAnswerOf(sent, in.next());
      }
    }
  }

  @Test
  void answersAreComparedWithTheRequestsThatWereSent() throws IOException {
    List<CiphertextFile.Row> sent = rows();
    CiphertextFile.Row first = sent.get(0).answer(List.of(new byte[2]));
    CiphertextFile.Row second = sent.get(1).answer(List.of(new byte[2]));
    Path requests = written(CiphertextFile.Kind.INPUTS);
    compare(written("right.enc", CiphertextFile.Kind.ANSWERS, RUN, List.of(first, second)), requests);
    Path swapped = written("swapped.enc", CiphertextFile.Kind.ANSWERS, RUN, List.of(second, first));
    Path fewer = written("fewer.enc", CiphertextFile.Kind.ANSWERS, RUN, List.of(first));
    Path foreign = written("foreign.enc", CiphertextFile.Kind.ANSWERS, new UUID(3, 4), List.of(first, second));
    for (var wrong : Map.of(swapped, "row 0", fewer, "1 answers", foreign, "answers run " + new UUID(3, 4)).entrySet()) {
      CliException failure = assertThrows(CliException.class, () -> compare(wrong.getKey(), requests));
      assertTrue(failure.getMessage().contains(wrong.getValue()), failure.getMessage());
    }
  }

  @Test
  void rowsThatWereNotAllWrittenMakeNoFile() throws IOException {
    Path file = folder.resolve("rows.enc");
    try (CiphertextFile.Writer out = new CiphertextFile.Writer(file, CiphertextFile.Kind.INPUTS, signature, RUN, 2)) {
      out.write(rows().get(0));
      assertThrows(IllegalStateException.class, out::commit);
    }
    assertFalse(Files.exists(file));
  }
}
