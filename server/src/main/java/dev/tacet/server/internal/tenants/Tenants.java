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
import dev.tacet.server.internal.models.ModelView;
import dev.tacet.server.internal.state.Audit;
import dev.tacet.server.internal.state.Database;
import dev.tacet.server.internal.state.DatabaseAudit;
import dev.tacet.server.internal.state.DatabaseClientIndex;
import dev.tacet.server.internal.state.DatabaseGrants;
import dev.tacet.server.internal.state.DatabaseKeyIndex;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configured tenants. Immutable; what is inside each is not. */
public final class Tenants {
  private static final Logger LOG = LoggerFactory.getLogger(Tenants.class);

  private final Map<String, Tenant> byName = new LinkedHashMap<>();
  private final List<Tenant> former = new ArrayList<>();
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
      Tenant opened = open(tenant.name(), data, database, own, receipts, written, models.view(tenant::sees),
          new RateLimit(tenant.inferencesPerSecond()));
      byName.put(tenant.name(), opened);
    }
    for (String name : database.tenants()) {
      if (!byName.containsKey(name)) {
        former.add(open(name, data, database, limits, receipts, written, models.view(model -> false), new RateLimit(1)));
      }
    }
    if (!former.isEmpty()) {
      LOG.info("tenants that are not configured any more, whose keys and trails are kept for their time: {}",
          former.stream().map(Tenant::name).toList());
    }
  }

  private Tenant open(
      String name, DataFolder data, Database database, StoreLimits limits, Ed25519Key receipts, List<DeletionList.Deletion> written,
      ModelView models, RateLimit rate)
      throws IOException {
    KeyIndex index = new DatabaseKeyIndex(database, name);
    KeyStore store = new KeyStore(data.tenant(name), limits, Disk.LOCAL, index, clock);
    Grants grants = new DatabaseGrants(database, name);
    Audit audit = new DatabaseAudit(database, name, clock);
    Privacy privacy =
        new Privacy(name, store, grants, audit, new DatabaseClientIndex(database, name), deletions, receipts, retention, clock);
    privacy.redo(written);
    return new Tenant(name, store, grants, audit, privacy, models, rate);
  }

  /** Drops what the list of deletions need not name any more. */
  void sweepDeletions() throws IOException {
    if (retention.backups().isPresent()) {
      Instant before = clock.instant().minus(retention.backups().get());
      deletions.dropBefore(before);
      kept().forEach(tenant -> tenant.privacy().forgetDeletions(before));
    }
  }

  /** Returns how many calls the tenants' limits of inferences a second refused. */
  public long refused() {
    return byName.values().stream().mapToLong(tenant -> tenant.inferences().refused()).sum();
  }

  /** Returns a tenant; identities name configured ones only. */
  public Tenant get(String name) {
    Tenant tenant = byName.get(name);
    if (tenant == null) {
      throw new IllegalStateException("tenant " + name + " is not configured");
    }
    return tenant;
  }

  /** Returns all tenants that something may be kept about, also those that are not configured any more. */
  List<Tenant> kept() {
    return Stream.concat(byName.values().stream(), former.stream()).toList();
  }

  /** Returns all configured tenants. */
  public Collection<Tenant> all() {
    return byName.values();
  }
}
