// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class ProcessMemoryTest {
  private static Process child(String phrase) throws Exception {
    Process child =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java", "-Xmx64m", "-cp", System.getProperty("java.class.path"),
                PlantedChild.class.getName(), phrase)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    new BufferedReader(new InputStreamReader(child.getInputStream())).readLine();
    return child;
  }

  @Test
  void whatAnotherProcessHoldsOnItsHeapAndInNativeMemoryIsFoundAndNothingElse() throws Exception {
    Process child = child("a phrase");
    try {
      List<NeedleSearch.Hit> hits = new ArrayList<>();
      NeedleSearch search =
          new NeedleSearch(
              List.of(
                  Needle.planted("a phrase", "heap"),
                  Needle.planted("a phrase", "native"),
                  Needle.planted("another phrase", "heap")));
      long searched = new ProcessMemory(child.pid()).search(search, hits);
      Set<String> found = hits.stream().map(hit -> hit.needle().form()).collect(Collectors.toSet());
      assertEquals(Set.of("heap", "native"), found);
      assertTrue(searched > 10_000_000, "only " + searched + " bytes searched");
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  @Test
  void theSearcherDoesNotFindItsOwnNeedles() {
    byte[] masked = Needle.planted("never planted", "heap").masked();
    List<NeedleSearch.Hit> hits = new ArrayList<>();
    new ProcessMemory(ProcessHandle.current().pid())
        .search(new NeedleSearch(List.of(new Needle("planted", "heap", masked))), hits);
    assertEquals(List.of(), hits);
  }

  @Test
  void linesOfTheMapAreParsed() {
    ProcessMemory.Mapping mapping =
        ProcessMemory.parse("7f5e8c000000-7f5e8c021000 rw-p 00000000 00:00 0                          [stack]");
    assertEquals(0x7f5e8c000000L, mapping.start());
    assertEquals(0x21000, mapping.length());
    assertEquals("[stack]", mapping.name());
    assertTrue(mapping.readable());
    assertEquals("anonymous", ProcessMemory.parse("1000-2000 ---p 00000000 00:00 0").name());
  }
}
