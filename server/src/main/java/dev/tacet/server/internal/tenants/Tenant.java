// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.server.internal.keys.Grants;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.models.ModelView;
import dev.tacet.server.internal.state.Audit;

/**
 * All that a tenant's calls can reach.
 *
 * @param name lower-case letters, digits, dashes
 * @param keys its own store: nothing is shared with another tenant's, equal blobs neither
 * @param grants what its clients allow each other
 * @param audit the trails of its clients
 * @param privacy what is kept about its clients
 * @param models those that it may see
 * @param inferences how many it may ask for
 */
public record Tenant(String name, KeyStore keys, Grants grants, Audit audit, Privacy privacy, ModelView models, RateLimit inferences) {}
