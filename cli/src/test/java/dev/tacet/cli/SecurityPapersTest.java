// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The papers on security name tests: {@code Class.method}, {@code module/Class.method} where the class's name occurs twice, or
 * {@code native/Suite.Name}. Each of them must exist, be annotated as a test, and not be disabled.
 */
class SecurityPapersTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern NAMED = Pattern.compile("`(?:([a-z-]+)/)?([A-Z][A-Za-z0-9]*)\\.([A-Za-z][A-Za-z0-9]*)`");
  private static final Pattern ROW = Pattern.compile("^\\|(?! *-)(?! *(threat|version) \\|).*\\|$");

  @ParameterizedTest
  @CsvSource({"threat-model.md, 45", "security-review.md, 20"})
  void everyLineNamesATestThatExists(String page, int atLeast) throws IOException {
    List<String> problems = new ArrayList<>();
    int lines = 0;
    for (String line : Files.readAllLines(ROOT.resolve("docs").resolve(page))) {
      if (!ROW.matcher(line).matches() || line.startsWith("|---")) {
        continue;
      }
      lines++;
      Matcher named = NAMED.matcher(line);
      if (!named.find()) {
        problems.add("no test: " + line);
        continue;
      }
      do {
        if (!exists(named.group(1), named.group(2), named.group(3))) {
          problems.add("no such test: " + named.group());
        }
      } while (named.find());
    }
    assertEquals(List.of(), problems);
    assertTrue(lines >= atLeast, page + " has " + lines + " lines");
  }

  @Test
  void aTestThatDoesNotExistIsNoticed() throws IOException {
    assertTrue(exists(null, "KeyStoreTest", "aChunkWithAnotherChecksumIsNotWritten"));
    assertTrue(!exists(null, "KeyStoreTest", "aChunkWithAnotherChecksumIsNotWrittenAtAll"));
    assertTrue(!exists(null, "KeyStoreTest", "put"), "a method that is no test");
    assertTrue(!exists(null, "NoSuchTest", "aChunkWithAnotherChecksumIsNotWritten"));
    assertTrue(!exists("native", "Guard", "NoSuchName"));
  }

  private static boolean exists(String module, String type, String name) throws IOException {
    if ("native".equals(module)) {
      Pattern macro = Pattern.compile("TEST(_F|_P)?\\(" + type + ", " + name + "\\)");
      return anyFile(ROOT.resolve("native/test"), ".cpp", text -> macro.matcher(text).find());
    }
    return method(module, type, name, 3);
  }

  /** Looks in the class and, if it has no such method, in what it extends. */
  private static boolean method(String module, String type, String name, int depth) throws IOException {
    Pattern method = Pattern.compile("(?s)@(Test|ParameterizedTest|FuzzTest|RepeatedTest)\\b((?!\\bvoid\\b).)*\\bvoid " + name + "\\(");
    List<Path> files;
    try (Stream<Path> all = Files.walk(ROOT)) {
      files = all.filter(f -> f.getFileName().toString().equals(type + ".java") && f.toString().contains("/src/test/"))
          .filter(f -> module == null || ROOT.relativize(f).startsWith(module)).toList();
    }
    for (Path file : files) {
      String text = Files.readString(file);
      Matcher parent = Pattern.compile("class " + type + " extends ([A-Z][A-Za-z0-9]*)").matcher(text);
      if (!text.contains("@Disabled") && method.matcher(text).find()
          || depth > 0 && parent.find() && method(module, parent.group(1), name, depth - 1)) {
        return true;
      }
    }
    return false;
  }

  private interface Condition {
    boolean holds(String text);
  }

  private static boolean anyFile(Path folder, String suffix, Condition condition) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(f -> f.toString().endsWith(suffix)).toList();
    }
    for (Path file : files) {
      if (condition.holds(Files.readString(file))) {
        return true;
      }
    }
    return false;
  }
}
