// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.server.internal.keys.OwnedKeySet;
import dev.tacet.server.internal.run.KeyCache;
import dev.tacet.server.internal.state.Database;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what may not be kept longer: at the start and then in intervals, on a thread of its own. A tenant whose turn fails has the
 * next one, and does not keep the others waiting. What a deletion of a key set leaves in memory goes with it.
 */
public final class Retention implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  /** How often a database that other servers use is asked what they deleted; it is then known whether it answers, too. */
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final Tenants tenants;
  private final KeyCache keys;
  private final Database database;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "tacet-retention");
        made.setDaemon(true);
        return made;
      });

  /** Ties the tenants' stores to the cache of expanded keys, and starts. */
  public Retention(Tenants tenants, KeyCache keys, Database database, Duration interval) {
    this.tenants = tenants;
    this.keys = keys;
    this.database = database;
    for (Tenant tenant : tenants.kept()) {
      tenant.keys().onDeleted(id -> keys.forget(new OwnedKeySet(tenant.keys(), id)));
    }
    thread.scheduleWithFixedDelay(this::sweep, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    if (database.shared()) {
      thread.scheduleWithFixedDelay(this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Lets go of what other servers deleted; a failure makes the host not ready. */
  private void look() {
    if (database.failed()) {
      return; // whoever asks whether the host is ready looks
    }
    try {
      database.look();
      keys.forgetDeleted();
    } catch (RuntimeException e) {
      LOG.debug("the database does not answer: {}", e.toString());
    }
  }

  private void sweep() {
    for (Tenant tenant : tenants.kept()) {
      try {
        long deleted = tenant.privacy().sweep();
        if (deleted > 0) {
          LOG.info("tenant {}: {} key sets, keys, uploads and entries of trails whose time was over are deleted", tenant.name(), deleted);
        }
      } catch (RuntimeException e) {
        LOG.warn("tenant {}: what may not be kept longer could not be deleted: {}", tenant.name(), e.toString());
      }
    }
    try {
      tenants.sweepDeletions();
      keys.forgetDeleted();
    } catch (IOException e) {
      LOG.warn("the list of deletions could not be shortened: {}", e.toString());
    } catch (RuntimeException e) {
      LOG.warn("expanded keys could not be compared with the index: {}", e.toString());
    }
  }

  /** Waits for the turn under way, 10 s at most. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      thread.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
