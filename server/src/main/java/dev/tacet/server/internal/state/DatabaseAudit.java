// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import dev.tacet.protocol.AuditEntry;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A tenant's trails in the database. Whoever adds to a trail holds the lock on its end, so that no entry is followed by two. */
public final class DatabaseAudit implements Audit {
  private static final int MAX_CHARACTERS = 512;
  private static final long BATCH = 50_000;

  private record Head(long sequence, String sha256) {}

  private final Database database;
  private final String tenant;
  private final Clock clock;

  /** Makes the trails of a tenant. */
  public DatabaseAudit(Database database, String tenant, Clock clock) {
    this.database = database;
    this.tenant = tenant;
    this.clock = clock;
  }

  @Override
  public String trail(String client) {
    return tenant + "/" + client;
  }

  @Override
  public AuditEntry append(String client, Action action, String object, String detail) {
    if (client.length() > MAX_CHARACTERS) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "the caller's name has " + client.length() + " characters, at most " + MAX_CHARACTERS + " can be recorded");
    }
    return database.transaction("writing the audit trail", c -> {
      Head head =
          Sql.first(c, "select sequence, sha256 from audit_heads where tenant = ? and client = ? for update",
              row -> new Head(row.getLong(1), row.getString(2)), tenant, client).orElse(null);
      if (head == null) {
        Sql.update(c, "insert into audit_heads (tenant, client, sequence, sha256) values (?, ?, 0, ?)", tenant, client, AuditEntry.START);
        head = new Head(0, AuditEntry.START);
      }
      AuditEntry entry =
          AuditEntry.after(
              trail(client), head.sequence() + 1, clock.millis(), action.text(), cut(object), cut(detail), head.sha256());
      Sql.update(c,
          "insert into audit (tenant, client, sequence, at_millis, action, object, detail, previous, sha256)"
              + " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          tenant, client, entry.sequence(), entry.atMillis(), entry.action(), entry.object(), entry.detail(), entry.previous(),
          entry.sha256());
      Sql.update(c, "update audit_heads set sequence = ?, sha256 = ? where tenant = ? and client = ?",
          entry.sequence(), entry.sha256(), tenant, client);
      return entry;
    });
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARACTERS ? text : text.substring(0, MAX_CHARACTERS);
  }

  @Override
  public List<AuditEntry> read(String client, long from, int limit) {
    return database.transaction("reading the audit trail", c ->
        Sql.all(c,
            "select sequence, at_millis, action, object, detail, previous, sha256 from audit"
                + " where tenant = ? and client = ? and sequence >= ? and sequence >"
                + " (select base_sequence from audit_heads h where h.tenant = audit.tenant and h.client = audit.client) order by sequence limit ?",
            row -> new AuditEntry(
                row.getLong(1), row.getLong(2), row.getString(3), row.getString(4), row.getString(5), row.getString(6), row.getString(7)),
            tenant, client, from, limit));
  }

  @Override
  public Ends ends(String client) {
    return database.transaction("reading the audit trail", c -> ends(c, client, "").orElse(new Ends(0, AuditEntry.START, 0, AuditEntry.START)));
  }

  private Optional<Ends> ends(Connection c, String client, String lock) throws SQLException {
    return Sql.first(c, "select base_sequence, base_sha256, sequence, sha256 from audit_heads where tenant = ? and client = ?" + lock,
        row -> new Ends(row.getLong(1), row.getString(2), row.getLong(3), row.getString(4)), tenant, client);
  }

  @Override
  public Ends deleteAll(String client) {
    Ends deleted = database.durable("deleting an audit trail", c -> {
      Ends ends = ends(c, client, " for update").orElse(new Ends(0, AuditEntry.START, 0, AuditEntry.START));
      begin(c, client, ends.last(), ends.lastSha256());
      return ends;
    });
    deleteRows(client, deleted.last());
    return deleted;
  }

  @Override
  public long deleteBefore(String client, Instant before) {
    long[] deleted = database.durable("deleting from the audit trail", c -> {
      Ends ends = ends(c, client, " for update").orElse(null);
      if (ends == null) {
        return new long[2];
      }
      long kept =
          Sql.first(c, "select min(sequence) from audit where tenant = ? and client = ? and at_millis >= ? and sequence > ?",
              row -> row.getLong(1), tenant, client, before.toEpochMilli(), ends.base()).filter(sequence -> sequence > 0).orElse(ends.last() + 1);
      if (kept - 1 > ends.base()) {
        String hash =
            Sql.first(c, "select sha256 from audit where tenant = ? and client = ? and sequence = ?", row -> row.getString(1),
                tenant, client, kept - 1).orElse(ends.lastSha256());
        begin(c, client, kept - 1, hash);
      }
      return new long[] {kept - 1, kept - 1 - ends.base()};
    });
    deleteRows(client, deleted[0]);
    return deleted[1];
  }

  /** Lets a trail begin after an entry; those up to it are not shown any more. */
  private void begin(Connection c, String client, long sequence, String sha256) throws SQLException {
    Sql.update(c, "update audit_heads set base_sequence = ?, base_sha256 = ? where tenant = ? and client = ?", sequence, sha256, tenant, client);
  }

  /** Deletes entries that are not shown any more, so many at a time that a long trail needs no transaction of minutes. */
  private void deleteRows(String client, long upTo) {
    long from =
        database.transaction("deleting from the audit trail", c ->
            Sql.first(c, "select min(sequence) from audit where tenant = ? and client = ?", row -> row.getLong(1), tenant, client).orElse(0L));
    for (; from > 0 && from <= upTo; from += BATCH) {
      long last = Math.min(upTo, from + BATCH - 1);
      database.durable("deleting from the audit trail", c ->
          Sql.update(c, "delete from audit where tenant = ? and client = ? and sequence <= ?", tenant, client, last));
    }
  }

  @Override
  public long deleteBefore(Instant before) {
    List<String> clients = database.transaction("reading the audit trail", c ->
        Sql.all(c, "select distinct client from audit where tenant = ? and at_millis < ?", row -> row.getString(1), tenant,
            before.toEpochMilli()));
    return clients.stream().mapToLong(client -> deleteBefore(client, before)).sum();
  }
}
