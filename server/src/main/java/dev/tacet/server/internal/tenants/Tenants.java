// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.server.internal.DataFolder;
import dev.tacet.server.internal.config.TenantSettings;
import dev.tacet.server.internal.keys.Disk;
import dev.tacet.server.internal.keys.KeyIndex;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.keys.StoreLimits;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.state.Database;
import dev.tacet.server.internal.state.DatabaseAudit;
import dev.tacet.server.internal.state.DatabaseGrants;
import dev.tacet.server.internal.state.DatabaseKeyIndex;
import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The configured tenants. Immutable; what is inside each is not. */
public final class Tenants {
  private final Map<String, Tenant> byName = new LinkedHashMap<>();

  /**
   * Opens the stores of all tenants.
   *
   * @param limits of each tenant, but for what its own settings say
   */
  public Tenants(
      DataFolder data, Database database, List<TenantSettings> settings, StoreLimits limits, ModelRepository models, Clock clock)
      throws IOException {
    for (TenantSettings tenant : settings) {
      StoreLimits own =
          tenant.storedKeyBytes().isPresent() ? limits.withQuotaBytes(tenant.storedKeyBytes().getAsLong()) : limits;
      KeyIndex index = new DatabaseKeyIndex(database, tenant.name());
      KeyStore store = new KeyStore(data.tenant(tenant.name()), own, Disk.LOCAL, index, clock);
      RateLimit rate = new RateLimit(tenant.inferencesPerSecond());
      byName.put(tenant.name(), new Tenant(
          tenant.name(), store, new DatabaseGrants(database, tenant.name()), new DatabaseAudit(database, tenant.name(), clock),
          models.view(tenant::sees), rate));
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
