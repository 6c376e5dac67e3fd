// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.process.ServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The commands of the documentation run. A page's blocks marked {@code sh} are one script; {@code sh long} is left out. */
class DocumentedCommandsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");

  @TempDir Path folder;

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      List<Path> pages = Stream.concat(docs, Stream.of(ROOT.resolve("README.md"))).filter(p -> p.toString().endsWith(".md"))
          .filter(p -> !script(p).isEmpty()).sorted().toList();
      assertFalse(pages.isEmpty(), "no page has a block to run");
      return pages.stream();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pages")
  void theCommandsOfAPageRun(Path page) throws Exception {
    Files.createSymbolicLink(folder.resolve("models"), ROOT.resolve("models"));
    Path launcher = folder.resolve("tacet");
    List<String> command = new ArrayList<>(ServerProcess.ownCommandLine(List.of()));
    command.add(1, "-Dtacet.home=" + ROOT);
    Files.writeString(launcher, "#!/bin/sh\nexec '" + String.join("' '", command) + "' \"$@\"\n");
    assertTrue(launcher.toFile().setExecutable(true));
    Path output = folder.resolve("output");
    Process process = new ProcessBuilder("bash", "-eu", "-o", "pipefail", "-x", "-c", script(page)).directory(folder.toFile())
        .redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), () -> "not done after 5 minutes:\n" + text(output));
      assertEquals(0, process.exitValue(), () -> text(output));
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      Files.delete(folder.resolve("models"));
    }
  }

  private static String script(Path page) {
    StringBuilder script = new StringBuilder();
    Matcher block = BLOCK.matcher(text(page));
    while (block.find()) {
      script.append(block.group(1));
    }
    return script.toString();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
