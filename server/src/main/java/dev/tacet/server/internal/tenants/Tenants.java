// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.protocol.Ed25519Key;
import dev.tacet.server.internal.DataFolder;
import dev.tacet.server.internal.config.Settings.Retention;
import dev.tacet.server.internal.config.TenantSettings;
import dev.tacet.server.internal.keys.Disk;
import dev.tacet.server.internal.keys.Grants;
import dev.tacet.server.internal.keys.KeyIndex;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.keys.StoreLimits;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.state.Audit;
import dev.tacet.server.internal.state.Database;
import dev.tacet.server.internal.state.DatabaseAudit;
import dev.tacet.server.internal.state.DatabaseClientIndex;
import dev.tacet.server.internal.state.DatabaseGrants;
import dev.tacet.server.internal.state.DatabaseKeyIndex;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The configured tenants. Immutable; what is inside each is not. */
public final class Tenants {
  private final Map<String, Tenant> byName = new LinkedHashMap<>();
  private final DeletionList deletions;
  private final Retention retention;
  private final Clock clock;

  /**
   * Opens the stores of all tenants.
   *
   * @param limits of each tenant, but for what its own settings say
   * @param retention how long things are kept
   */
  public Tenants(
      DataFolder data, Database database, List<TenantSettings> settings, StoreLimits limits, Retention retention,
      ModelRepository models, Clock clock)
      throws IOException {
    this.retention = retention;
    this.clock = clock;
    deletions = new DeletionList(data.deletions());
    Ed25519Key receipts = data.receiptKey();
    List<DeletionList.Deletion> written = deletions.read();
    for (TenantSettings tenant : settings) {
      StoreLimits own =
          tenant.storedKeyBytes().isPresent() ? limits.withQuotaBytes(tenant.storedKeyBytes().getAsLong()) : limits;
      KeyIndex index = new DatabaseKeyIndex(database, tenant.name());
      KeyStore store = new KeyStore(data.tenant(tenant.name()), own, Disk.LOCAL, index, clock);
      Grants grants = new DatabaseGrants(database, tenant.name());
      Audit audit = new DatabaseAudit(database, tenant.name(), clock);
      Privacy privacy =
          new Privacy(
              tenant.name(), store, grants, audit, new DatabaseClientIndex(database, tenant.name()), deletions, receipts, retention, clock);
      privacy.redo(written);
      RateLimit rate = new RateLimit(tenant.inferencesPerSecond());
      byName.put(tenant.name(), new Tenant(tenant.name(), store, grants, audit, privacy, models.view(tenant::sees), rate));
    }
  }

  /** Drops what the list of deletions need not name any more. */
  void sweepDeletions() throws IOException {
    if (retention.backups().isPresent()) {
      Instant before = clock.instant().minus(retention.backups().get());
      deletions.dropBefore(before);
      byName.values().forEach(tenant -> tenant.privacy().forgetDeletions(before));
    }
  }

  /** Returns a tenant; identities name configured ones only. */
  public Tenant get(String name) {
    Tenant tenant = byName.get(name);
    if (tenant == null) {
      throw new IllegalStateException("tenant " + name + " is not configured");
    }
    return tenant;
  }

  /** Returns all tenants. */
  public Collection<Tenant> all() {
    return byName.values();
  }
}
