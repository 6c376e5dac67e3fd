// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.server.internal.config.Settings.StateDatabase;
import dev.tacet.server.internal.state.Database;
import dev.tacet.server.internal.state.DatabaseKeyIndex;
import java.io.IOException;
import java.nio.file.Path;

/** An embedded database of its own, as a server has it, with the index of the tenant "lab". */
public final class TestIndex implements AutoCloseable {
  public final Database database;
  public final KeyIndex index;

  public TestIndex(Path folder) throws IOException {
    database = Database.open(StateDatabase.embedded(), folder, () -> false);
    index = new DatabaseKeyIndex(database, "lab");
  }

  @Override
  public void close() {
    database.close();
  }
}
