// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.Grants;
import java.time.Instant;
import java.util.List;

/** A tenant's grants in the database. */
public final class DatabaseGrants implements Grants {
  private static final String SELECT =
      "select g.key_set, g.owner, g.grantee, g.purpose, g.since from key_set_grants g join key_sets k on k.tenant = g.tenant and k.id = g.key_set"
          + " where g.tenant = ? and not k.deleting and ";
  private static final Sql.Reader<Grant> GRANT = row -> new Grant(
      new ContentHash(row.getString(1)), row.getString(2), row.getString(3), row.getString(4), Instant.ofEpochMilli(row.getLong(5)));

  private final Database database;
  private final String tenant;

  /** Takes the grants of a tenant. */
  public DatabaseGrants(Database database, String tenant) {
    this.database = database;
    this.tenant = tenant;
  }

  @Override
  public boolean give(Grant grant) {
    return database.durable("granting the use of a key set", c -> {
      String set = grant.keySet().hex();
      boolean owned =
          Sql.first(c,
              "select 1 from key_set_owners o join key_sets k on k.tenant = o.tenant and k.id = o.key_set"
                  + " where o.tenant = ? and o.key_set = ? and o.owner = ? and not k.deleting for update",
              row -> 1, tenant, set, grant.owner()).isPresent();
      if (!owned) {
        return false;
      }
      if (Sql.update(c, "update key_set_grants set purpose = ?, since = ? where tenant = ? and key_set = ? and owner = ? and grantee = ?",
              grant.purpose(), grant.since().toEpochMilli(), tenant, set, grant.owner(), grant.grantee()) > 0) {
        return true;
      }
      int count =
          Sql.first(c, "select count(*) from key_set_grants where tenant = ? and owner = ?", row -> row.getInt(1), tenant, grant.owner())
              .orElse(0);
      if (count >= MAX_GRANTS) {
        throw new ServiceException(ErrorCause.QUOTA_EXCEEDED, count + " grants are given, at most " + MAX_GRANTS + " may be");
      }
      Sql.update(c, "insert into key_set_grants (tenant, key_set, owner, grantee, purpose, since) values (?, ?, ?, ?, ?, ?)",
          tenant, set, grant.owner(), grant.grantee(), grant.purpose(), grant.since().toEpochMilli());
      return true;
    });
  }

  @Override
  public boolean revoke(ContentHash keySet, String owner, String grantee) {
    return database.durable("revoking a grant", c ->
        Sql.update(c, "delete from key_set_grants where tenant = ? and key_set = ? and owner = ? and grantee = ?",
            tenant, keySet.hex(), owner, grantee) > 0);
  }

  @Override
  public List<Grant> givenBy(String owner) {
    return database.transaction("listing grants", c ->
        Sql.all(c, SELECT + "g.owner = ? order by g.since, g.key_set, g.grantee", GRANT, tenant, owner));
  }

  @Override
  public List<Grant> givenTo(String grantee) {
    return database.transaction("listing grants", c ->
        Sql.all(c, SELECT + "g.grantee = ? order by g.since, g.key_set, g.owner", GRANT, tenant, grantee));
  }
}
