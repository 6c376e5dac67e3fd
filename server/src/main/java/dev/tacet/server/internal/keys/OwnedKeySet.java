// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

/**
 * A key set of one tenant: equal sets of two tenants are two, on disk and in memory.
 *
 * @param store the tenant's store, compared by identity
 */
public record OwnedKeySet(KeyStore store, ContentHash id) {}
