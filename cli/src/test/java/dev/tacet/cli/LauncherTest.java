// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher where tools are missing, with a PATH from which they were taken; nothing here can install anything. */
class LauncherTest {
  private static final Set<String> NEVER = Set.of("apt-get", "sudo", "brew");

  @TempDir Path folder;
  private Path launcher;
  private Path tools;

  @BeforeEach
  void copy() throws Exception {
    Assumptions.assumeTrue(Files.isDirectory(Paths.get("/usr/bin")), "the usual place of tools");
    Path clone = Files.createDirectories(folder.resolve("a clone with spaces"));
    launcher = Files.copy(Path.of("../tacet"), clone.resolve("tacet"), StandardCopyOption.COPY_ATTRIBUTES);
    tools = Files.createDirectories(folder.resolve("bin"));
  }

  private void provideAllBut(String... missing) throws Exception {
    Set<String> without = Set.of(missing);
    try (Stream<Path> all = Files.list(Paths.get("/usr/bin"))) {
      for (Path tool : all.toList()) {
        String name = tool.getFileName().toString();
        if (!without.contains(name) && !NEVER.contains(name)) {
          Files.createSymbolicLink(tools.resolve(name), tool);
        }
      }
    }
  }

  private record Run(int exit, String out, List<String> err) {}

  private Run run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "bash", launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("HOME", folder.toString());
    builder.environment().put("LC_ALL", "C");
    for (String name : List.of("CXX", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY")) {
      builder.environment().remove(name);
    }
    builder.environment().put("HTTPS_PROXY", "http://user:word@proxy.example:3128/");
    Path err = folder.resolve("err");
    Path out = folder.resolve("out");
    Process process =
        builder.redirectInput(ProcessBuilder.Redirect.from(Files.createFile(folder.resolve("in" + System.nanoTime())).toFile()))
            .redirectError(err.toFile()).redirectOutput(out.toFile()).start();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    return new Run(process.exitValue(), Files.readString(out), Files.readAllLines(err));
  }

  @Test
  void aMissingToolIsNamedInTwoLinesAndNothingElseHappens() throws Exception {
    provideAllBut("mvn", "cmake");
    for (String command : List.of("demo", "help")) {
      Run run = run(command);
      assertEquals(1, run.exit(), run.toString());
      assertEquals(2, run.err().size(), run.toString());
      assertTrue(run.err().get(0).startsWith("tacet: missing: maven cmake"), run.toString());
      assertEquals("", run.out());
    }
    assertTrue(Files.notExists(launcher.resolveSibling(".tacet")));
  }

  @Test
  void verifyNeedsTheToolsOfTheTestsToo() throws Exception {
    Assumptions.assumeTrue("Linux".equals(System.getProperty("os.name")), "where the fuzz targets are built");
    provideAllBut("clang++", "mvn");
    Run run = run("verify", "--offline");
    assertEquals(1, run.exit(), run.toString());
    assertTrue(run.err().get(0).startsWith("tacet: missing: maven") && run.err().get(0).contains("fuzzer"), run.toString());
  }

  @Test
  void anArchiveIsNotBuiltWithoutItsBillOfMaterials() throws Exception {
    provideAllBut();
    for (String[] attempt : List.of(new String[] {"package", "--offline"}, new String[] {"--offline", "package"})) {
      Run run = run(attempt);
      assertEquals(1, run.exit(), run.toString());
      assertEquals(
          List.of("tacet: the archive's bill of materials is not made offline", "       Run './tacet package' without --offline."), run.err());
    }
    assertTrue(Files.notExists(launcher.resolveSibling(".tacet")));
  }

  @Test
  void aBuildThatFailsShowsItsLogAndIsTriedAgainThroughTheProxy() throws Exception {
    provideAllBut("mvn");
    Path stub = tools.resolve("mvn");
    Files.writeString(stub, "#!/bin/sh\necho \"maven was called: $*\"\necho \"letters: $(locale charmap)\"\nexit 1\n");
    assertTrue(stub.toFile().setExecutable(true));
    for (String folderOfSources :
        List.of("native", "he-core", "compiler", "protocol", "server", "client", "cli", "benchmarks")) {
      Files.createDirectories(launcher.resolveSibling(folderOfSources));
    }
    Files.writeString(launcher.resolveSibling("pom.xml"), "<project/>");
    List<String[]> attempts = List.of(
        new String[] {"--offline", "demo"}, new String[] {"demo", "--offline"}, new String[] {"verify", "--help", "--offline"});
    for (String[] attempt : attempts) {  // help is built as any command is, and not Maven's
      Run run = run(attempt);
      assertEquals(1, run.exit(), run.toString());
      assertTrue(run.err().contains("tacet: the build failed"), run.toString());
      String maven = run.err().stream().filter(line -> line.startsWith("maven was called:")).findFirst().orElseThrow();
      assertTrue(maven.contains("--offline") && maven.contains("-pl cli") && !maven.contains("--help"), maven);
      assertTrue(maven.contains("-Dhttps.proxyHost=proxy.example -Dhttps.proxyPort=3128"), maven);
      assertTrue(!maven.contains("-Dhttp.proxyHost") && !maven.contains("word"), maven);
      // Java names files with other letters than ASCII in a UTF-8 locale only, whatever the caller's is.
      assertTrue(run.err().contains("letters: UTF-8") || !"Linux".equals(System.getProperty("os.name")), run.toString());
    }
  }
}
