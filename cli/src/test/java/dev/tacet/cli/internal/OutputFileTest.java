// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir Path folder;

  private List<String> names() throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void withoutACommitTheOlderFileIsStillThere() throws Exception {
    Path file = folder.resolve("out");
    OutputFile.write(file, "old".getBytes());
    try (OutputFile out = OutputFile.create(file)) {
      out.stream().write("half".getBytes());
      out.stream().flush();
      assertEquals("old", Files.readString(file));
    }
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("out"), names());
  }

  @Test
  void aCommitReplacesTheOlderFileAndLeavesNothingElse() throws Exception {
    Path file = folder.resolve("out");
    OutputFile.write(file, "old".getBytes());
    OutputFile.write(file, "new".getBytes());
    assertEquals("new", Files.readString(file));
    assertEquals(List.of("out"), names());
  }

  @Test
  void aLinkStaysALink() throws Exception {
    Path file = Files.writeString(folder.resolve("real"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    OutputFile.write(link, "new".getBytes());
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(file));
  }

  @Test
  void whatCannotBeWrittenIsToldBeforeTheWork() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    for (Path bad : List.of(folder, folder.resolve("none/out"), file.resolve("out"))) {
      CliException failure = assertThrows(CliException.class, () -> OutputFile.require(bad));
      assertEquals(CliException.FAILED, failure.exitCode());
      assertTrue(failure.getMessage().startsWith("cannot write " + bad + ": "), failure.getMessage());
      assertThrows(CliException.class, () -> OutputFile.write(bad, new byte[1]));
    }
    OutputFile.require(null);
    OutputFile.require(Path.of("-"));
    OutputFile.require(folder.resolve("out"));
    OutputFile.require(Path.of("out-in-the-working-folder"));
  }

  @Test
  void aFullDiskIsAFailureAndTheOlderFileStays() {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.isWritable(full), "the device that is always full: Linux has it");
    CliException failure = assertThrows(CliException.class, () -> OutputFile.write(full, new byte[100_000]));
    assertEquals(CliException.FAILED, failure.exitCode());
    assertTrue(failure.getMessage().startsWith("cannot write /dev/full: "), failure.getMessage());
  }
}
