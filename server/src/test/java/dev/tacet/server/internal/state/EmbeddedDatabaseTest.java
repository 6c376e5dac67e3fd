// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.server.internal.config.Settings.StateDatabase;
import dev.tacet.server.internal.keys.ContentHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedDatabaseTest extends KeyIndexContract {
  @TempDir static Path folder;
  private static Database database;

  @BeforeAll
  static void open() throws IOException {
    database = Database.open(StateDatabase.embedded(), folder, () -> false);
  }

  @AfterAll
  static void close() {
    database.close();
  }

  @Override
  Database database() {
    return database;
  }

  @Test
  void aReopenedDatabaseHasItsRowsAndAFolderMayHaveAnyName(@TempDir Path other) throws IOException {
    Path odd = other.resolve("a b ü 'c'");
    ContentHash hash = new ContentHash("c".repeat(64));
    for (int i = 0; i < 2; i++) {
      try (Database again = Database.open(StateDatabase.embedded(), odd, () -> false)) {
        DatabaseKeyIndex index = new DatabaseKeyIndex(again, "lab");
        assertEquals(i == 0 ? Optional.empty() : Optional.of(7L), index.blob(hash));
        index.addBlob(hash, 7, Instant.EPOCH);
        assertFalse(index.shared());
      }
    }
    assertTrue(Files.exists(odd.resolve("index.mv.db")));
  }

  @Test
  void aDamagedDatabaseIsAnErrorThatSaysWhatToDo(@TempDir Path other) throws IOException {
    Files.writeString(other.resolve("index.mv.db"), "no database ".repeat(1000));
    IOException e = assertThrows(IOException.class, () -> Database.open(StateDatabase.embedded(), other, () -> false));
    assertTrue(e.getMessage().contains("moved away"), e.getMessage());
  }

  @Test
  void aSemicolonInThePathIsRefusedInWords(@TempDir Path other) {
    IOException e = assertThrows(
        IOException.class, () -> Database.open(StateDatabase.embedded(), other.resolve("a;b"), () -> false));
    assertTrue(e.getMessage().contains("semicolon"), e.getMessage());
  }

  @Test
  void anEventLoopMayNotWaitForIt(@TempDir Path other) throws IOException {
    try (Database guarded = Database.open(StateDatabase.embedded(), other, () -> true)) {
      assertThrows(IllegalStateException.class, () -> new DatabaseKeyIndex(guarded, "lab").usage());
    }
  }
}
