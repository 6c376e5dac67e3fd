// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.MalformedException;
import dev.tacet.server.internal.keys.KeyProof;
import dev.tacet.server.internal.keys.BlobReader;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.models.ModelView;
import dev.tacet.server.internal.models.ServedModel;
import java.util.List;
import java.util.Optional;

/**
 * Expands each key of a set once, under the parameters of a model that the tenant sees. Without such a model the primes are not
 * known, no call can use the set, and the proof is left to its first use.
 */
public final class ResidueProof implements KeyProof {
  /** One key at a time in the whole process, so that registrations take the memory of one. */
  private static final Object ONE_KEY = new Object();

  private final ModelView models;

  /** Makes a proof over a tenant's models. */
  public ResidueProof(ModelView models) {
    this.models = models;
  }

  @Override
  public void prove(KeyStore store, KeyManifest manifest) {
    Optional<ServedModel.Lease> model = models.withParameters(manifest.parameterHash());
    if (model.isPresent()) {
      try (ServedModel.Lease lease = model.get()) {
        prove(store, manifest, lease.model().context());
      }
    }
  }

  private static void prove(KeyStore store, KeyManifest manifest, Context context) {
    for (KeyManifest.Entry entry : manifest.entries()) {
      synchronized (ONE_KEY) {
        try (BlobReader blob = store.read(List.of(entry));
            EvaluationKeySet key = EvaluationKeySet.load(context, blob)) {
          key.expandedBytes();
        } catch (MalformedException e) {
          throw new MalformedException("key for " + entry.key() + ": " + e.getMessage());
        }
      }
    }
  }
}
