// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.keys.ClientIndex;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.KeyIndex;
import dev.tacet.server.internal.keys.StoreLimits;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** A tenant's rows in the database. */
public final class DatabaseKeyIndex implements KeyIndex {
  /** Longest name of an owner. */
  public static final int MAX_OWNER_CHARACTERS = 512;

  private static final String KEY_SET_COLUMNS = "k.id, k.parameter_sha256, k.bytes, k.key_count, k.registered_at, k.used_at, k.expires_at";
  private static final String UNREFERENCED =
      "tenant = ? and not deleting and not exists"
          + " (select 1 from key_set_blobs r where r.tenant = blobs.tenant and r.sha256 = blobs.sha256)";
  private static final String OWNER =
      " (select 1 from key_set_owners o where o.tenant = key_sets.tenant and o.key_set = key_sets.id)";
  private static final Sql.Reader<ContentHash> HASH = row -> new ContentHash(row.getString(1));

  private final Database database;
  private final String tenant;

  /** Makes the index of a tenant. */
  public DatabaseKeyIndex(Database database, String tenant) {
    this.database = database;
    this.tenant = tenant;
  }

  @Override
  public boolean shared() {
    return database.shared();
  }

  @Override
  public Usage usage() {
    return database.transaction("reading the usage", c -> {
      int sets =
          Sql.first(c, "select count(*) from key_sets where tenant = ? and not deleting", row -> row.getInt(1), tenant).orElse(0);
      return Sql.first(c, "select blob_bytes, blobs from tenant_usage where tenant = ?",
          row -> new Usage(row.getLong(1), row.getInt(2), sets), tenant).orElse(new Usage(0, 0, sets));
    });
  }

  @Override
  public Optional<Long> blob(ContentHash hash) {
    return database.transaction("looking a key up", c ->
        Sql.first(c, "select bytes from blobs where tenant = ? and sha256 = ? and not deleting", row -> row.getLong(1), tenant, hash.hex()));
  }

  @Override
  public Map<ContentHash, Long> blobs() {
    return database.transaction("listing the keys", c -> {
      Map<ContentHash, Long> blobs = new LinkedHashMap<>();
      Sql.all(c, "select sha256, bytes from blobs where tenant = ? and not deleting",
          row -> blobs.put(new ContentHash(row.getString(1)), row.getLong(2)), tenant);
      return blobs;
    });
  }

  @Override
  public void addBlob(ContentHash hash, long bytes, Instant storedAt) {
    database.durable("storing a key", c -> {
      Optional<Long> before =
          Sql.first(c, "select bytes from blobs where tenant = ? and sha256 = ? for update", row -> row.getLong(1), tenant, hash.hex());
      if (before.isPresent()) {
        Sql.update(c, "update blobs set bytes = ?, stored_at = ?, deleting = false where tenant = ? and sha256 = ?",
            bytes, storedAt.toEpochMilli(), tenant, hash.hex());
        charge(c, StoreLimits.charge(bytes) - StoreLimits.charge(before.get()), 0);
      } else {
        Sql.update(c, "insert into blobs (tenant, sha256, bytes, stored_at, deleting) values (?, ?, ?, ?, false)",
            tenant, hash.hex(), bytes, storedAt.toEpochMilli());
        charge(c, StoreLimits.charge(bytes), 1);
      }
      return null;
    });
  }

  private void charge(Connection c, long bytes, int blobs) throws SQLException {
    if (Sql.update(c, "update tenant_usage set blob_bytes = blob_bytes + ?, blobs = blobs + ? where tenant = ?", bytes, blobs, tenant) == 0) {
      Sql.update(c, "insert into tenant_usage (tenant, blob_bytes, blobs) values (?, ?, ?)", tenant, bytes, blobs);
    }
  }

  @Override
  public List<ContentHash> markUnreferenced(Instant storedBefore) {
    return database.durable("looking for keys without use", c -> {
      List<ContentHash> marked =
          Sql.all(c, "select sha256 from blobs where " + UNREFERENCED + " and stored_at < ? for update", HASH, tenant,
              storedBefore.toEpochMilli());
      for (ContentHash hash : marked) {
        Sql.update(c, "update blobs set deleting = true where tenant = ? and sha256 = ?", tenant, hash.hex());
      }
      return marked;
    });
  }

  @Override
  public List<ContentHash> markUnreferenced(Collection<ContentHash> among) {
    return markEach(among, "", new Object[0]);
  }

  @Override
  public List<ContentHash> markUnreferenced(Collection<ContentHash> among, String client) {
    return markEach(among, " and not exists (select 1 from blob_senders s where s.tenant = blobs.tenant and s.sha256 = blobs.sha256"
        + " and s.proved = " + ClientIndex.WHOLE + " and s.client <> ?)", client);
  }

  private List<ContentHash> markEach(Collection<ContentHash> among, String condition, Object... arguments) {
    return database.durable("looking for keys without use", c -> {
      List<ContentHash> marked = new ArrayList<>();
      for (ContentHash hash : among.stream().sorted(Comparator.comparing(ContentHash::hex)).toList()) {
        List<Object> all = new ArrayList<>(List.of(tenant, hash.hex()));
        all.addAll(List.of(arguments));
        if (Sql.update(c, "update blobs set deleting = true where " + UNREFERENCED + " and sha256 = ?" + condition, all.toArray()) > 0) {
          marked.add(hash);
        }
      }
      return marked;
    });
  }

  @Override
  public List<ContentHash> markedBlobs() {
    return database.transaction("listing deletions", c -> Sql.all(c, "select sha256 from blobs where tenant = ? and deleting", HASH, tenant));
  }

  @Override
  public void removeBlob(ContentHash hash) {
    database.durable("deleting a key", c -> {
      Optional<Long> bytes =
          Sql.first(c, "select bytes from blobs where tenant = ? and sha256 = ? for update", row -> row.getLong(1), tenant, hash.hex());
      if (bytes.isPresent()) {
        Sql.update(c, "delete from blobs where tenant = ? and sha256 = ?", tenant, hash.hex());
        charge(c, -StoreLimits.charge(bytes.get()), -1);
      }
      return null;
    });
  }

  @Override
  public Optional<KeySet> keySet(ContentHash id) {
    return database.transaction("looking a key set up", c ->
        Sql.first(c, "select " + KEY_SET_COLUMNS + " from key_sets k where k.tenant = ? and k.id = ? and not k.deleting",
            DatabaseKeyIndex::keySet, tenant, id.hex()));
  }

  @Override
  public Optional<Use> use(ContentHash id, String client) {
    return database.transaction("looking a key set up", c -> {
      Optional<Use> own =
          Sql.first(c,
              "select " + KEY_SET_COLUMNS + " from key_sets k join key_set_owners o on o.tenant = k.tenant and o.key_set = k.id"
                  + " where k.tenant = ? and k.id = ? and o.owner = ? and not k.deleting",
              row -> new Use(keySet(row), List.of()), tenant, id.hex(), client);
      if (own.isPresent()) {
        return own;
      }
      List<String> grantors =
          Sql.all(c,
              "select g.owner from key_set_grants g join key_set_owners o on o.tenant = g.tenant and o.key_set = g.key_set and"
                  + " o.owner = g.owner where g.tenant = ? and g.key_set = ? and g.grantee = ? order by g.owner",
              row -> row.getString(1), tenant, id.hex(), client);
      return grantors.isEmpty()
          ? Optional.empty()
          : Sql.first(c, "select " + KEY_SET_COLUMNS + " from key_sets k where k.tenant = ? and k.id = ? and not k.deleting",
              row -> new Use(keySet(row), grantors), tenant, id.hex());
    });
  }

  @Override
  public List<KeySet> keySets() {
    return database.transaction("listing the key sets", c ->
        Sql.all(c, "select " + KEY_SET_COLUMNS + " from key_sets k where k.tenant = ? and not k.deleting order by k.registered_at, k.id",
            DatabaseKeyIndex::keySet, tenant));
  }

  @Override
  public List<KeySet> keySetsOf(String owner) {
    return database.transaction("listing the key sets", c ->
        Sql.all(c,
            "select " + KEY_SET_COLUMNS + " from key_sets k join key_set_owners o on o.tenant = k.tenant and o.key_set = k.id"
                + " where k.tenant = ? and o.owner = ? and not k.deleting order by k.registered_at, k.id",
            DatabaseKeyIndex::keySet, tenant, owner));
  }

  private static KeySet keySet(ResultSet row) throws SQLException {
    long expires = row.getLong(7);
    Optional<Instant> expiresAt = row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(expires));
    return new KeySet(
        new ContentHash(row.getString(1)), row.getString(2), row.getLong(3), row.getInt(4), Instant.ofEpochMilli(row.getLong(5)),
        Instant.ofEpochMilli(row.getLong(6)), expiresAt);
  }

  @Override
  public List<ContentHash> blobsOf(ContentHash keySet) {
    return database.transaction("reading a key set", c ->
        Sql.all(c, "select sha256 from key_set_blobs where tenant = ? and key_set = ? order by sha256", HASH, tenant, keySet.hex()));
  }

  /** The blobs' rows are locked, so that none of them is found without use and deleted in the same moment. */
  @Override
  public void addKeySet(KeySet set, Collection<ContentHash> blobs) {
    database.durable("registering a key set", c -> {
      TreeSet<String> hashes = new TreeSet<>();
      blobs.forEach(blob -> hashes.add(blob.hex()));
      for (String hash : hashes) {
        Sql.first(c, "select 1 from blobs where tenant = ? and sha256 = ? and not deleting for update", row -> 1, tenant, hash)
            .orElseThrow(() -> new ServiceException(
                ErrorCause.KEY_NOT_FOUND, "evaluation key " + new ContentHash(hash) + " is not stored", Map.of("sha256", hash)));
      }
      Long expires = set.expiresAt().map(Instant::toEpochMilli).orElse(null);
      if (Sql.update(c, "update key_sets set used_at = ?, expires_at = ?, deleting = false where tenant = ? and id = ?",
              set.usedAt().toEpochMilli(), expires, tenant, set.id().hex()) == 0) {
        Sql.update(c,
            "insert into key_sets (tenant, id, parameter_sha256, bytes, key_count, registered_at, used_at, expires_at, deleting)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?, false)",
            tenant, set.id().hex(), set.parameterHash(), set.bytes(), set.keys(), set.registeredAt().toEpochMilli(),
            set.usedAt().toEpochMilli(), expires);
      }
      Sql.update(c, "delete from key_set_blobs where tenant = ? and key_set = ?", tenant, set.id().hex());
      for (String hash : hashes) {
        Sql.update(c, "insert into key_set_blobs (tenant, key_set, sha256) values (?, ?, ?)", tenant, set.id().hex(), hash);
      }
      return null;
    });
  }

  @Override
  public boolean renew(ContentHash id, Instant at, Optional<Instant> expiresAt) {
    return database.durable("registering a key set", c ->
        Sql.update(c, "update key_sets set used_at = ?, expires_at = ? where tenant = ? and id = ? and not deleting",
            at.toEpochMilli(), expiresAt.map(Instant::toEpochMilli).orElse(null), tenant, id.hex()) > 0);
  }

  @Override
  public void limitExpiry(Instant latest) {
    database.durable("limiting the time of key sets", c ->
        Sql.update(c, "update key_sets set expires_at = ? where tenant = ? and (expires_at is null or expires_at > ?)",
            latest.toEpochMilli(), tenant, latest.toEpochMilli()));
  }

  @Override
  public boolean own(ContentHash keySet, String owner, Instant since) {
    if (owner.length() > MAX_OWNER_CHARACTERS) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "the caller's name has " + owner.length() + " characters, at most " + MAX_OWNER_CHARACTERS + " can own keys");
    }
    return database.durable("recording an owner", c -> {
      if (Sql.first(c, "select 1 from key_sets where tenant = ? and id = ? and not deleting for update", row -> 1, tenant, keySet.hex()).isEmpty()) {
        return false;
      }
      Optional<Integer> known =
          Sql.first(c, "select 1 from key_set_owners where tenant = ? and key_set = ? and owner = ?", row -> 1, tenant, keySet.hex(), owner);
      if (known.isEmpty()) {
        Sql.update(c, "insert into key_set_owners (tenant, key_set, owner, since) values (?, ?, ?, ?)",
            tenant, keySet.hex(), owner, since.toEpochMilli());
      }
      return true;
    });
  }

  @Override
  public List<String> owners(ContentHash keySet) {
    return database.transaction("reading owners", c ->
        Sql.all(c, "select owner from key_set_owners where tenant = ? and key_set = ? order by owner", row -> row.getString(1),
            tenant, keySet.hex()));
  }

  @Override
  public void used(ContentHash keySet, Instant at) {
    database.transaction("recording a use", c ->
        Sql.update(c, "update key_sets set used_at = ? where tenant = ? and id = ? and used_at < ?",
            at.toEpochMilli(), tenant, keySet.hex(), at.toEpochMilli()));
  }

  @Override
  public boolean disown(ContentHash keySet, String owner) {
    return database.durable("deleting a key set", c -> {
      Sql.first(c, "select 1 from key_sets where tenant = ? and id = ? for update", row -> 1, tenant, keySet.hex());
      int removed =
          Sql.update(c, "delete from key_set_owners where tenant = ? and key_set = ? and owner = ?", tenant, keySet.hex(), owner);
      Sql.update(c, "delete from key_set_grants where tenant = ? and key_set = ? and owner = ?", tenant, keySet.hex(), owner);
      boolean others =
          Sql.first(c, "select 1 from key_set_owners where tenant = ? and key_set = ?", row -> 1, tenant, keySet.hex()).isPresent();
      return removed > 0 && !others && mark(c, keySet);
    });
  }

  @Override
  public boolean markKeySet(ContentHash id) {
    return database.durable("deleting a key set", c -> mark(c, id));
  }

  @Override
  public void limitOwnerless(Instant latest) {
    database.durable("limiting the time of key sets without owner", c ->
        Sql.update(c, "update key_sets set expires_at = ? where tenant = ? and (expires_at is null or expires_at > ?) and not exists" + OWNER,
            latest.toEpochMilli(), tenant, latest.toEpochMilli()));
  }

  @Override
  public boolean markOwnerless(ContentHash id) {
    return database.durable("deleting a key set", c ->
        Sql.update(c, "update key_sets set deleting = true where tenant = ? and id = ? and not deleting and not exists" + OWNER, tenant, id.hex()) > 0);
  }

  private boolean mark(Connection c, ContentHash id) throws SQLException {
    return Sql.update(c, "update key_sets set deleting = true where tenant = ? and id = ? and not deleting", tenant, id.hex()) > 0;
  }

  @Override
  public List<ContentHash> markUnused(Instant since) {
    return markWhere("used_at < ?", since);
  }

  @Override
  public List<ContentHash> markExpired(Instant now) {
    return markWhere("expires_at <= ?", now);
  }

  private List<ContentHash> markWhere(String condition, Instant time) {
    return database.durable("looking for key sets to delete", c -> {
      List<ContentHash> found =
          Sql.all(c, "select id from key_sets where tenant = ? and not deleting and " + condition + " for update", HASH, tenant,
              time.toEpochMilli());
      for (ContentHash id : found) {
        mark(c, id);
      }
      return found;
    });
  }

  @Override
  public List<ContentHash> markedKeySets() {
    return database.transaction("listing deletions", c -> Sql.all(c, "select id from key_sets where tenant = ? and deleting", HASH, tenant));
  }

  @Override
  public boolean removeMarked(ContentHash id, Runnable deleteFile) {
    return database.durable("deleting a key set", c -> {
      if (Sql.first(c, "select 1 from key_sets where tenant = ? and id = ? and deleting for update", row -> 1, tenant, id.hex()).isEmpty()) {
        return false;
      }
      deleteFile.run();
      return remove(c, id);
    });
  }

  @Override
  public void removeKeySet(ContentHash id) {
    database.durable("deleting a key set", c -> remove(c, id));
  }

  private boolean remove(Connection c, ContentHash id) throws SQLException {
    for (String table : List.of("key_set_blobs", "key_set_owners", "key_set_grants")) {
      Sql.update(c, "delete from " + table + " where tenant = ? and key_set = ?", tenant, id.hex());
    }
    return Sql.update(c, "delete from key_sets where tenant = ? and id = ?", tenant, id.hex()) > 0;
  }
}
