// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import dev.tacet.server.internal.keys.ClientIndex;
import dev.tacet.server.internal.keys.ContentHash;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A tenant's clients in the database. */
public final class DatabaseClientIndex implements ClientIndex {
  private static final Sql.Reader<ContentHash> HASH = row -> new ContentHash(row.getString(1));

  private final Database database;
  private final String tenant;

  /** Takes the clients of a tenant. */
  public DatabaseClientIndex(Database database, String tenant) {
    this.database = database;
    this.tenant = tenant;
  }

  @Override
  public void sends(ContentHash key, String client, Instant at) {
    database.transaction("noting who sends a key", c -> {
      if (Sql.first(c, "select 1 from blob_senders where tenant = ? and sha256 = ? and client = ?", row -> 1, tenant, key.hex(), client)
          .isEmpty()) {
        Sql.update(c, "insert into blob_senders (tenant, sha256, client, since, proved) values (?, ?, ?, ?, 0)",
            tenant, key.hex(), client, at.toEpochMilli());
      }
      return null;
    });
  }

  @Override
  public long proved(ContentHash key, String client) {
    return database.transaction("reading how far an upload is", c -> {
      boolean named = Sql.first(c,
          "select 1 from key_set_blobs r join key_set_owners o on o.tenant = r.tenant and o.key_set = r.key_set"
              + " where r.tenant = ? and r.sha256 = ? and o.owner = ?", row -> 1, tenant, key.hex(), client).isPresent();
      return named ? WHOLE : Sql.first(c, "select proved from blob_senders where tenant = ? and sha256 = ? and client = ?",
          row -> row.getLong(1), tenant, key.hex(), client).orElse(0L);
    });
  }

  @Override
  public boolean proves(ContentHash key, String client, long bytes) {
    return database.transaction("noting how far an upload is", c ->
        Sql.update(c, "update blob_senders set proved = ? where tenant = ? and sha256 = ? and client = ?", bytes, tenant, key.hex(), client) > 0);
  }

  @Override
  public void beginAnew(ContentHash key) {
    database.transaction("beginning an upload anew", c ->
        Sql.update(c, "update blob_senders set proved = 0 where tenant = ? and sha256 = ? and proved < ?", tenant, key.hex(), WHOLE));
  }

  @Override
  public boolean isSent(ContentHash key) {
    return database.transaction("looking who sends a key", c ->
        Sql.first(c, "select 1 from blob_senders where tenant = ? and sha256 = ?", row -> 1, tenant, key.hex()).isPresent());
  }

  @Override
  public List<ContentHash> ownerless(String client, Instant upTo) {
    return database.transaction("listing key sets without owner", c ->
        Sql.all(c,
            "select distinct r.key_set from key_set_blobs r join blob_senders s on s.tenant = r.tenant and s.sha256 = r.sha256"
                + " where r.tenant = ? and s.client = ? and s.since <= ? and not exists"
                + " (select 1 from key_set_owners o where o.tenant = r.tenant and o.key_set = r.key_set)",
            HASH, tenant, client, upTo.toEpochMilli()));
  }

  @Override
  public List<ContentHash> sent(String client) {
    return database.transaction("listing a client's keys", c ->
        Sql.all(c, "select sha256 from blob_senders where tenant = ? and client = ? order by sha256", HASH, tenant, client));
  }

  @Override
  public Map<ContentHash, Long> keys(String client) {
    return database.transaction("listing a client's keys", c -> {
      Map<ContentHash, Long> keys = new LinkedHashMap<>();
      Sql.all(c,
          "select b.sha256, b.bytes from blobs b where b.tenant = ? and not b.deleting and ("
              + "exists (select 1 from blob_senders s where s.tenant = b.tenant and s.sha256 = b.sha256 and s.client = ?"
              + " and s.proved = " + WHOLE + ")"
              + " or exists (select 1 from key_set_blobs r join key_set_owners o on o.tenant = r.tenant and o.key_set = r.key_set"
              + " where r.tenant = b.tenant and r.sha256 = b.sha256 and o.owner = ?)) order by b.sha256",
          row -> keys.put(new ContentHash(row.getString(1)), row.getLong(2)), tenant, client, client);
      return keys;
    });
  }

  @Override
  public List<ContentHash> owned(String client, Instant upTo) {
    return database.transaction("listing a client's key sets", c ->
        Sql.all(c, "select key_set from key_set_owners where tenant = ? and owner = ? and since <= ? order by key_set", HASH,
            tenant, client, upTo.toEpochMilli()));
  }

  @Override
  public List<ContentHash> forgetSent(String client, Instant upTo) {
    return database.durable("forgetting a client's keys", c -> {
      List<ContentHash> all = // those that come after this are of what is sent after the deletion
          Sql.all(c, "select sha256 from blob_senders where tenant = ? and client = ? and since <= ? order by sha256 for update", HASH,
              tenant, client, upTo.toEpochMilli());
      List<ContentHash> only = new ArrayList<>();
      for (ContentHash key : all) {
        Sql.update(c, "delete from blob_senders where tenant = ? and client = ? and sha256 = ?", tenant, client, key.hex());
        if (Sql.first(c, "select 1 from blob_senders where tenant = ? and sha256 = ? and proved = " + WHOLE, row -> 1, tenant, key.hex()).isEmpty()) {
          only.add(key);
        }
      }
      return only;
    });
  }

  @Override
  public void withdraws(ContentHash key, String client) {
    database.transaction("forgetting an upload that was refused", c ->
        Sql.update(c, "delete from blob_senders where tenant = ? and sha256 = ? and client = ? and proved = 0", tenant, key.hex(), client));
  }

  @Override
  public int forgetGrants(String client, Instant upTo) {
    return database.durable("forgetting a client's grants", c ->
        Sql.update(c, "delete from key_set_grants where tenant = ? and (owner = ? or grantee = ?) and since <= ?",
            tenant, client, client, upTo.toEpochMilli()));
  }

  @Override
  public void forgetUnknown(Instant before) {
    database.transaction("forgetting who sent keys that are gone", c ->
        Sql.update(c,
            "delete from blob_senders where tenant = ? and since < ? and not exists"
                + " (select 1 from blobs b where b.tenant = blob_senders.tenant and b.sha256 = blob_senders.sha256)",
            tenant, before.toEpochMilli()));
  }

  @Override
  public void deleted(String clientSha256, Instant at) {
    database.durable("noting the end of a deletion", c -> {
      if (Sql.update(c, "update deletions set at_millis = ? where tenant = ? and client_sha256 = ?", at.toEpochMilli(), tenant, clientSha256) == 0) {
        Sql.update(c, "insert into deletions (tenant, client_sha256, at_millis) values (?, ?, ?)", tenant, clientSha256, at.toEpochMilli());
      }
      return null;
    });
  }

  @Override
  public Map<String, Instant> deletions() {
    return database.transaction("listing deletions", c -> {
      Map<String, Instant> deletions = new LinkedHashMap<>();
      Sql.all(c, "select client_sha256, at_millis from deletions where tenant = ?",
          row -> deletions.put(row.getString(1), Instant.ofEpochMilli(row.getLong(2))), tenant);
      return deletions;
    });
  }

  @Override
  public void forgetDeletions(Instant before) {
    database.transaction("forgetting deletions", c ->
        Sql.update(c, "delete from deletions where tenant = ? and at_millis < ?", tenant, before.toEpochMilli()));
  }

  @Override
  public Set<String> clients() {
    return database.transaction("listing the clients", c -> {
      Set<String> clients = new TreeSet<>();
      for (String names : List.of(
          "select distinct owner from key_set_owners where tenant = ?", "select distinct client from blob_senders where tenant = ?",
          "select distinct grantee from key_set_grants where tenant = ?", "select distinct client from audit_heads where tenant = ?")) {
        clients.addAll(Sql.all(c, names, row -> row.getString(1), tenant));
      }
      return clients;
    });
  }
}
