// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** Takes the embedded database of a data folder back to its second version: before grants and what privacy duties need. */
final class EarlierState {
  private EarlierState() {}

  /** Does it; no server may be running. */
  static void of(Path data) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:h2:file:" + data.resolve("state").resolve("index"), "tacet", "");
        Statement statement = connection.createStatement()) {
      for (String sql : List.of(
          "drop table key_set_grants", "drop table blob_senders", "drop table deletions", "alter table audit_heads drop column base_sequence",
          "alter table audit_heads drop column base_sha256", "delete from \"schema_history\" where \"version\" in ('3', '4', '5')")) {
        statement.execute(sql);
      }
    }
  }
}
