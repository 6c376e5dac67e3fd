// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import dev.tacet.server.internal.config.TenantSettings;
import java.util.Set;

/**
 * A caller who proved who it is.
 *
 * @param tenant a configured tenant
 * @param subject names the caller within its tenant: how it proved who it is and a colon, then an API key's id, a token's subject,
 *     a certificate's subject
 */
public record Identity(String tenant, String subject, Set<Role> roles) {
  /** Everybody, where no identities are configured; nobody has the roles of an operator then. */
  public static final Identity ANYBODY =
      new Identity(TenantSettings.DEFAULT, "anybody", Set.of(Role.PREDICT, Role.MONITOR));

  /** Tells whether the caller has a role. */
  public boolean has(Role role) {
    return roles.contains(role);
  }
}
