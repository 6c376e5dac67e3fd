// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.he.KeyManifest;

/** Looks into the keys of a set before it is registered. */
@FunctionalInterface
public interface KeyProof {
  /**
   * Returns if the keys can be used.
   *
   * @param store holds every blob that the manifest names
   * @throws dev.tacet.he.MalformedException if one is not a whole key: a wrong length, or a residue that is not below its prime
   */
  void prove(KeyStore store, KeyManifest manifest);
}
