// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import dev.tacet.compiler.HostMemory;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.BlobReader;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.keys.LeasedCache;
import dev.tacet.server.internal.keys.OwnedKeySet;
import dev.tacet.server.internal.models.ServedModel;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedSet;

/** Key sets in their compute form: read from disk, verified and expanded at the first use, kept under a budget of bytes. */
public final class KeyCache implements AutoCloseable {
  private final LeasedCache<OwnedKeySet, EvaluationKeySet> cache;
  private final ServerMetrics metrics;

  /**
   * Makes an empty cache.
   *
   * @param budgetBytes expanded keys of all tenants, leased or not
   */
  public KeyCache(long budgetBytes, ServerMetrics metrics) {
    this.cache = new LeasedCache<>(budgetBytes);
    this.metrics = metrics;
  }

  /** Returns the cache underneath, for its numbers. */
  public LeasedCache<OwnedKeySet, EvaluationKeySet> cache() {
    return cache;
  }

  /**
   * Checks that a key set was made for the model's parameters and holds every key of its program.
   *
   * @throws ServiceException KEY_NOT_FOUND, WRONG_PARAMETERS
   */
  public static void check(ContentHash id, KeyManifest manifest, ServedModel model) {
    if (!Arrays.equals(manifest.parameterHash(), model.parameters().hash())) {
      throw new ServiceException(
          ErrorCause.WRONG_PARAMETERS,
          "key set " + id + " was made for parameters " + HexFormat.of().formatHex(manifest.parameterHash()) + ", the model has "
              + model.parameters().hashHex());
    }
    SortedSet<KeyRequirement> missing = manifest.missing(model.program().requiredKeys());
    if (!missing.isEmpty()) {
      KeyRequirement first = missing.first();
      throw new ServiceException(
          ErrorCause.KEY_NOT_FOUND,
          "key set " + id + " lacks " + missing.size() + " keys, the first for Galois element " + first.galoisElement()
              + " at level " + first.level(),
          Map.of(
              "key_set_id", id.hex(),
              "galois_element", Long.toString(first.galoisElement()),
              "level", Integer.toString(first.level())));
    }
  }

  /**
   * Leases the expanded keys of a set.
   *
   * @throws ServiceException as {@link #check}, and KEY_EXPIRED, TOO_LARGE, OVERLOADED
   */
  public LeasedCache<OwnedKeySet, EvaluationKeySet>.Lease lease(OwnedKeySet keySet, ServedModel model) {
    KeyManifest manifest = keySet.store().require(keySet.id());
    check(keySet.id(), manifest, model);
    long bytes = HostMemory.keyBytes(manifest.entries().stream().map(KeyManifest.Entry::key).toList(), model.parameters());
    return cache.lease(keySet, bytes, () -> {
      EvaluationKeySet keys = load(keySet.store(), manifest, model);
      try {
        keySet.store().require(keySet.id()); // a set that was deleted meanwhile does not stay: see forget
        return keys;
      } catch (ServiceException e) {
        keys.close();
        throw e;
      }
    });
  }

  /** Lets go of a key set that was deleted: at once, or when the last run with it ends. */
  public void forget(OwnedKeySet keySet) {
    cache.remove(keySet);
  }

  /** Lets go of the key sets that are not registered any more: another server of the same database may have deleted them. */
  public void forgetDeleted() {
    for (OwnedKeySet keySet : cache.keys()) {
      if (keySet.store().index().keySet(keySet.id()).isEmpty()) {
        cache.remove(keySet);
      }
    }
  }

  private EvaluationKeySet load(KeyStore store, KeyManifest manifest, ServedModel model) {
    long start = System.nanoTime();
    try (BlobReader blobs = store.read(manifest.entries())) {
      EvaluationKeySet keys = EvaluationKeySet.load(model.context(), blobs);
      metrics.keysLoaded(Duration.ofNanos(System.nanoTime() - start));
      return keys;
    }
  }

  @Override
  public void close() {
    cache.close();
  }
}
