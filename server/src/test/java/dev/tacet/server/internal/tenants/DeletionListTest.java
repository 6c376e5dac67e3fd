// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.server.internal.tenants.DeletionList.Deletion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeletionListTest {
  @TempDir private Path folder;

  private static Instant at(long millis) {
    return Instant.ofEpochMilli(millis);
  }

  @Test
  void aClientsLastDeletionStandsForItsEarlierOnes() throws Exception {
    DeletionList list = new DeletionList(folder.resolve("deletions"));
    assertEquals(List.of(), list.read());
    list.add(at(1), "one", "alice");
    list.add(at(2), "two", "alice");
    list.add(at(3), "one", "alice");
    assertEquals(
        List.of(new Deletion(at(2), "two", DeletionList.hash("alice")), new Deletion(at(3), "one", DeletionList.hash("alice"))), list.read());
  }

  @Test
  void aTornLineIsPassedOverAndLosesNothing() throws Exception {
    Path file = folder.resolve("deletions");
    DeletionList list = new DeletionList(file);
    list.add(at(1), "one", "alice");
    Files.writeString(file, "17 one 00", StandardOpenOption.APPEND);
    list.add(at(2), "one", "bob");
    assertEquals(
        List.of(new Deletion(at(1), "one", DeletionList.hash("alice")), new Deletion(at(2), "one", DeletionList.hash("bob"))), list.read());
  }

  @Test
  void nothingIsLostWhereOneAddsWhileAnotherDrops() throws Exception {
    Path file = folder.resolve("deletions");
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        DeletionList list = new DeletionList(file); // as other servers over the same folder have theirs
        int mine = t;
        work.add(threads.submit(() -> {
          for (int i = 0; i < 20; i++) {
            list.add(at(1), "one", "dropped-" + mine);
            list.add(at(1000), "one", "client-" + mine + "-" + i);
            list.dropBefore(at(500));
          }
          return null;
        }));
      }
      for (Future<?> each : work) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(60, new DeletionList(file).read().stream().filter(d -> d.at().equals(at(1000))).count());
  }
}
