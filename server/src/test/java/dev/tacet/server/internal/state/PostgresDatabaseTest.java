// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.PostgresServer;
import dev.tacet.server.internal.keys.ContentHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real PostgreSQL, and what happens when it goes away. Skipped, and said so, where none is installed. */
class PostgresDatabaseTest extends KeyIndexContract {
  @TempDir static Path folder;
  private static PostgresServer postgres;
  private static Database database;

  @BeforeAll
  static void start() throws Exception {
    Optional<Path> programs = PostgresServer.find();
    Assumptions.assumeTrue(programs.isPresent(), PostgresServer.NONE);
    postgres = PostgresServer.start(programs.get());
    database = Database.open(postgres.settings(), folder, () -> false);
  }

  @AfterAll
  static void stop() throws Exception {
    if (database != null) {
      database.close();
    }
    if (postgres != null) {
      postgres.close();
    }
  }

  @Override
  Database database() {
    return database;
  }

  @Test
  void whatWasAcknowledgedSurvivesACrashOfTheDatabaseAndCallsGoOnAfterIt() throws Exception {
    DatabaseKeyIndex index = new DatabaseKeyIndex(database, "crash");
    ContentHash hash = new ContentHash("d".repeat(64));
    index.addBlob(hash, 5_000, Instant.EPOCH);
    postgres.kill();
    ServiceException away = assertThrows(ServiceException.class, () -> index.blob(hash));
    assertEquals(ErrorCause.STORAGE_FAILED, away.errorCause());
    assertTrue(away.retryAfter().isPresent());
    postgres.restart();
    assertEquals(Optional.of(5_000L), index.blob(hash));
    postgres.crashAndRestart();
    assertEquals(Optional.of(5_000L), index.blob(hash), "also when the pool's connections died unseen");
  }

  @Test
  void aWrongPasswordIsAnErrorWithoutThePassword() throws IOException {
    Path wrong = Files.writeString(folder.resolve("wrong"), "not the secret");
    IOException e = assertThrows(IOException.class, () -> Database.open(
        new dev.tacet.server.internal.config.Settings.StateDatabase(
            Optional.of(postgres.url()), Optional.of("tacet"), Optional.of(wrong)),
        folder, () -> false));
    assertTrue(e.getMessage().contains("state.url") && !e.getMessage().contains("secret"), e.getMessage());
  }
}
