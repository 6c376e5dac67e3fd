// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.process.ServerProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class NeedlePlantTest {
  @Test
  void needlesPlantedInTheServersHeapBuffersAndLockedPagesAreFound(@TempDir Path models) {
    try (ServerProcess server =
        ServerProcess.start(
            List.of("--models", models.toString(), "--port", "0", "--plant-needle", "mostly harmless"),
            Duration.ofSeconds(60))) {
      ProcessMemory memory = new ProcessMemory(server.pid());
      List<NeedleSearch.Hit> hits = new ArrayList<>();
      memory.search(new NeedleSearch(NeedlePlant.needles("mostly harmless")), hits);
      Set<String> places = hits.stream().map(hit -> hit.needle().form()).collect(Collectors.toSet());
      assertEquals(Set.of(NeedlePlant.HEAP, NeedlePlant.BUFFERS, NeedlePlant.LOCKED), places);
      assertTrue(
          hits.stream().anyMatch(hit -> hit.needle().form().equals(NeedlePlant.LOCKED) && memory.isLocked(hit.address())),
          "no hit lies in a locked page");
      hits.clear();
      memory.search(new NeedleSearch(NeedlePlant.needles("another phrase")), hits);
      assertEquals(List.of(), hits);
    }
  }

  @Test
  void aServerThatCannotStartSaysWhy(@TempDir Path folder) {
    CliException failure =
        assertThrows(
            CliException.class,
            () ->
                ServerProcess.start(
                    List.of("--models", folder.resolve("missing").toString()), Duration.ofSeconds(60)));
    assertTrue(failure.getMessage().contains("no such folder"), failure.getMessage());
  }

  @Test
  void theServerEndsWithTheProcessThatStartedIt(@TempDir Path models) throws Exception {
    ServerProcess server =
        ServerProcess.start(List.of("--models", models.toString(), "--port", "0"), Duration.ofSeconds(60));
    assertTrue(server.isAlive());
    long pid = server.pid();
    server.close();
    assertTrue(ProcessHandle.of(pid).map(process -> !process.isAlive()).orElse(true));
  }
}
