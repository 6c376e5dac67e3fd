// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.server.internal.config.Settings.StateDatabase;
import dev.tacet.server.internal.keys.ContentHash;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The embedded database in a process that is killed again and again: what it said is written is there. H2 2.5.252 loses some in one of
 * twenty rounds, which is why an earlier version is used.
 */
@Tag("faults")
class KilledDatabaseTest {
  private static final int ROUNDS = 5 * Integer.getInteger("tacet.rounds", 4);

  private final long seed = Long.getLong("tacet.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path folder;

  /** Prints the keys that are there, then each that was added, for ever. */
  public static void main(String[] arguments) throws Exception {
    Database database = Database.open(StateDatabase.embedded(), Path.of(arguments[0]), () -> false);
    DatabaseKeyIndex index = new DatabaseKeyIndex(database, "lab");
    System.out.println(index.blobs().keySet().stream().map(ContentHash::hex).collect(Collectors.joining(" ", "there ", "")));
    Runtime.getRuntime().addShutdownHook(new Thread(database::close));
    for (int thread = 0; thread < 2; thread++) {
      SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[1]) + thread);
      CompletableFuture.runAsync(() -> {
        while (true) {
          ContentHash hash = new ContentHash(String.format("%016x", random.nextLong()).repeat(4));
          index.addBlob(hash, 7, Instant.EPOCH);
          System.out.println(hash.hex());
        }
      });
    }
    Thread.sleep(Long.MAX_VALUE);
  }

  @Test
  void whatItSaidIsWrittenIsThere() throws Exception {
    System.out.println("seed " + seed);
    Set<String> written = new HashSet<>();
    for (int round = 0; round < ROUNDS; round++) {
      Path said = folder.resolve("said-" + round);
      Process process = new ProcessBuilder(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
          System.getProperty("java.class.path"), KilledDatabaseTest.class.getName(), folder.toString(), Long.toString(random.nextLong()))
          .redirectOutput(said.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.readString(said).contains("\n") && process.isAlive() && System.nanoTime() < end) {
          Thread.sleep(20);
        }
        Thread.sleep(100 + random.nextInt(700));
        if (random.nextInt(4) == 0) {
          process.destroy(); // an orderly end, cut short
          Thread.sleep(random.nextInt(200));
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
      List<String> lines = Files.readAllLines(said);
      assertTrue(!lines.isEmpty() && lines.get(0).startsWith("there"), "round " + round + " of seed " + seed + ": it did not start");
      Set<String> lost = new HashSet<>(written);
      lost.removeAll(Arrays.asList(lines.get(0).split(" ")));
      assertEquals(Set.of(), lost, "written and gone, round " + round + " of seed " + seed);
      lines.stream().filter(line -> line.length() == 64).forEach(written::add);
    }
    assertTrue(written.size() > ROUNDS, "it wrote");
  }
}
