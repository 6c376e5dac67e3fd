// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The small cases of the ONNX project's own operator suite, lowered and computed in the clear. */
class NodeSuiteTest {
  private static final Path CASES = Path.of("src/test/resources/onnx-node-cases.zip.gz");

  /** Cases that no lowering can run as they stand. */
  private static final Set<String> REFUSED = Set.of("test_slice_start_out_of_bounds");

  @TempDir
  Path folder;

  @Test
  void everyCaseGivesTheSuitesNumbersOnTheClientAndOnTheHost() throws Exception {
    Path zip = folder.resolve("cases.zip");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(CASES))) {
      Files.copy(in, zip);
    }
    List<String> troubles = new ArrayList<>();
    Set<String> operators = new TreeSet<>();
    int cases = 0;
    try (FileSystem files = FileSystems.newFileSystem(zip)) {
      List<Path> folders;
      try (var list = Files.list(files.getPath("/"))) {
        folders = list.sorted().toList();
      }
      for (Path one : folders) {
        String name = one.getFileName().toString().replace("/", "");
        NodeCase nodeCase = NodeCase.read(one);
        if (REFUSED.contains(name) || !nodeCase.isNumeric()) {
          continue;
        }
        cases++;
        operators.addAll(nodeCase.operators());
        for (NodeCase.Mode mode : NodeCase.Mode.values()) {
          String trouble = nodeCase.differs(mode) ? NodeSuite.trouble(nodeCase, mode) : null;
          boolean encryptedWeights = mode == NodeCase.Mode.ALL_ON_HOST && trouble != null && trouble.startsWith("refused");
          if (trouble != null && !encryptedWeights) {
            troubles.add(name + " " + mode + " " + trouble);
          }
        }
      }
    }
    assertEquals(List.of(), troubles);
    assertTrue(cases >= 280, cases + " cases");
    assertTrue(operators.size() >= 58, operators.toString());
  }
}
